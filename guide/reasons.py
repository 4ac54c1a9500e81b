"""When random is hard to beat, and when not, as curves: ``python guide/reasons.py``.

One panel for each reason of the guide's list and two more, on a family or a variant where it holds, from what
``benchmarks/check_targets.py`` measured. Writes ``pictures/reasons-light.png`` and ``-dark.png``.
"""

import io
import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from nextlabel.report.drawing import DARK, LIGHT, Theme, choose_looks, sheet, shrink, style_axes

HERE = Path(__file__).parent
CURVES = HERE.parent / "benchmarks" / "results" / "check" / "curves.json"
DPI, COLOURS = 164, 64  # twice the 900 pixels that a page shows, for screens that show two for one
NAMES = ("random", "margin", "auto")
PANELS = {  # setting: what is seen there
    "hand-frames": "Too easy",
    "splice": "Doubt foretells little",
    "flowers, noise": "One label in ten is wrong",
    "math-symbols": "Strong features",
    "r15": "All end at the same place",
    "sign-digits, near copies": "A redundant pool",
    "coffee-leaves, imbalance 10": "Uneven classes",
    "clothing": "Many dimensions",
}


def main() -> None:
    """Draw in both themes."""
    found = {row["name"]: row["curves"] for row in json.loads(CURVES.read_text(encoding="utf-8"))}
    for theme in (LIGHT, DARK):
        out = io.BytesIO()
        draw(found, theme).savefig(out, dpi=DPI, facecolor=theme.paper)
        with Image.open(out) as picture:
            (HERE / "pictures" / f"reasons-{theme.name}.png").write_bytes(shrink(picture, COLOURS))


def draw(found: dict[str, Any], theme: Theme) -> Figure:
    """Eight panels, two rows."""
    figure, looks = sheet(5.4, theme), choose_looks(NAMES, theme)
    for place, (setting, title) in enumerate(PANELS.items()):
        left, bottom = 0.05 + 0.245 * (place % 4), 0.6 - 0.49 * (place // 4)
        axes = style_axes(figure.add_axes((left, bottom, 0.19, 0.29)), theme, title)
        axes.text(0, 1.03, setting, transform=axes.transAxes, fontsize=8.5, color=theme.muted)
        for name in NAMES:
            curve, look = found[setting][name], looks[name]
            axes.fill_between(
                curve["labelled"], curve["low"], curve["high"], color=look.colour, alpha=0.12, linewidth=0
            )
            axes.plot(
                curve["labelled"], curve["mean"], color=look.colour, linestyle=look.dash, linewidth=1.6, label=name
            )
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, 95), min(101, high))  # a hundredth of a point is no difference to be seen
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.set_title(title, loc="left", fontsize=11, color=theme.ink, fontweight="bold", pad=20)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="lower center", ncols=3, frameon=False, fontsize=9, labelcolor=theme.ink)
    return figure


if __name__ == "__main__":
    main()
