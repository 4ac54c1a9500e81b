"""How figures look: two themes, two widths, one look per strategy, and from a figure to bytes.

Figures are drawn with matplotlib's object interface: no pyplot, no backend, nothing global.
"""

import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from PIL import Image

from nextlabel.report.drawing.letters import choose_fonts, cut
from nextlabel.specifications import look_up

DPI = 200
# Inches. The page shows figures 1,100 pixels wide, and 358 on a phone of 390: 9 points are 12.5 pixels in both.
WIDE, NARROW = 11.0, 3.6
COLOURS = {WIDE: 256, NARROW: 128}  # of a PNG's palette; narrow ones ride along in every page, so they are kept small
NEUTRAL = "random"
LONGEST = 26  # letters of a strategy's name in a figure
LEGIBLE = 4.5  # contrast of small letters, by WCAG 2.2


@dataclass(frozen=True)
class Theme:
    """Colours of a figure; ``palette`` keeps apart under the usual kinds of colour blindness, as far as seven can."""

    name: str
    paper: str
    ink: str
    muted: str
    line: str
    middle: str  # between muted and faint
    faint: str
    soft: str
    palette: tuple[str, ...]


# After Okabe and Ito (2008), without their yellow and black; darkened or lightened until lines have 3 : 1 to the paper.
LIGHT = Theme(
    name="light",
    paper="#ffffff",
    ink="#1c2127",
    muted="#5b6570",
    line="#dfe3e8",
    middle="#8f98a1",
    faint="#c3cad2",
    soft="#f5f7f9",
    palette=("#0072b2", "#d55e00", "#008f68", "#b8558f", "#b87a00", "#2f93cc", "#6b4fb3"),
)
DARK = Theme(
    name="dark",
    paper="#171b21",
    ink="#e8ebef",
    muted="#a3adb8",
    line="#2d343d",
    middle="#77818c",
    faint="#4a545f",
    soft="#1f252c",
    palette=("#4ea8de", "#ff8a4c", "#2fc496", "#e08bbb", "#e8b23a", "#9bd3f5", "#a894ea"),
)
DASHES: tuple[Any, ...] = ("solid", (0, (6, 1.5, 1, 1.5)), (0, (1, 1.2)), (0, (9, 2)))


@dataclass(frozen=True)
class Look:
    """How one strategy is drawn, in every figure."""

    colour: str
    dash: Any
    width: float = 1.9


Drawing = Callable[[Theme], Figure]


@dataclass(frozen=True)
class Print:
    """A drawing as PNG in both themes; ``size`` in pixels, width and height."""

    light: bytes
    dark: bytes
    size: tuple[int, int]


@dataclass(frozen=True)
class Picture(Print):
    """A finished figure: its file name without suffix, and words for those who do not see it.

    ``narrow`` is the same for a phone, with panels one above the other; ``draw`` draws it again, for other files.
    """

    name: str
    alt: str
    draw: Drawing = field(repr=False, compare=False)
    narrow: Print | None = None

    def file(self, kind: str) -> bytes:
        """The light figure as a file of one of `KINDS`."""
        return self.light if kind == "png" else KINDS[kind](self.draw(LIGHT))


def choose_looks(strategies: Sequence[str], theme: Theme) -> dict[str, Look]:
    """One look per strategy: ``random`` always the same dark dashes, the others by colour first and dashes second."""
    fancy = itertools.cycle(itertools.product(DASHES, theme.palette))
    found = {}
    for name in strategies:
        if name == NEUTRAL:
            found[name] = Look(theme.ink, (0, (4, 2)), 1.6)
        else:
            dash, colour = next(fancy)
            found[name] = Look(colour, dash)
    return found


def paint(name: str, alt: str, draw: Drawing, narrow: Drawing | None = None) -> Picture:
    """Draw a figure in both themes, and, where one is given, its narrow twin."""
    wide = _print(draw, COLOURS[WIDE])
    twin = narrow and _print(narrow, COLOURS[NARROW])
    return Picture(wide.light, wide.dark, wide.size, name, alt, draw, twin)


