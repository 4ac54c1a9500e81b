"""A bucket of our own on this machine: moto's server, with keys that open nothing else."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from nextlabel.files import remote

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAOFNOBODY",
    "AWS_SECRET_ACCESS_KEY": "nobodys-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
HOME = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
BUCKET = "pictures"


@contextmanager
def serving_bucket() -> Iterator[Mapping[str, str]]:
    """The environment in which s3:// is the bucket ``pictures``, empty, of a server that lives as long as the block."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    pytest.importorskip("s3fs")
    server.start()
    host, port = server.get_host_and_port()
    environment = {**KEYS, **HOME, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        remote._filesystem.cache_clear()
        remote._filesystem("s3").mkdir(BUCKET)
        yield environment
    remote._filesystem.cache_clear()
    server.stop()


def upload(folder: Path, prefix: str) -> str:
    """All files below a folder, put below a prefix; its address."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    remote._filesystem("s3").pipe(
        {f"{BUCKET}/{prefix}/{file.relative_to(folder).as_posix()}": file.read_bytes() for file in files}
    )
    return f"s3://{BUCKET}/{prefix}"


@contextmanager
def asked_for() -> Iterator[list[str]]:
    """The objects that were fetched within the block, as they are."""
    asked = list[str]()

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if found := re.search(rf"GET /{BUCKET}/(\S+) HTTP", record.getMessage()):
                asked.append(found[1])

    log, listening = logging.getLogger("werkzeug"), Listening()
    log.addHandler(listening)
    try:
        yield asked
    finally:
        log.removeHandler(listening)
