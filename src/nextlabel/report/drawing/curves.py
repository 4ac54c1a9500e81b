"""Learning curves, paired differences, confusion matrices."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from nextlabel.report.drawing.themes import (
    NEUTRAL,
    Look,
    Picture,
    Theme,
    literal,
    looks,
    painted,
    sheet,
    short_names,
    styled,
)
from nextlabel.runs.lines import Row
from nextlabel.statistics.curves import SHOWN, Band, band, curves, difference_band
from nextlabel.text import join_names
from nextlabel.wording.numbers import spoken

Bands = dict[str, Band]  # by strategy

LABEL_HEIGHT = 0.165  # inches that a line's label takes
DIRECT = 10  # more lines than this get a legend
LETTERS = 17  # of the longest name that fits beside a line


@dataclass(frozen=True)
class Panel:
    """One pair of axes: what stands over it, mean curves in percent or points, and whether they are differences."""

    title: str
    bands: Bands
    gap: bool


def learning_curves(
    rows: Sequence[Row],
    strategies: Sequence[str],
    against: str = NEUTRAL,
    metrics: Sequence[str] = SHOWN,
    name: str = "curves",
) -> Picture | None:
    """Mean curves with 95 % bands, and beneath them the paired difference to random; None where nothing is defined."""
    columns = [column for metric in metrics if (column := _column(rows, metric, against))]
    if not columns:
        return None
    words = join_names([spoken(metric) for metric in metrics])
    alt = f"Learning curves of {join_names(list(strategies))}: {words} over the number of labels, with 95 % bands"
    if len(columns[0]) > 1:
        alt += f"; beneath them the difference to {against}, paired by seed"
    return painted(name, alt + ".", partial(_draw_curves, columns, strategies))


def _column(rows: Sequence[Row], metric: str, against: str) -> list[Panel]:
    found = curves(rows, metric)
    bands = {name: mean for name, seeds in found.items() if (mean := band(seeds.values()))}
    if not bands:
        return []
    gaps = {
        name: gap
        for name, seeds in found.items()
        if name != against and (gap := difference_band(seeds, found.get(against, {})))
    }
    word = spoken(metric)
    top = Panel(f"{word[0].upper()}{word[1:]}, %", bands, False)
    return [top, Panel(f"{word[0].upper()}{word[1:]} minus {against}'s, points", gaps, True)] if gaps else [top]


def _draw_curves(columns: Sequence[Sequence[Panel]], strategies: Sequence[str], theme: Theme) -> Figure:
    names, wear = short_names(strategies), looks(strategies, theme)
    direct = len(strategies) <= DIRECT and max(map(len, names.values())) <= LETTERS
    tall, rows = [3.5, 2.2][: len(columns[0])], len(columns[0])
    legend = 0.0 if direct else 0.24 * math.ceil(len(names) / 4) + 0.15
    height = sum(tall) + 0.95 * rows + legend
    figure = sheet(height, theme)
    room = 0.13 if direct else 0.015
    grid = figure.add_gridspec(
        rows, len(columns), height_ratios=tall, left=0.045, right=1 - room, wspace=0.13 + 2.4 * room,
        top=1 - 0.42 / height, bottom=(0.55 + legend) / height, hspace=0.95 / (sum(tall) / rows),
    )  # fmt: skip
    for i, column in enumerate(columns):
        for k, panel in enumerate(column):
            axes = styled(figure.add_subplot(grid[k, i]), theme, literal(panel.title))
            _plot(axes, panel, wear, theme)
            if direct:
                _label_ends(axes, panel, {name: (names[name], wear[name]) for name in panel.bands}, theme)
        axes.set_xlabel("labels", color=theme.muted, fontsize=9.5)
    if not direct:
        _legend(figure, names, wear, theme)
    return figure


def _plot(axes: Axes, panel: Panel, wear: Mapping[str, Look], theme: Theme) -> None:
    if panel.gap:
        axes.axhline(0, color=theme.ink, linewidth=1.2, dashes=(4, 2))
    for name, found in panel.bands.items():
        look, mark = wear[name], "o" if len(found.labelled) < 4 else None
        axes.plot(
            found.labelled, 100 * found.mean, color=look.colour, linestyle=look.dash, linewidth=look.width,
            marker=mark, markersize=4, zorder=3 if name == NEUTRAL else 4,
        )  # fmt: skip
        if found.seeds > 1:
            alpha = max(0.03, 0.14 if len(panel.bands) <= 4 else 0.4 / len(panel.bands))
            axes.fill_between(
                found.labelled, 100 * found.low, 100 * found.high, color=look.colour, alpha=alpha, linewidth=0
            )
    axes.set_ylim(*_limits(panel))
    _say_what_is_cut(axes, panel, theme)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _limits(panel: Panel) -> tuple[float, float]:
    """The range of the means and of their bands, but no more of bands than of means: two seeds have huge ones."""
    means = 100 * np.concatenate([found.mean for found in panel.bands.values()])
    low, high = np.nanmin(means), np.nanmax(means)
    reach = max(high - low, 2.0)
    edges = [(100 * np.nanmin(found.low), 100 * np.nanmax(found.high)) for found in _banded(panel)]
    bottom = max([low - reach, min([low, *(edge[0] for edge in edges)])])
    top = min([high + reach, max([high, *(edge[1] for edge in edges)])])
    if panel.gap:
        bottom, top = min(bottom, 0.0), max(top, 0.0)
    air = 0.05 * max(top - bottom, 2.0)
    bottom, top = bottom - air, top + air
    return (bottom, top) if panel.gap else (max(bottom, -1.0), min(top, 101.0))


def _say_what_is_cut(axes: Axes, panel: Panel, theme: Theme) -> None:
    """A few words under the axes, at the right, where bands reach out of them."""
    low, high = axes.get_ylim()
    if any(100 * np.nanmin(found.low) < low or 100 * np.nanmax(found.high) > high for found in _banded(panel)):
        axes.annotate(
            "bands reach further", (1, 0), (0, -20), xycoords="axes fraction", textcoords="offset points",
            fontsize=8.5, color=theme.muted, ha="right", va="top", annotation_clip=False,
        )  # fmt: skip


def _banded(panel: Panel) -> list[Band]:
    return [found for found in panel.bands.values() if found.seeds > 1]


def _label_ends(axes: Axes, panel: Panel, text: Mapping[str, tuple[str, Look]], theme: Theme) -> None:
    """Write each line's name beside its end, moved up or down where names would overlap."""
    (low, high), inches = axes.get_ylim(), axes.get_position().height * axes.figure.get_figheight()  # type: ignore[union-attr]
    ends = {name: (100 * found.mean[-1] - low) / (high - low) for name, found in panel.bands.items()}
    order = sorted(ends, key=lambda name: ends[name])
    for name, place in zip(order, place_apart([ends[name] for name in order], LABEL_HEIGHT / inches), strict=True):
        found, (words, look) = panel.bands[name], text[name]
        axes.annotate(
            literal(words), (found.labelled[-1], 100 * found.mean[-1]), (1.045, place), textcoords="axes fraction",
            fontsize=9, color=theme.ink, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": look.colour, "linewidth": 1.3, "shrinkA": 1, "shrinkB": 1},
        )  # fmt: skip