def _print(draw: Drawing, colours: int) -> Print:
    (light, size), (dark, _) = (_png(draw(theme), colours) for theme in (LIGHT, DARK))
    return Print(light, dark, size)


def _png(figure: Figure, colours: int) -> tuple[bytes, tuple[int, int]]:
    # Without the version of the library, so that the same figure is the same file.
    with Image.open(io.BytesIO(_save_bytes(figure, "png", {"Software": None}))) as picture:
        return shrink(picture, colours), picture.size


def _save_bytes(figure: Figure, kind: str, metadata: Mapping[str, None]) -> bytes:
    out = io.BytesIO()
    choose_fonts(figure)
    figure.savefig(out, format=kind, dpi=DPI, facecolor=figure.get_facecolor(), metadata=dict(metadata))
    return out.getvalue()


def _svg(figure: Figure) -> bytes:
    # Ids in the file hang on the salt, which is drawn anew otherwise; letters stay shapes, for fonts differ.
    with rc_context({"svg.hashsalt": "nextlabel"}):
        return _save_bytes(figure, "svg", {"Date": None, "Creator": None})


def _pdf(figure: Figure) -> bytes:
    return _save_bytes(figure, "pdf", {"CreationDate": None, "Creator": None, "Producer": None})


KINDS: Mapping[str, Callable[[Figure], bytes]] = {
    "png": lambda figure: _png(figure, COLOURS[WIDE])[0],
    "svg": _svg,
    "pdf": _pdf,
}


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise `Mistake` where a kind of figure file is none of `KINDS`."""
    for kind in kinds:
        look_up(KINDS, kind, "kind of figure")


def shrink(picture: Image.Image, colours: int) -> bytes:
    """As PNG with a palette: a third of the size, and no difference that one can see."""
    out = io.BytesIO()
    palette = picture.convert("RGB").quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette.save(out, "PNG", optimize=True)
    return out.getvalue()


def sheet(height: float, theme: Theme, width: float = WIDE) -> Figure:
    """An empty figure; inches."""
    return Figure(figsize=(width, height), dpi=DPI, facecolor=theme.paper)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2 between two colours: 1 for the same, 21 for black and white.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def letter_colour(colour: str, theme: Theme) -> str:
    """A line's colour for its name: small letters need 4.5 : 1 to the paper, and lines only 3 : 1."""
    step = 0
    # It ends: at step 20 the colour is the ink itself, which is legible on either paper.
    while contrast(mixed := _mix(colour, theme.ink, step / 20), theme.paper) < LEGIBLE:
        step += 1
    return mixed


def _mix(one: str, other: str, share: float) -> str:
    red, green, blue = ((1 - share) * a + share * b for a, b in zip(to_rgb(one), to_rgb(other), strict=True))
    return to_hex((red, green, blue))


def style_axes(axes: Axes, theme: Theme, title: str = "", edge: float = 0.0) -> Axes:
    """Calm axes: no box, faint horizontal lines, a title from the left ``edge``, in widths of the axes."""
    axes.set_facecolor(theme.paper)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.faint)
    axes.grid(axis="y", color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9, labelcolor=theme.muted, pad=5)
    axes.set_title(title, loc="left", x=edge, fontsize=11, color=theme.ink, fontweight="bold", pad=10)
    return axes


def clear_axes(axes: Axes, theme: Theme) -> Axes:
    """Axes for a map or a matrix: no ticks, no lines."""
    axes.set_facecolor(theme.paper)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=8, labelcolor=theme.muted, pad=3)
    return axes


def short_names(strategies: Sequence[str]) -> dict[str, str]:
    """Names that fit into a figure, still different from one another.

    >>> short_names(["margin", "skactiveml:Quire"])
    {'margin': 'margin', 'skactiveml:Quire': 'Quire'}
    """
    short = {name: cut(name.removeprefix("skactiveml:"), LONGEST) for name in strategies}
    if len(set(short.values())) < len(short):
        short = {name: f"{cut(text, LONGEST - 4)} ({k})" for k, (name, text) in enumerate(short.items(), 1)}
    return short
