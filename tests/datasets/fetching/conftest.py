"""The server, the archive that it keeps, and somebody who fetches it."""

import shutil
import ssl
import subprocess
import tarfile
import threading
from functools import partial
from pathlib import Path

import pytest
from flower_web import COUNTS, Web, entry, tgz
from painted import noise

from nextlabel.datasets.fetching.flowers import fetch


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A small flower_photos.tgz, built like the real one."""
    folder = tmp_path_factory.mktemp("photos")
    entries = [entry("flower_photos", tarfile.DIRTYPE)]
    for code, (name, count) in enumerate(COUNTS.items()):
        there = name if name.startswith("da") else f"{name}s"
        entries.append(entry(f"flower_photos/{there}", tarfile.DIRTYPE, mode=0o700))
        for i in range(count):
            data = noise(folder / f"{name}{i}.jpg", seed=100 * code + i).read_bytes()
            entries.append(entry(f"flower_photos/{there}/{i}.jpg", data=data, mtime=2**40))
    return tgz([*entries, entry("flower_photos/LICENSE.txt", data=b"CC-BY by somebody")])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, signed by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent: no certificate, so no https server")
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    words = "req -x509 -nodes -newkey rsa:2048 -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    made = subprocess.run(["openssl", *words.split(), "-keyout", path, "-out", f"{path}.crt"], capture_output=True)
    if made.returncode:
        pytest.skip(f"openssl cannot make a certificate here: {made.stderr.decode()[-200:]}")
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
def trusting(certificate, monkeypatch):
    """Believes our server, and asks no proxy on the way to it."""
    monkeypatch.setenv("no_proxy", "*")
    return ssl.create_default_context(cafile=certificate)


@pytest.fixture
def web(certificate, photos):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Web(context) as server:
        server.body = photos
        thread = threading.Thread(target=partial(server.serve_forever, 0.02))
        thread.start()
        yield server
        server.let_go()
        server.shutdown()
        thread.join()


@pytest.fixture
def get(web, trusting, tmp_path):
    """Fetch the flowers that the server has into a new folder."""

    def get(folder=tmp_path / "home" / "flowers", **changed):
        words = {"archive": web.archive, "pictures": sum(COUNTS.values()), "context": trusting} | changed
        return fetch(folder, **words)

    return get
