"""Confusion matrices: what was taken for what in the last round."""

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure

from nextlabel.report.drawing.letters import breadth, caption
from nextlabel.report.drawing.themes import (
    NARROW,
    WIDE,
    Picture,
    Theme,
    clear_axes,
    paint,
    sheet,
    short_names,
)
from nextlabel.runs.lines import Row
from nextlabel.text import join_names

Matrix = npt.NDArray[np.float64]


NUMBERED, NAMED = 12, 40  # most classes whose confusions are written out, and whose names stand at the axes
CLASS_LETTERS = 14  # of a class's name
WRITTEN_SHARE = 0.005  # smallest share that shows: less would be written as 0 %


def draw_confusion(confusions: Sequence[Row], shown: Sequence[str], classes: Sequence[str]) -> Picture | None:
    """Confusion matrices of some strategies, summed over seeds, as shares of each true class."""
    sums = sum_matrices(confusions)
    shares = {name: _by_row(sums[name]) for name in shown if name in sums}
    if not any(matrix.any() for matrix in shares.values()):
        return None
    alt = f"Confusion matrices of {join_names(list(shares))} after the last round, true classes by rows."
    wide, narrow = (partial(_draw_confusion, shares, classes, width) for width in (WIDE, NARROW))
    return paint("confusion", alt, wide, narrow)


def draw_matrix(matrix: npt.NDArray[np.integer], classes: Sequence[str]) -> Picture:
    """One confusion matrix (C, C) of counts, as shares of each true class."""
    shares = {"": _by_row(matrix.astype(np.float64))}
    alt = "Confusion matrix on samples that were not learned, true classes by rows."
    wide, narrow = (partial(_draw_confusion, shares, classes, width) for width in (WIDE, NARROW))
    return paint("confusion", alt, wide, narrow)


def sum_matrices(confusions: Sequence[Row]) -> dict[str, Matrix]:
    """Confusion counts (C, C) by strategy, over all seeds."""
    sums: dict[str, Matrix] = {}
    for row in confusions:
        sums[row["strategy"]] = sums.get(row["strategy"], 0) + np.array(row["matrix"], dtype=np.float64)
    return sums


def _by_row(matrix: Matrix) -> Matrix:
    # (C, C) by (C, 1); a class without test samples has a row of zeros, not of NaN.
    shares: Matrix = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return shares


def _draw_confusion(shares: Mapping[str, Matrix], classes: Sequence[str], width: float, theme: Theme) -> Figure:
    across = min(2 if width == WIDE else 1, len(shares))
    down = math.ceil(len(shares) / across)
    margin = (
        0.35 + 0.075 * max(breadth(caption(name, CLASS_LETTERS)) for name in classes) if len(classes) <= NAMED else 0.3
    )
    most = (width - 0.6) / 2 - margin - 0.3 if width == WIDE else width - margin - 0.35
    side = min(most, 3.7 if len(classes) > 3 else 2.2)
    height = down * (side + margin + 0.75)
    figure, names = sheet(height, theme, width), short_names(list(shares))
    for k, (name, matrix) in enumerate(shares.items()):
        column, row = k % across, k // across
        left = (width / across * (column + 0.5) - (side - margin) / 2) / width
        bottom = 1 - (row * (side + margin + 0.75) + 0.5 + side) / height
        axes = clear_axes(figure.add_axes((left, bottom, side / width, side / height)), theme)
        axes.set_title(caption(names[name]), fontsize=11, color=theme.ink, fontweight="bold", pad=8)
        _cells(axes, matrix, classes, theme)
    return figure


def _cells(axes: Axes, matrix: Matrix, classes: Sequence[str], theme: Theme) -> None:
    count = len(classes)
    blues = LinearSegmentedColormap.from_list("", [theme.line, theme.palette[0]])
    colours = blues.with_extremes(under=theme.paper)
    # The square root of a share: confusions of one percent show beside a diagonal of ninety.
    axes.imshow(matrix, cmap=colours, norm=PowerNorm(0.5, WRITTEN_SHARE, 1), aspect="equal", interpolation="nearest")
    ticks = range(count) if count <= NAMED else []
    size = 8.5 if count <= NUMBERED else 6.5
    words = [caption(classes[i], CLASS_LETTERS) for i in ticks]
    slant = 0 if max(map(breadth, words), default=0) <= 2 else 45
    axes.set_xticks(ticks, words, rotation=slant, ha="right" if slant else "center", rotation_mode="anchor")
    axes.set_yticks(ticks, words)
    axes.tick_params(labelsize=size)
    axes.set_ylabel("true class", fontsize=8.5, color=theme.muted)
    axes.set_xlabel("predicted", fontsize=8.5, color=theme.muted)
    axes.hlines(np.arange(count + 1) - 0.5, -0.5, count - 0.5, color=theme.paper, linewidth=min(1.5, 30 / count))
    axes.vlines(np.arange(count + 1) - 0.5, -0.5, count - 0.5, color=theme.paper, linewidth=min(1.5, 30 / count))
    if count <= NUMBERED:
        for i, k in zip(*np.nonzero(matrix >= WRITTEN_SHARE), strict=True):
            ink = theme.paper if matrix[i, k] > 0.35 else theme.ink
            axes.text(k, i, f"{100 * matrix[i, k]:.0f}", ha="center", va="center", fontsize=8, color=ink)
