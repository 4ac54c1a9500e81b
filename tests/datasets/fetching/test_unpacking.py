"""Archives that are not what they should be put nothing in place."""

import errno
import tarfile

import pytest
from flower_web import COUNTS, PART, entry, names, tgz

from nextlabel.datasets.fetching import unpacking
from nextlabel.datasets.fetching.unpacking import unpack
from nextlabel.errors import CannotFetch, CannotWrite

F = "flower_photos/daisy/1.jpg"
HOSTILE = {
    "absolute": ([entry("/etc/1.jpg")], "'/etc/1.jpg' is a path that leads out"),
    "upwards": ([entry("flower_photos/../../1.jpg")], "a path that leads out"),
    "elsewhere": ([entry("other/1.jpg")], "not below 'flower_photos'"),
    "the root itself": ([entry("flower_photos")], "not below 'flower_photos'"),
    "link": ([entry(F, tarfile.SYMTYPE, linkname="/etc/passwd")], "neither a file nor a folder"),
    "hard link": ([entry(F, tarfile.LNKTYPE, linkname="flower_photos/x")], "neither a file nor a folder"),
    "device": ([entry(F, tarfile.CHRTYPE)], "neither a file nor a folder"),
    "pipe": ([entry(F, tarfile.FIFOTYPE)], "neither a file nor a folder"),
    "holes": ([entry(F, tarfile.GNUTYPE_SPARSE)], "neither a file nor a folder"),
    "twice": ([entry(F), entry(F)], "there twice"),
    "twice by another name": ([entry("flower_photos/rose/1"), entry("flower_photos/roses/1")], "there twice"),
    "file and folder": ([entry("flower_photos/daisy"), entry(F)], "it is damaged"),
    "too many": ([entry(f"flower_photos/{i}") for i in range(30)], "one of more than 20 members"),
    "too large": ([entry(F, data=bytes(10**6))], "more than 100,000 bytes"),
    "large header": ([entry(F, pax_headers={"comment": "x" * 10**6})], "more than 100,000 bytes"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused(get, web, tmp_path, monkeypatch, kind):
    entries, words = HOSTILE[kind]
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 20)
    monkeypatch.setattr(unpacking, "MOST_BYTES", 100_000)
    web.body = tgz(entries)
    with pytest.raises(CannotFetch, match=f"{words}.* Nothing of it was put in place"):
        get()
    assert names(tmp_path / "home") == [PART]


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