def place_apart(places: Sequence[float], gap: float) -> list[float]:
    """Ascending places between 0 and 1, moved as little as need be until they are ``gap`` apart.

    >>> place_apart([0.5, 0.5], 0.25)
    [0.375, 0.625]
    """
    groups: list[list[float]] = []  # runs of labels that touch: [sum of where each wants the run to begin, count]
    for place in places:
        groups.append([place, 1.0])
        while len(groups) > 1 and _first(groups[-2], gap) + groups[-2][1] * gap > _first(groups[-1], gap):
            wish, count = groups.pop()
            groups[-1][0] += wish - groups[-1][1] * gap * count
            groups[-1][1] += count
    return [_first(group, gap) + k * gap for group in groups for k in range(int(group[1]))]


def _first(group: Sequence[float], gap: float) -> float:
    """Where a run of touching labels begins: as near to all their wishes as fits into the axes."""
    total, count = group
    return max(min(total / count, 1.0 - gap * (count - 1)), 0.0)


def _legend(figure: Figure, names: Mapping[str, str], wear: Mapping[str, Look], theme: Theme) -> None:
    lines = [Line2D([], [], color=wear[name].colour, linestyle=wear[name].dash, linewidth=1.9) for name in names]
    figure.legend(
        lines, [literal(text) for text in names.values()], loc="lower center", ncol=min(4, len(names)), frameon=False,
        fontsize=9, labelcolor=theme.ink, handlelength=3.2,
    )  # fmt: skip
