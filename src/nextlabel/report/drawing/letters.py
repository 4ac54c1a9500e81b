"""Letters in figures: names in any script, in a font that has them, or as their codes.

    caption("cat 猫", 14)        # "cat 猫" where a font of this system has the letter, else "cat U+732B"

matplotlib's own font knows Latin, Greek, Cyrillic, Hebrew, Arabic and some emoji. For the rest the fonts of the system
are looked through, once per process and only where a name needs it. Nobody is shown boxes.
"""

import itertools
import unicodedata
from collections.abc import Iterable
from functools import cache

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

OWN = "DejaVu Sans"
BOXES = "last resort"  # a font of boxes, which matplotlib 3.11 brings along
WEIGHTS = ("normal", "bold")  # what figures use; bold names in other fonts are normal, for few of them have both
NORMAL = ("normal", "regular", "book", 400)
# Of the fonts that have a letter, those made for screens come first.
LIKED = ("noto sans", "pingfang", "hiragino sans", "microsoft yahei", "yu gothic", "malgun", "nirmala", "segoe ui")
SHAPES = matplotlib.__version_info__ >= (3, 11)  # from then on it joins letters, and turns those that run leftwards


def caption(text: str, longest: int | None = None) -> str:
    """Text for a figure: what no font has as codes, at most ``longest`` letters, and no formulas.

    >>> caption("5 $ or chrysanthemum", 9)
    '5 \\\\$ or c…'
    """
    seen = legible(text)
    return escape_dollars(seen if longest is None else cut(seen, longest))


def legible(text: str) -> str:
    """Text whose letters can all be drawn; others are codes, and marks that one does not see anyhow are left out.

    >>> legible("Grüße"), legible("a\\U0010fffd")
    ('Grüße', 'a U+10FFFD')
    """
    lost = {letter for letter in set(text) if not _drawable(letter)}
    if not lost:
        return text
    words = []
    for away, run in itertools.groupby(filter(_seen, text), lost.__contains__):
        letters = list(run)
        words.append("U+" + " ".join(f"{ord(one):04X}" for one in letters) if away else "".join(letters).strip())
    return " ".join(word for word in words if word)


def breadth(text: str) -> int:
    """How many Latin letters' room a text takes: those of East Asia are twice as wide.

    >>> breadth("cat"), breadth(unicodedata.lookup("CJK UNIFIED IDEOGRAPH-732B"))
    (3, 2)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def cut(text: str, longest: int) -> str:
    """Text of at most so many letters, wide ones counted twice.

    >>> cut("chrysanthemum", 8)
    'chrysan…'
    """
    if breadth(text) <= longest:
        return text
    ends = itertools.accumulate(map(breadth, text))
    return text[: sum(end < longest for end in ends)] + "…"


def escape_dollars(text: str) -> str:
    """Text that matplotlib shows as it is: a dollar sign would begin a formula.

    >>> escape_dollars("5 $ or $ 6")
    '5 \\\\$ or \\\\$ 6'
    """
    return text.replace("$", r"\$")


def choose_fonts(figure: Figure) -> None:
    """Give every text of a figure whose letters are not in `OWN` the fonts that have them."""
    for axes in figure.axes:  # labels of ticks are not there before somebody asks for them
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_ticklabels()
    for text in figure.findobj(Text):
        assert isinstance(text, Text), "what was asked for"
        fonts = dict.fromkeys(font for letter in text.get_text() if (font := font_of(letter)) not in (None, OWN))
        if fonts:
            text.set_fontfamily([OWN, *(font for font in fonts if font is not None)])
            text.set_fontweight("normal")


@cache
def font_of(letter: str) -> str | None:
    """The family to draw a letter with, `OWN` where that has it; None where no font of this system does."""
    if letter.isspace():
        return OWN
    return next((family for family in (OWN, *_families()) if ord(letter) in _letters(family)), None)


def _drawable(letter: str) -> bool:
    if not SHAPES and (unicodedata.bidirectional(letter) in ("R", "AL") or unicodedata.category(letter) == "Mc"):
        return False  # it would stand in the wrong place
    return font_of(letter) is not None


def _seen(letter: str) -> bool:
    """Not so joiners, and what chooses between two looks of the letter before it."""
    return unicodedata.category(letter) != "Cf" and not 0xFE00 <= ord(letter) <= 0xFE0F


@cache
def _families() -> tuple[str, ...]:
    """All other families, in an order that does not hang on how they were found."""
    entries = font_manager.fontManager.ttflist
    names = {entry.name for entry in entries if entry.style == "normal" and entry.weight in NORMAL}
    usable = [name for name in names if name != OWN and not name.lower().startswith(BOXES)]
    return tuple(sorted(usable, key=lambda name: (_rank(name), name)))


def _rank(name: str) -> tuple[int, bool]:
    liked = (k for k, start in enumerate(LIKED) if name.lower().startswith(start))
    return next(liked, len(LIKED)), "sans" not in name.lower()


@cache
def _letters(family: str) -> frozenset[int]:
    """The letters that a family has in the weights it is drawn in; none where its file cannot be drawn from."""
    weights = WEIGHTS if family == OWN else WEIGHTS[:1]
    return frozenset.intersection(*(_letters_of(family, weight) for weight in weights))


def _letters_of(family: str, weight: str) -> frozenset[int]:
    try:
        path = font_manager.findfont(FontProperties(family=family, weight=weight), fallback_to_default=False)
        found: Iterable[int] = font_manager.get_font(path).get_charmap()
        return frozenset(found)
    except (ValueError, RuntimeError, OSError):  # a font that went away, or of bitmaps, as of coloured emoji
        return frozenset()


def forget_fonts() -> None:
    """Look at the system's fonts anew, for whoever has added one to matplotlib's `fontManager`."""
    for known in (font_of, _families, _letters):
        known.cache_clear()
