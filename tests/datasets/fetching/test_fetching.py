"""The whole way from the web to a folder that loads; what is somebody's stays theirs."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from flower_web import COUNTS, PART, names

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.fetching.flowers import CLASSES
from nextlabel.errors import CannotFetch, CannotWrite, Mistake


def test_fetches_a_folder_that_loads(get):
    found = get()
    assert found.fetched
    assert found.counts == COUNTS
    dataset = load(Request(str(found.folder)))
    assert dataset.classes == CLASSES
    assert (len(dataset), dataset.skipped, dataset.duplicates) == (14, (), ())


def test_leaves_the_flowers_and_nothing_else(get):
    folder = get().folder
    assert names(folder.parent) == ["flowers"]
    assert names(folder) == ["LICENSE.txt", *CLASSES]
    assert not (folder / "rose" / "0.jpg").stat().st_mode & 0o111


def test_others_may_read_what_others_may_read(get):
    old = os.umask(0o022)
    try:
        folder = get().folder
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o777 for path in (folder, folder / "daisy", folder / "rose")} == {0o755}


def test_tells_how_far_it_is(get):
    told = []
    get(progress=lambda *words: told.append(words))
    assert {what.partition(",")[0] for what, _, _ in told} == {"Downloading", "Unpacking"}
    assert all(done <= total for _, done, total in told)


def test_takes_an_empty_folder(get, tmp_path):
    (tmp_path / "new").mkdir()
    assert get(tmp_path / "new").counts == COUNTS


def test_does_not_fetch_twice(get, web):
    folder = get().folder
    (folder / "mine.txt").write_text("notes")
    assert not get().fetched
    assert len(web.asked) == 1
    assert (folder / "mine.txt").exists()


def test_two_fetches_at_once_do_not_ruin_each_other(get, web, tmp_path):
    web.go.clear()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(get)
        while not web.asked and not first.done():
            time.sleep(0.01)
        try:
            with pytest.raises(CannotFetch, match=r"Another nextlabel is fetching '.*\.part' right now\. Wait for it"):
                get()
        finally:
            web.let_go()
    assert first.result().counts == COUNTS
    assert len(web.asked) == 1
    assert names(tmp_path / "home") == ["flowers"]


def test_whoever_comes_just_after_another_finds_the_flowers(get, web, tmp_path, monkeypatch):
    acquire, other = FileLock.acquire, get(tmp_path / "other").folder

    def late(lock, timeout):
        other.rename(tmp_path / "home" / "flowers")  # put there between our first look and our turn
        return acquire(lock, timeout)

    monkeypatch.setattr(FileLock, "acquire", late)
    found = get()
    assert (found.fetched, found.counts) == (False, COUNTS)
    assert len(web.asked) == 1


def test_a_lock_that_a_kill_left_behind_keeps_nobody_out(get, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / f".{PART}.lock").touch()
    assert get().counts == COUNTS
    assert names(tmp_path / "home") == ["flowers"]


def test_a_folder_of_other_things_is_left_alone(get, web, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(Mistake, match="holds something else, and nothing is ever put among what is yours"):
        get(tmp_path)
    assert web.asked == []
    assert names(tmp_path) == ["letter.txt"]


def test_flowers_with_holes_are_left_alone(get):
    folder = get().folder
    (folder / "rose" / "0.jpg").unlink()
    with pytest.raises(Mistake, match="holds 13 of the 14 flowers"):
        get()
    assert len(names(folder / "rose")) == 3


def test_a_file_is_left_alone(get, tmp_path):
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(Mistake, match="holds something else"):
        get(tmp_path / "letter")


def test_nobody_is_moved_out_from_under_their_feet(get, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Mistake, match="is where you are"):
        get(Path("."))


def test_a_place_that_cannot_be_is_told(get, tmp_path):
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(CannotWrite, match="cannot be used"):
        get(tmp_path / "letter" / "flowers")
    assert (tmp_path / "letter").read_text() == "dear"
