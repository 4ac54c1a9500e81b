"""Names in any script stand in figures as letters or as codes, never as boxes."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as some
from matplotlib import font_manager
from matplotlib.text import Text
from PIL import Image

from nextlabel.report.drawing import letters, themes
from nextlabel.report.drawing.confusions import draw_confusion
from nextlabel.report.drawing.themes import LIGHT, sheet

CAT, DOG = "猫", "犬"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A system that has matplotlib's own fonts and no others."""
    own = [entry for entry in font_manager.fontManager.ttflist if "mpl-data" in entry.fname]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    letters.forget_fonts()
    yield
    letters.forget_fonts()


def font_with(text: str, path: Path) -> str:
    """A font of full blocks for these letters; its family's name."""
    pen = TTGlyphPen(None)
    for point in ((0, 0), (0, 800), (900, 800), (900, 0)):
        pen.lineTo(point) if pen.points else pen.moveTo(point)
    pen.closePath()
    names = [".notdef", *(f"u{ord(letter):04X}" for letter in text)]
    build = FontBuilder(1000, isTTF=True)
    build.setupGlyphOrder(names)
    build.setupCharacterMap({ord(letter): f"u{ord(letter):04X}" for letter in text})
    block = pen.glyph()
    build.setupGlyf(dict.fromkeys(names, block))
    build.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    build.setupHorizontalHeader(ascent=800, descent=-200)
    build.setupNameTable({"familyName": "Blocks", "styleName": "Regular"})
    build.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    build.setupPost()
    build.save(path)
    return "Blocks"


def ink(text: str) -> int:
    """How many pixels of a figure a text blackens; a letter without a font is an error."""
    figure = sheet(0.5, LIGHT, 2.0)
    figure.text(0.1, 0.3, letters.caption(text))
    letters.choose_fonts(figure)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return int((np.asarray(Image.open(out).convert("L")) < 128).sum())


def test_letters_that_no_font_has_are_codes(bare: None) -> None:
    assert letters.caption(f"cat {CAT}{DOG}, $5", 40) == "cat U+732B 72AC , \\$5"
    assert letters.caption("Grüße Ελλάδα Привет") == "Grüße Ελλάδα Привет"
    assert letters.caption(CAT + "\ufe0f") == "U+732B"  # what nobody sees needs no code


def test_a_font_of_the_system_that_has_them_is_taken(bare: None, tmp_path: Path) -> None:
    family = font_with(CAT, tmp_path / "blocks.ttf")
    font_manager.fontManager.addfont(tmp_path / "blocks.ttf")
    letters.forget_fonts()
    assert (letters.font_of(CAT), letters.font_of("a"), letters.font_of(DOG)) == (family, letters.OWN, None)
    assert letters.caption(CAT + DOG) == f"{CAT} U+72AC"
    assert ink(CAT) > 5 * ink(".")


def test_classes_in_any_script_make_a_figure_without_boxes(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(themes, "DPI", 40)
    classes = [CAT, "🐱", "قطة", "बिल्ली", "แมว", "고양이", "cat"]
    rows = [{"strategy": "random", "matrix": np.eye(len(classes)).tolist()}]
    picture = draw_confusion(rows, ["random"], classes)  # matplotlib warns of each box, and warnings are errors here
    assert picture is not None
    texts = [text.get_text() for text in picture.draw(LIGHT).findobj(Text)]
    assert not any(CAT in text for text in texts)


@pytest.mark.skipif(not letters.SHAPES, reason="matplotlib before 3.11 does not turn what is written leftwards")
def test_what_runs_leftwards_stays_as_it_is(bare: None) -> None:
    assert letters.caption("قطة") == "قطة"


def test_what_runs_leftwards_is_codes_where_it_would_stand_the_wrong_way(
    bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "SHAPES", False)
    assert letters.caption("قط") == "U+0642 0637"


@settings(max_examples=40)
@given(some.text(max_size=30), some.integers(1, 20))
def test_captions_are_never_broader_than_asked(text: str, longest: int) -> None:
    assert letters.breadth(letters.cut(text, longest)) <= longest
    seen = letters.legible(text)
    assert all(letters.font_of(letter) for letter in seen)
    assert letters.legible(seen) == seen
