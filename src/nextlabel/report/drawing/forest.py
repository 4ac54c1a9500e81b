"""Differences over datasets, each with its interval; and every seed's own curve."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nextlabel.report.drawing.letters import breadth, caption
from nextlabel.report.drawing.themes import (
    NARROW,
    WIDE,
    Picture,
    Theme,
    choose_looks,
    paint,
    sheet,
    short_names,
    style_axes,
)
from nextlabel.runs.lines import Row
from nextlabel.statistics.curves import Curves, band, curves
from nextlabel.statistics.inference import Estimate
from nextlabel.text import join_names
from nextlabel.wording.numbers import metric_words

ACROSS = {WIDE: 3, NARROW: 1}  # panels side by side
SEEDS_ACROSS = {WIDE: 3, NARROW: 2}
ROW_HEIGHT = 0.27  # inches
NAME_LETTERS = 24  # letters of a dataset's name


@dataclass(frozen=True)
class Twig:
    """One row of a forest plot: a name, a difference, 1, 0 or -1 for its verdict; ``whole``: all families at once."""

    name: str
    gap: Estimate
    side: int
    whole: bool = False


Trees = Mapping[str, Sequence[Twig]]  # by what stands over a panel


def forest(trees: Trees, against: str, margin: float) -> Picture:
    """One panel per strategy with a row per dataset, or one panel for all strategies of one dataset."""
    words = f"Paired differences of AUBC to {against}, in points, with 95 % intervals, for {join_names(list(trees))}."
    wide, narrow = (partial(_draw_forest, trees, margin, width) for width in (WIDE, NARROW))
    return paint("forest", words, wide, narrow)


def _draw_forest(trees: Trees, margin: float, width: float, theme: Theme) -> Figure:
    across = min(ACROSS[width], len(trees))
    down, most = math.ceil(len(trees) / across), max(map(len, trees.values()))
    letters = max(breadth(caption(twig.name, NAME_LETTERS)) for twigs in trees.values() for twig in twigs)
    tall, left = ROW_HEIGHT * most + 0.25, 0.2 + 0.078 * letters
    height = down * (tall + 0.72) + 0.25
    figure = sheet(height, theme, width)
    limits = _gap_limits([twig.gap for twigs in trees.values() for twig in twigs], margin)
    each = (width - left - 0.25 * across) / across
    for k, (title, twigs) in enumerate(trees.items()):
        column, row = k % across, k // across
        bottom = height - (row + 1) * (tall + 0.72) + 0.3
        box = ((left + column * (each + 0.25)) / width, bottom / height, each / width, tall / height)
        # A panel alone has its title from the edge of the paper: a narrow one has no room for it beside the names.
        edge = (0.1 - left) / each if across == 1 else 0.0
        axes = style_axes(figure.add_axes(box), theme, caption(title), edge)
        axes.grid(axis="y", visible=False)
        _draw_twigs(axes, twigs, margin, theme)
        axes.set_xlim(*limits)
        axes.set_ylim(most - 0.4, -0.6)
        names = [caption(twig.name, NAME_LETTERS) for twig in twigs] if column == 0 else []
        axes.set_yticks(range(len(names)), names)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    figure.text(1 - 0.25 / width, 0.07 / height, "points of AUBC", color=theme.muted, fontsize=9.5, ha="right")
    return figure


def _draw_twigs(axes: Axes, twigs: Sequence[Twig], margin: float, theme: Theme) -> None:
    axes.axvspan(-100 * margin, 100 * margin, color=theme.line, linewidth=0)
    axes.axvline(0, color=theme.ink, linewidth=1.2, dashes=(4, 2))
    for k, twig in enumerate(twigs):
        colour = {1: theme.palette[2], -1: theme.palette[1]}.get(twig.side, theme.muted)
        if twig.gap.low is not None and twig.gap.high is not None:
            axes.hlines(k, 100 * twig.gap.low, 100 * twig.gap.high, color=colour, linewidth=2.4 if twig.whole else 1.7)
        mark, size = ("D", 6.5) if twig.whole else ("o", 5.5)
        axes.plot(
            100 * twig.gap.mean, k, marker=mark, markersize=size, color=colour, linestyle="none", zorder=4,
            markeredgecolor=colour, markerfacecolor=colour if twig.side or twig.whole else theme.paper,
        )  # fmt: skip


def _gap_limits(gaps: Sequence[Estimate], margin: float) -> tuple[float, float]:
    """The range of means, margin and intervals, but no more of intervals than of means: two seeds have huge ones."""
    means = [100 * gap.mean for gap in gaps] + [-150 * margin, 150 * margin]
    low, high = min(means), max(means)
    reach = high - low
    edges = [100 * edge for gap in gaps for edge in (gap.low, gap.high) if edge is not None]
    bottom, top = max(low - reach, min([low, *edges])), min(high + reach, max([high, *edges]))
    air = 0.04 * (top - bottom)
    return bottom - air, top + air


def every_seed(rows: Sequence[Row], metric: str, name: str) -> Picture:
    """Each strategy's curves, a thin line per seed, and their mean."""
    found = curves(rows, metric)
    alt = f"Every seed's learning curve of {join_names(list(found))}: {metric_words(metric)} over the number of labels."
    wide, narrow = (partial(_draw_seeds, found, metric, width) for width in (WIDE, NARROW))
    return paint(name, alt, wide, narrow)


def _draw_seeds(found: Mapping[str, Curves], metric: str, width: float, theme: Theme) -> Figure:
    across = min(SEEDS_ACROSS[width], len(found))
    down, names, wear = math.ceil(len(found) / across), short_names(list(found)), choose_looks(list(found), theme)
    tall = 2.75 if width == WIDE else 1.9
    height = tall * down + 0.2
    figure = sheet(height, theme, width)
    left = 0.55 / width
    grid = figure.add_gridspec(
        down, across, left=left, right=0.985, top=1 - 0.4 / height, bottom=0.5 / height, hspace=1.15 / tall,
        wspace=0.14 if width == WIDE else 0.3,
    )  # fmt: skip
    every = np.concatenate([curve.values for seeds in found.values() for curve in seeds.values()])
    air = 0.03 * max(float(every.max() - every.min()), 0.02)
    for k, (name, seeds) in enumerate(found.items()):
        axes = style_axes(figure.add_subplot(grid[k // across, k % across]), theme, caption(names[name]))
        for curve in seeds.values():
            axes.plot(curve.labelled, 100 * curve.values, color=wear[name].colour, linewidth=0.7, alpha=0.5)
        mean = band(seeds.values())
        if mean:
            axes.plot(mean.labelled, 100 * mean.mean, color=wear[name].colour, linewidth=2.2)
        axes.set_ylim(100 * (every.min() - air), 100 * (every.max() + air))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_locator(MaxNLocator(5 if width == WIDE else 3, integer=True))
        if k + across >= len(found):
            axes.set_xlabel("labels", color=theme.muted, fontsize=9.5)
        if k % across == 0:
            axes.set_ylabel(f"{metric_words(metric)}, %", color=theme.muted, fontsize=9.5)
    return figure
