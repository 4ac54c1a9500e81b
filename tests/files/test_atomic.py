import os
import resource
import signal
import subprocess
import sys

import pytest

from nextlabel.files.atomic import rehearse, write_atomically


def test_a_file_is_replaced_and_no_draft_is_left(tmp_path):
    for data in (b"older", b""):
        write_atomically(tmp_path / "file", data)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": data}


def test_a_full_disk_leaves_the_older_file_and_no_draft(tmp_path):
    write_atomically(tmp_path / "file", b"older")
    code = (
        "import sys, pathlib; from nextlabel.files.atomic import write_atomically\n"
        "write_atomically(pathlib.Path(sys.argv[1]), bytes(10_000))"
    )

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error of the write, not the end of the process
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "file")], preexec_fn=little_room, stderr=subprocess.PIPE, text=True
    )
    assert "OSError: [Errno 27]" in done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"older"}


def test_a_rehearsal_fails_where_the_writing_would_and_leaves_nothing(tmp_path):
    rehearse(tmp_path / "file")
    assert not os.listdir(tmp_path)
    for place in (tmp_path / "absent" / "file", tmp_path / ("x" * 300)):
        for try_ in (rehearse, lambda path: write_atomically(path, b"")):
            with pytest.raises(OSError, match=r"No such file|too long"):
                try_(place)
