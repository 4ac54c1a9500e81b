"""Archives that are not what they should be put nothing in place."""

import errno
import tarfile

import pytest
from flower_web import COUNTS, PART, entry, names, tgz

from nextlabel.datasets.fetching import unpacking
from nextlabel.datasets.fetching.unpacking import unpack
from nextlabel.errors import CannotFetch, CannotWrite

F = "flower_photos/daisy/1.jpg"
NOT_BELOW = "no plain file or folder below 'flower_photos'"
TOO_MUCH = "more than 20 members or 100,000 bytes"
HOSTILE = {
    "absolute": ([entry("/etc/1.jpg")], f"'/etc/1.jpg' is {NOT_BELOW}"),
    "upwards": ([entry("flower_photos/../../1.jpg")], r"'\.\./\.\./1.jpg' would be extracted"),
    "elsewhere": ([entry("other/1.jpg")], NOT_BELOW),
    "the root itself": ([entry("flower_photos")], NOT_BELOW),
    "link": ([entry(F, tarfile.SYMTYPE, linkname="/etc/passwd")], NOT_BELOW),
    "hard link": ([entry(F, tarfile.LNKTYPE, linkname="flower_photos/x")], NOT_BELOW),
    "device": ([entry(F, tarfile.CHRTYPE)], NOT_BELOW),
    "pipe": ([entry(F, tarfile.FIFOTYPE)], NOT_BELOW),
    "holes": ([entry(F, tarfile.GNUTYPE_SPARSE)], NOT_BELOW),
    "twice": ([entry(F), entry(F)], "twice"),
    "twice by another name": ([entry("flower_photos/rose/1"), entry("flower_photos/roses/1")], "twice"),
    "file and folder": ([entry("flower_photos/daisy"), entry(F)], "it is damaged"),
    "too many": ([entry(f"flower_photos/{i}") for i in range(30)], TOO_MUCH),
    "too large": ([entry(F, data=bytes(10**6))], TOO_MUCH),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused(get, web, tmp_path, monkeypatch, kind):
    entries, words = HOSTILE[kind]
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 20)
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 100_000)
    web.body = tgz(entries)
    with pytest.raises(CannotFetch, match=f"{words}.* Nothing of it was put in place"):
        get()
    assert names(tmp_path / "home") == [PART]
    assert not (tmp_path / "1.jpg").exists()


@pytest.mark.parametrize("damage", [lambda raw: raw[:-3000], lambda raw: b"GIF89a" + raw, lambda raw: raw[:40] * 9])
def test_a_damaged_archive_is_refused(get, web, tmp_path, damage):
    web.body = damage(web.body)
    with pytest.raises(CannotFetch, match=r"cannot be unpacked \(.*\): it is damaged. Nothing of it was put in place"):
        get()
    assert names(tmp_path / "home") == [PART]


def test_too_few_flowers_are_refused(get, web, tmp_path):
    with pytest.raises(CannotFetch, match="holds 14 pictures of flowers instead of 15"):
        get(pictures=15)
    assert names(tmp_path / "home") == [PART]


def test_unpacks_in_the_order_of_the_archive(tmp_path):
    """A folder may come after what lies in it."""
    (tmp_path / "x.tgz").write_bytes(tgz([entry("r/a/b", data=b"1"), entry("r/a", tarfile.DIRTYPE)]))
    (tmp_path / "into").mkdir()
    unpack(tmp_path / "x.tgz", "r", tmp_path / "into", {"a": "c"})
    assert (tmp_path / "into" / "c" / "b").read_bytes() == b"1"


def test_a_disk_that_fills_while_unpacking_keeps_the_download(get, web, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "extract", full)
        with pytest.raises(CannotWrite, match=r"holds '.*/home/flowers' is full"):
            get()
    assert names(tmp_path / "home") == [PART]
    assert get().counts == COUNTS
    assert len(web.asked) == 1
