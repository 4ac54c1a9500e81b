"""How figures look: two themes, one look per strategy, and from a figure to PNG bytes.

Figures are drawn with matplotlib's object interface: no pyplot, no backend, nothing global.
"""

import io
import itertools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

DPI = 200
WIDTH = 11.0  # inches; the page shows figures 1,100 pixels wide, so that 9 points are 12.5 pixels there
NEUTRAL = "random"
LONGEST = 26  # letters of a strategy's name in a figure


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


@dataclass(frozen=True)
class Picture:
    """A finished figure: its file name without suffix, words for those who do not see it, and two PNGs."""

    name: str
    alt: str
    light: bytes
    dark: bytes
    size: tuple[int, int]  # pixels: width, height


def looks(strategies: Sequence[str], theme: Theme) -> dict[str, Look]:
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


def painted(name: str, alt: str, draw: Callable[[Theme], Figure]) -> Picture:
    """Draw a figure in both themes."""
    light, dark = (_png(draw(theme), theme) for theme in (LIGHT, DARK))
    return Picture(name, alt, light[0], dark[0], light[1])


def _png(figure: Figure, theme: Theme) -> tuple[bytes, tuple[int, int]]:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # a class in a script without a font
        # Without the version of the library, so that the same figure is the same file.
        figure.savefig(out, format="png", dpi=DPI, facecolor=theme.paper, metadata={"Software": None})
    with Image.open(out) as picture:
        return _small(picture), picture.size


def _small(picture: Image.Image) -> bytes:
    """As PNG with a palette: a third of the size, and no difference that one can see."""
    out = io.BytesIO()
    palette = picture.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette.save(out, "PNG", optimize=True)
    return out.getvalue()


def sheet(height: float, theme: Theme) -> Figure:
    """An empty figure as wide as the page; ``height`` in inches."""
    return Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=theme.paper)


def styled(axes: Axes, theme: Theme, title: str = "") -> Axes:
    """Calm axes: no box, faint horizontal lines, a title at the left."""
    axes.set_facecolor(theme.paper)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.faint)
    axes.grid(axis="y", color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9, labelcolor=theme.muted, pad=5)
    axes.set_title(title, loc="left", fontsize=11, color=theme.ink, fontweight="bold", pad=10)
    return axes


def bare(axes: Axes, theme: Theme) -> Axes:
    """Axes for a map or a matrix: no ticks, no lines."""
    axes.set_facecolor(theme.paper)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=8, labelcolor=theme.muted, pad=3)
    return axes


def literal(text: str) -> str:
    """Text that matplotlib shows as it is: a dollar sign would begin a formula.

    >>> literal("5 $ or $ 6")
    '5 \\\\$ or \\\\$ 6'
    """
    return text.replace("$", r"\$")


def cut(text: str, longest: int) -> str:
    """Text of at most so many letters.

    >>> cut("chrysanthemum", 8)
    'chrysan…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def short_names(strategies: Sequence[str]) -> dict[str, str]:
    """Names that fit into a figure, still different from one another.

    >>> short_names(["margin", "skactiveml:Quire"])
    {'margin': 'margin', 'skactiveml:Quire': 'Quire'}
    """
    short = {name: cut(name.removeprefix("skactiveml:"), LONGEST) for name in strategies}
    if len(set(short.values())) < len(short):
        short = {name: f"{cut(text, LONGEST - 4)} ({k})" for k, (name, text) in enumerate(short.items(), 1)}
    return short
