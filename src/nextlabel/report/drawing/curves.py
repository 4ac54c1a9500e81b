"""Learning curves, and beneath them the paired differences to random."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from nextlabel.report.drawing.letters import caption, cut
from nextlabel.report.drawing.themes import (
    NARROW,
    NEUTRAL,
    WIDE,
    Look,
    Picture,
    Theme,
    choose_looks,
    letter_colour,
    paint,
    sheet,
    short_names,
    style_axes,
)
from nextlabel.runs.lines import Row
from nextlabel.statistics.curves import Band, Curve, Curves, band, curves, difference_curves
from nextlabel.statistics.metrics import MAIN
from nextlabel.text import join_names
from nextlabel.wording.numbers import metric_words, title_case

Bands = dict[str, Band]  # by strategy

LABEL_HEIGHT, AWAY = 0.165, 0.17  # inches: what a line's label takes, and how far right of the axes it begins
DIRECT = 10  # more lines than this get a legend
LETTERS = 17  # of the longest name that fits beside a line
SHORT = 12  # letters of names of which two stand abreast on a phone
FEW_SEEDS = 5  # seeds; the band of fewer fills the panel and says little, so that each is drawn instead

# Inches: over and under a pair of axes, left of them, and right of them with and without names at the line ends.
TITLE, BELOW, TICKS, NAMES, AIR = 0.42, 0.53, 0.5, 1.5, 0.16
TALL = {WIDE: (3.5, 2.2), NARROW: (2.3, 1.7)}  # curves, differences
LEGEND_ROW = 0.24


@dataclass(frozen=True)
class Panel:
    """One pair of axes: what stands over it, mean curves in percent or points, and whether they are differences.

    ``seeds`` holds the curves of single seeds by strategy, where they are few enough to be drawn themselves.
    """

    title: str
    bands: Bands
    seeds: Mapping[str, Sequence[Curve]]
    gap: bool


Columns = Sequence[Sequence[Panel]]  # one column per metric


def learning_curves(
    rows: Sequence[Row],
    strategies: Sequence[str],
    against: str = NEUTRAL,
    metrics: Sequence[str] = MAIN,
    name: str = "curves",
) -> Picture | None:
    """Mean curves with 95 % bands, and beneath them the paired difference to random; None where nothing is defined.

    Under fewer than `FEW_SEEDS` seeds each seed's curve is drawn in place of the bands.
    """
    columns = [column for metric in metrics if (column := _column(rows, metric, against))]
    if not columns:
        return None
    words = join_names([metric_words(metric) for metric in metrics])
    spread = "each seed's curve" if any(panel.seeds for panel in columns[0]) else "95 % bands"
    alt = f"Learning curves of {join_names(list(strategies))}: {words} over the number of labels, with {spread}"
    if len(columns[0]) > 1:
        alt += f"; beneath them the difference to {against}, paired by seed"
    wide, narrow = (partial(_draw_curves, columns, strategies, width) for width in (WIDE, NARROW))
    return paint(name, alt + ".", wide, narrow)


def band_curves(bands: Bands, gaps: Bands, metric: str, name: str = "curves") -> Picture:
    """The same of curves whose mean and interval are known already; beneath them those of differences to random."""
    panels = [Panel(f"{title_case(metric_words(metric))}, %", bands, {}, False)]
    if gaps:
        panels.append(Panel(f"Difference to {NEUTRAL}, points", gaps, {}, True))
    alt = f"Learning curves of {join_names(list(bands))}: {metric_words(metric)} over the number of labels."
    wide, narrow = (partial(_draw_curves, [panels], list(bands), width) for width in (WIDE, NARROW))
    return paint(name, alt, wide, narrow)


def curves_caption(seeds: int, against: str | None) -> str:
    """What stands under the figure; ``against`` None where nothing is compared."""
    spread = "bands are 95 % t intervals of the mean."
    if seeds < FEW_SEEDS:
        spread = "thin lines are the single seeds, too few for bands that say something."
    words = f"Means over seeds on the test set; {spread}" if seeds > 1 else "On the test set; one seed, hence no bands."
    if against is None:
        return words
    beneath = "taken within each seed, where split and starting set are the same."
    return f"{words} Beneath: the difference to {against}, {beneath}"


def _column(rows: Sequence[Row], metric: str, against: str) -> list[Panel]:
    found = curves(rows, metric)
    top = _panel(f"{title_case(metric_words(metric))}, %", found, False)
    if not top.bands:
        return []
    gaps = {name: difference_curves(seeds, found.get(against, {})) for name, seeds in found.items() if name != against}
    below = _panel(f"Difference to {cut(against, LETTERS)}, points", gaps, True)
    return [top, below] if below.bands else [top]


def _panel(title: str, found: Mapping[str, Curves], gap: bool) -> Panel:
    bands = {name: mean for name, seeds in found.items() if (mean := band(seeds.values()))}
    few = {name: list(found[name].values()) for name, mean in bands.items() if 1 < mean.seeds < FEW_SEEDS}
    return Panel(title, bands, few, gap)


def _draw_curves(columns: Columns, strategies: Sequence[str], width: float, theme: Theme) -> Figure:
    """Metrics side by side, each with its differences beneath; in a narrow figure one above the other."""
    names, wear = short_names(strategies), choose_looks(strategies, theme)
    wide, tall = width == WIDE, TALL[width][: len(columns[0])]
    direct = wide and len(strategies) <= DIRECT and max(map(len, names.values())) <= LETTERS
    legend = 0.0 if direct else LEGEND_ROW * math.ceil(len(names) / _abreast(width, names)) + (0.15 if wide else 0.0)
    block = sum(tall) + (TITLE + BELOW) * len(tall) + legend  # inches of one metric
    figure = sheet(block if wide else block * len(columns), theme, width)
    each, height = width / len(columns) if wide else width, figure.get_figheight()
    for i, column in enumerate(columns):
        left, top = (i * each, height) if wide else (0.0, height - i * block)
        if not wide:  # over each metric, for on a phone one sees no more than that at once
            _legend(figure, names, wear, (0.02, top / height), theme)
            top -= legend
        for panel, inches in zip(column, tall, strict=True):
            top -= TITLE + inches
            size = each - TICKS - (NAMES if direct else AIR)
            box = ((left + TICKS) / width, top / height, size / width, inches / height)
            axes = style_axes(figure.add_axes(box), theme, caption(panel.title))
            _plot(axes, panel, wear, theme)
            if direct:
                _label_ends(axes, panel, {name: (names[name], wear[name]) for name in panel.bands}, theme)
            top -= BELOW
        axes.set_xlabel("labels", color=theme.muted, fontsize=9.5)
    if wide and not direct:
        _legend(figure, names, wear, None, theme)
    return figure


def _abreast(width: float, names: Mapping[str, str]) -> int:
    """Names side by side in a legend: on a phone two short ones, or one."""
    if width == WIDE:
        return 4
    return 2 if max(map(len, names.values()), default=0) <= SHORT else 1


def _plot(axes: Axes, panel: Panel, wear: Mapping[str, Look], theme: Theme) -> None:
    if panel.gap:
        axes.axhline(0, color=theme.ink, linewidth=1.2, dashes=(4, 2))
    for name, found in panel.bands.items():
        look, mark = wear[name], "o" if len(found.labelled) < 4 else None
        axes.plot(
            found.labelled, 100 * found.mean, color=look.colour, linestyle=look.dash, linewidth=look.width,
            marker=mark, markersize=4, zorder=3 if name == NEUTRAL else 4,
        )  # fmt: skip
        for curve in panel.seeds.get(name, ()):
            axes.plot(curve.labelled, 100 * curve.values, color=look.colour, linewidth=0.8, alpha=0.55, zorder=2)
        if found.seeds >= FEW_SEEDS:
            alpha = max(0.03, 0.14 if len(panel.bands) <= 4 else 0.4 / len(panel.bands))
            axes.fill_between(
                found.labelled, 100 * found.low, 100 * found.high, color=look.colour, alpha=alpha, linewidth=0
            )
    axes.set_ylim(*_curve_limits(panel))
    _say_what_is_cut(axes, panel, theme)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _curve_limits(panel: Panel) -> tuple[float, float]:
    """The range of the means, of single seeds, and of bands, but no more of bands than of means."""
    single = [curve.values for some in panel.seeds.values() for curve in some]
    means = 100 * np.concatenate([*(found.mean for found in panel.bands.values()), *single])
    low, high = np.nanmin(means), np.nanmax(means)
    reach = max(high - low, 2.0)
    edges = [(100 * np.nanmin(found.low), 100 * np.nanmax(found.high)) for found in _drawn_bands(panel)]
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
    if any(100 * np.nanmin(found.low) < low or 100 * np.nanmax(found.high) > high for found in _drawn_bands(panel)):
        axes.annotate(
            "bands reach further", (1, 0), (0, -20), xycoords="axes fraction", textcoords="offset points",
            fontsize=8.5, color=theme.muted, ha="right", va="top", annotation_clip=False,
        )  # fmt: skip


def _drawn_bands(panel: Panel) -> list[Band]:
    return [found for found in panel.bands.values() if found.seeds >= FEW_SEEDS]


def _label_ends(axes: Axes, panel: Panel, text: Mapping[str, tuple[str, Look]], theme: Theme) -> None:
    """Write each line's name beside its end, moved up or down where names would overlap."""
    (low, high), inches = axes.get_ylim(), axes.get_position().height * axes.figure.get_figheight()  # type: ignore[union-attr]
    wide = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    ends = {name: (100 * found.mean[-1] - low) / (high - low) for name, found in panel.bands.items()}
    order = sorted(ends, key=lambda name: ends[name])
    for name, place in zip(order, place_apart([ends[name] for name in order], LABEL_HEIGHT / inches), strict=True):
        found, (words, look) = panel.bands[name], text[name]
        axes.annotate(
            caption(words), (found.labelled[-1], 100 * found.mean[-1]), (1 + AWAY / wide, place),
            textcoords="axes fraction", fontsize=9, color=letter_colour(look.colour, theme), va="center",
            annotation_clip=False,
            # Without relpos the line aims at the middle of the text, and so runs into the names above or below.
            arrowprops={
                "arrowstyle": "-", "color": look.colour, "linewidth": 1.3, "shrinkA": 1, "shrinkB": 1,
                "relpos": (0, 0.5),
            },
        )  # fmt: skip


