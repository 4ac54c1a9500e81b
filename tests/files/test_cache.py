"""Caches have names, are swept, and a place that cannot be written to is no surprise."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nextlabel.files import cache


def test_keys_keep_words_apart() -> None:
    assert cache.key("ab", "c") != cache.key("a", "bc")
    assert cache.key("a", 1) == cache.key("a", "1")


def test_old_leftovers_are_swept(own_cache: Path) -> None:
    own_cache.mkdir()
    for name, age in (("old", 2 * cache.LEFT_ALONE), ("new", 0)):
        (own_cache / f"{name}.part").touch()
        os.utime(own_cache / f"{name}.part", (time.time() - age,) * 2)
    cache.folder()
    assert [path.name for path in own_cache.iterdir()] == ["new.part"]


def test_a_cache_that_cannot_be_made_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEXTLABEL_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="cannot be used .* Set NEXTLABEL_CACHE"):
        assert cache.folder().is_dir()
    assert cache.folder() == cache.folder()  # and it says so once


def test_another_ones_leftovers_are_left_and_ours_go_all_the_same(own_cache: Path) -> None:
    (own_cache / "folder.part").mkdir(parents=True)  # it cannot be unlinked, as nothing can that is somebody else's
    for name in ("a", "folder", "z"):
        (own_cache / f"{name}.part").touch()
        os.utime(own_cache / f"{name}.part", (0, 0))
    cache.folder()
    assert [path.name for path in own_cache.iterdir()] == ["folder.part"]


@pytest.mark.parametrize(
    "name", ["~nobody at all/x", "x" * 300, "\udcff\x1b[31m/\n" + "y" * 300], ids=["home", "long", "odd"]
)
def test_nonsense_as_a_cache_is_one_sentence(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTLABEL_CACHE", name)
    with pytest.warns(UserWarning, match=r"^The cache folder '.*' cannot be used \(.*Set NEXTLABEL_CACHE") as told:
        assert cache.folder().is_dir()
    assert str(told[0].message).isprintable()


@pytest.mark.parametrize("end", ["", "raise ValueError", "os.kill(os.getpid(), signal.SIGINT)", "sys.exit(3)"])
def test_a_temporary_cache_is_gone_at_the_end(end: str, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, warnings; warnings.simplefilter('ignore'); from nextlabel.files import cache;"
        f"(cache.folder() / 'a').touch(); signal.signal(signal.SIGINT, signal.default_int_handler); {end}"
    )
    env = os.environ | {"NEXTLABEL_CACHE": os.devnull + "/x", "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=env, stderr=subprocess.DEVNULL)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_leaves_its_parents_temporary_cache_alone(tmp_path: Path) -> None:
    code = (
        "import os, sys, warnings; warnings.simplefilter('ignore'); from nextlabel.files import cache;"
        "path = cache.folder(); child = os.fork()\n"
        "if not child: sys.exit()\n"
        "os.waitpid(child, 0); print(path.is_dir())"
    )
    env = os.environ | {"NEXTLABEL_CACHE": os.devnull + "/x", "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert (done.stdout, list(tmp_path.iterdir())) == ("True\n", [])
