"""A calibration curve: how often a model is right, by how sure it was."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from nextlabel.evaluation.base import Bin
from nextlabel.report.drawing.themes import NARROW, WIDE, Picture, Theme, paint, sheet, style_axes

HEIGHT = {WIDE: 4.2, NARROW: 3.5}  # inches


def calibration_curve(bins: Sequence[Bin], word: str) -> Picture:
    """One point per bin, with its interval, and the line on which a model is as sure as it is right."""
    alt = f"How often the model is right, by its {word}: " + "; ".join(
        f"{100 * one.confidence:.0f} % sure, {100 * (one.right.value or 0):.0f} % right" for one in bins
    )
    wide, narrow = (partial(_draw, bins, word, width) for width in (WIDE, NARROW))
    return paint("calibration", alt, wide, narrow)


def _draw(bins: Sequence[Bin], word: str, width: float, theme: Theme) -> Figure:
    height = HEIGHT[width]
    side = height - 0.95
    left = 0.62 if width == NARROW else (width - side) / 2
    figure = sheet(height, theme, width)
    axes = style_axes(figure.add_axes((left / width, 0.6 / height, side / width, side / height)), theme)
    axes.plot([0, 100], [0, 100], color=theme.faint, linewidth=1.2, dashes=(4, 3))
    sure = np.array([100 * one.confidence for one in bins])
    right = np.array([100 * (one.right.value or 0.0) for one in bins])
    edges = np.array([[100 * one.right.low, 100 * one.right.high] for one in bins])
    # Not clipped: many a model is sure and right, and its points lie on the edge.
    axes.vlines(sure, edges[:, 0], edges[:, 1], color=theme.palette[0], linewidth=1.4, alpha=0.55, clip_on=False)
    axes.plot(sure, right, "o-", color=theme.palette[0], markersize=5, linewidth=1.6, zorder=3, clip_on=False)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_xlabel(f"mean {word} of the class that was named, %", fontsize=9, color=theme.muted)
    axes.set_ylabel("right, %", fontsize=9, color=theme.muted)
    return figure