def place_apart(places: Sequence[float], gap: float) -> list[float]:
    """Ascending places between 0 and 1, moved as little as need be until they are ``gap`` apart.

    >>> place_apart([0.5, 0.5], 0.25)
    [0.375, 0.625]
    """
    groups: list[list[float]] = []  # runs of labels that touch: [sum of where each wants the run to begin, count]
    for place in places:
        groups.append([place, 1.0])
        while len(groups) > 1 and _lowest(groups[-2], gap) + groups[-2][1] * gap > _lowest(groups[-1], gap):
            wish, count = groups.pop()
            groups[-1][0] += wish - groups[-1][1] * gap * count
            groups[-1][1] += count
    return [_lowest(group, gap) + k * gap for group in groups for k in range(int(group[1]))]


def _lowest(group: Sequence[float], gap: float) -> float:
    """Where a run of touching labels begins: as near to all their wishes as fits into the axes."""
    total, count = group
    return max(min(total / count, 1.0 - gap * (count - 1)), 0.0)


def _legend(
    figure: Figure, names: Mapping[str, str], wear: Mapping[str, Look], corner: tuple[float, float] | None, theme: Theme
) -> None:
    """A legend under the figure, or with its upper left corner where one is given, in shares of the figure."""
    lines = [Line2D([], [], color=wear[name].colour, linestyle=wear[name].dash, linewidth=1.9) for name in names]
    where = {"loc": "lower center"} if corner is None else {"loc": "upper left", "bbox_to_anchor": corner}
    words = [caption(text) for text in names.values()]
    legend = figure.legend(
        lines, words, **where, ncol=min(_abreast(figure.get_figwidth(), names), len(names)), frameon=False, fontsize=9,
        handlelength=3.2, borderaxespad=0,
    )  # fmt: skip
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_color(letter_colour(wear[name].colour, theme))
