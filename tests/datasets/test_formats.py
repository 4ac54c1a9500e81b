"""Pictures are known by what they hold, whatever their names; what is left out is told."""

from pathlib import Path

import pytest
from painted import noise
from PIL import Image

from nextlabel.datasets import formats, load
from nextlabel.datasets.base import Request
from nextlabel.datasets.formats import is_picture


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jfif", "JPEG"),
        ("a.jpe", "JPEG"),
        ("a.jpeg_large", "JPEG"),
        ("a", "JPEG"),
        ("a.ppm", "PPM"),
        ("a.pgm", "PPM"),
        ("a.jp2", "JPEG2000"),
        ("a.avif", "AVIF"),
        ("a.img", "WEBP"),
        ("1234", "PNG"),
        ("a.scan", "TIFF"),
        ("a.old", "BMP"),
        ("a.tga", "TGA"),
    ],
)
def test_pictures_are_known_by_what_they_hold(fruits: Path, name: str, kind: str) -> None:
    Image.new("L" if name.endswith("pgm") else "RGB", (40, 30), "white").save(fruits / "apple" / name, kind)
    found = load(Request(str(fruits)))
    assert f"apple/{name}" in found.paths
    assert found.warnings == ()
    assert found.pictures.squares(8)[found.paths.index(f"apple/{name}")].min() > 250


def test_heic_is_read_where_pillow_heif_is(fruits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    Image.open(noise(fruits / "n.png", 1, 64)).save(fruits / "apple" / "phone.heic", "HEIF")
    (fruits / "n.png").unlink()
    assert "apple/phone.heic" in load(Request(str(fruits))).paths
    monkeypatch.setattr(formats, "_learn_heif", lambda: False)
    monkeypatch.setenv("NEXTLABEL_CACHE", str(fruits.parent / "another cache"))
    (file,) = load(Request(str(fruits))).skipped
    assert file.reason == "is HEIC, which pillow-heif reads: pip install 'nextlabel[heic]'"


def test_eps_is_never_opened(fruits: Path) -> None:
    for name in ("a.eps", "b.jpg"):
        (fruits / "apple" / name).write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    found = load(Request(str(fruits)))
    assert [file.path for file in found.skipped] == ["apple/b.jpg"]
    assert found.warnings == ("1 file is no picture and was left out, e.g. 'apple/a.eps'.",)


def test_texts_are_no_pictures() -> None:
    for text in (b"BMW and other cars are here, many of them", b"Python 3", b"P1 is a word", b"II. chapter", b""):
        assert not is_picture(text) or text.startswith(b"P1")  # a PBM begins so, and is read as one only if it is whole
