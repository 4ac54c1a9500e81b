import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest

from nextlabel.files.atomic import holds_anything, rehearse, rehearse_folder, write_atomically, write_folder


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


def test_threads_that_write_one_file_do_not_disturb_each_other(tmp_path):
    failed = []

    def write(letter):
        for _ in range(50):
            try:
                write_atomically(tmp_path / "file", letter * 1000)
            except OSError as error:
                failed.append(error)

    threads = [threading.Thread(target=write, args=(bytes([97 + k]),)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert os.listdir(tmp_path) == ["file"]
    assert re.fullmatch(rb"(.)\1{999}", (tmp_path / "file").read_bytes())


def test_a_new_name_is_on_the_disk_before_writing_returns(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync

    def watch(descriptor):
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), (tmp_path / "file").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    write_atomically(tmp_path / "file", b"data")
    assert [exists for _, exists in synced] == [False, True]
    assert synced[1][0] == str(tmp_path)


def test_old_drafts_are_swept_and_nothing_else(tmp_path):
    """A young one may still be written, by a process of another machine that shares the folder."""
    kept = [".file.123-0123abcd.part", ".features.part", "file.123-0123abcd.part"]
    for name in [*kept, ".other.456-89abcdef.part"]:
        (tmp_path / name).touch()
    for name in [*kept[1:], ".other.456-89abcdef.part"]:
        os.utime(tmp_path / name, (time.time() - 90_000,) * 2)
    write_atomically(tmp_path / "file", b"")
    assert set(os.listdir(tmp_path)) == {"file", *kept}


# Folders


def put(folder, *names, end=None):
    with write_folder(folder) as draft:
        assert not (folder / names[0]).exists()
        for name in names:
            (draft / name).mkdir()
            (draft / name / "file").write_text(name)
        if end is not None:
            raise end


def test_a_folder_is_there_when_it_is_whole_and_replaces_what_was_there(tmp_path):
    for names in (["a", "b"], ["c"]):
        put(tmp_path / "new" / "one", *names)
        assert sorted(os.listdir(tmp_path / "new" / "one")) == names
    assert (tmp_path / "new" / "one" / "c" / "file").read_text() == "c"
    assert os.listdir(tmp_path / "new") == ["one"]


def test_a_folder_that_is_not_finished_leaves_what_was_there(tmp_path):
    put(tmp_path / "old", "a")
    for place in (tmp_path / "old", tmp_path / "new"):
        with pytest.raises(OSError, match="no room"):
            put(place, "b", end=OSError("no room"))
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["old", "old/a", "old/a/file"]


def test_a_folder_that_a_killed_writer_left_a_draft_in_is_empty_and_swept(tmp_path):
    draft = tmp_path / ".one.123-0123abcd.part"
    (draft / "half").mkdir(parents=True)
    assert not holds_anything(tmp_path)
    os.utime(draft, (0, 0))
    write_atomically(tmp_path / "file", b"")
    assert os.listdir(tmp_path) == ["file"]
    assert holds_anything(tmp_path)


def test_a_rehearsal_of_a_folder_fails_where_its_writing_would(tmp_path):
    (tmp_path / "file").touch()
    rehearse_folder(tmp_path / "new" / "one")
    assert os.listdir(tmp_path) == ["file"]
    for place in (tmp_path / "file" / "one", tmp_path / ("x" * 300)):
        for try_ in (rehearse_folder, put):
            with pytest.raises(OSError, match=r"Not a directory|too long"):
                try_(place, *(["a"] if try_ is put else []))
