"""A map of the pool in two dimensions, and where on it each strategy asked."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from nextlabel import projection
from nextlabel.pool import Ids
from nextlabel.projection import Points, flatten
from nextlabel.report.drawing.letters import caption
from nextlabel.report.drawing.themes import (
    NARROW,
    WIDE,
    Picture,
    Theme,
    choose_looks,
    clear_axes,
    paint,
    sheet,
    short_names,
)
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.seeds import number, stream
from nextlabel.text import join_names

MOST_POINTS = 3_000  # points on the map
MOST_TSNE = 2_000  # t-SNE takes several times as long
FEWEST_POINTS = 10  # points; a map of fewer says nothing
NAMED_CLASSES = 12  # most classes whose names stand on the map


@dataclass(frozen=True)
class Chart:
    """Where samples lie: ``ids`` (m,) ascending, ``places`` (m, 2), and ``method``, how they got there."""

    ids: Ids
    places: Points
    method: str

    def of(self, ids: Ids) -> Points:
        """The places of those of the ids that are on the map."""
        return self.places[np.isin(self.ids, ids)]


@dataclass(frozen=True)
class Scene:
    """One panel: what a strategy knew in a round, and what it asked then."""

    strategy: str
    round: int
    labelled: Ids
    asked: Ids


def asking_map(run: Run, y: npt.NDArray[np.int64], features: npt.NDArray[Any]) -> tuple[Picture, str] | None:
    """The map of the first seed, one row per strategy, and the method's name; None where there is nothing to show."""
    rows, everything = scenes(run)
    if not rows or len(everything) < FEWEST_POINTS:
        return None
    asked = np.unique(np.concatenate([scene.asked for scene in rows]))
    chart = project(features, *choose_points(everything, asked, run.splits[0]["seed"]))
    names = _places_of_classes(chart, y, run.manifest["dataset"]["classes"])
    strategies = join_names(list(dict.fromkeys(scene.strategy for scene in rows)))
    alt = (
        f"A map of the pool by {chart.method}, with what {strategies} had labelled and asked next in the first, middle "
        "and last round."
    )
    wide, narrow = (partial(_draw, chart, rows, names, width) for width in (WIDE, NARROW))
    return paint("map", alt, wide, narrow), chart.method


def scenes(run: Run) -> tuple[list[Scene], Ids]:
    """The first, middle and last round that asked something, of each strategy under the first seed; and all ids shown:
    starting set, pool and nothing of test and validation."""
    first = run.splits[0]
    everything = np.setdiff1d(np.arange(run.manifest["dataset"]["n"]), [*first["test"], *first["val"]])
    picks: dict[str, list[Row]] = {}
    for row in run.picks:
        if row["seed"] == first["seed"] and row["ids"]:
            picks.setdefault(row["strategy"], []).append(row)
    found = []
    for name, rounds in picks.items():
        for k in sorted({0, (len(rounds) - 1) // 2, len(rounds) - 1}):
            labelled = [*first["start"], *itertools.chain.from_iterable(row["ids"] for row in rounds[:k])]
            found.append(Scene(name, rounds[k]["round"], _as_ids(labelled), _as_ids(rounds[k]["ids"])))
    return found, everything


def _as_ids(found: Sequence[int]) -> Ids:
    return np.array(found, dtype=np.int64)


def choose_points(everything: Ids, asked: Ids, seed: int) -> tuple[Ids, int, bool]:
    """At most `MOST_POINTS` ids (`MOST_TSNE` without UMAP), ascending.

    What was asked in the rounds shown (at most half of them), and a random rest.

    Returned with a seed for the projection, and whether UMAP is there to make it.
    """
    rng, umap = stream(seed, "map"), projection.find_umap() is not None
    most = MOST_POINTS if umap else MOST_TSNE
    if len(everything) > most:
        asked = np.sort(rng.permutation(asked)[: most // 2])
        rest = np.setdiff1d(everything, asked)
        everything = np.sort(np.concatenate([asked, rng.choice(rest, most - len(asked), replace=False)]))
    return everything, number(rng), umap


def project(features: npt.NDArray[Any], ids: Ids, seed: int, umap: bool) -> Chart:
    """Project (m, d) features to the plane; the same input gives the same map."""
    return Chart(ids, *flatten(features[ids], seed, umap))


def _places_of_classes(chart: Chart, y: npt.NDArray[np.int64], classes: Sequence[str]) -> dict[str, Points]:
    """Where a class's name stands: at its median sample. Nothing where there are too many to read."""
    if len(classes) > NAMED_CLASSES:
        return {}
    found = {}
    for code, name in enumerate(classes):
        own = chart.places[y[chart.ids] == code]
        if len(own):
            found[name] = own[np.argmin(((own - np.median(own, axis=0)) ** 2).sum(axis=1))]
    return found


def _draw(chart: Chart, rows: Sequence[Scene], names: Mapping[str, Points], width: float, theme: Theme) -> Figure:
    """One row per strategy; in a narrow figure its name stands over the row, and no class names in it."""
    strategies = list(dict.fromkeys(scene.strategy for scene in rows))
    across = max(sum(scene.strategy == name for scene in rows) for name in strategies)
    wide = width == WIDE
    tall, over = (2.65 if len(strategies) <= 4 else 2.0, 0.4) if wide else (1.15, 0.6)
    height = len(strategies) * (tall + over) + 0.55
    figure, wear, short = sheet(height, theme, width), choose_looks(strategies, theme), short_names(strategies)
    grid = figure.add_gridspec(
        len(strategies), across, left=0.01, right=0.99 if across > 1 else 0.5, wspace=0.05,
        top=1 - (over - 0.04) / height, bottom=0.5 / height, hspace=over / tall,
    )  # fmt: skip
    for i, name in enumerate(strategies):
        for k, scene in enumerate(one for one in rows if one.strategy == name):
            axes = clear_axes(figure.add_subplot(grid[i, k]), theme)
            title = f"at {len(scene.labelled)} labels" + (f", {len(scene.asked)} asked" if wide else "")
            axes.set_title(title, loc="right" if wide else "left", fontsize=8.5, color=theme.muted, pad=5)
            if k == 0:
                # In points over the axes: one line higher in a narrow figure, where the title needs the whole width.
                axes.annotate(
                    caption(short[name]), (0, 1), (0, 6 if wide else 20), xycoords="axes fraction",
                    textcoords="offset points", annotation_clip=False,
                    fontsize=11, color=theme.ink, fontweight="bold",
                )  # fmt: skip
            _scatter(axes, chart, scene, wear[name].colour, theme)
            for word, place in names.items() if wide else ():
                _name(axes, word, place, theme)
    _key(figure, wide, theme)
    return figure


def _scatter(axes: Axes, chart: Chart, scene: Scene, colour: str, theme: Theme) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlim(-0.04, 1.04)
    axes.set_ylim(-0.04, 1.04)
    axes.set_facecolor(theme.soft)
    dot = 5.0 if len(chart.ids) > 800 else 12.0
    labelled, asked = chart.of(scene.labelled), chart.of(scene.asked)
    axes.scatter(chart.places[:, 0], chart.places[:, 1], s=dot, color=theme.faint, alpha=0.55, linewidths=0)
    axes.scatter(labelled[:, 0], labelled[:, 1], s=9, color=theme.middle, linewidths=0)
    axes.scatter(
        asked[:, 0], asked[:, 1], s=34 if len(asked) <= 30 else 20, color=colour, edgecolors=theme.paper,
        linewidths=0.9, zorder=4,
    )  # fmt: skip


def _name(axes: Axes, word: str, place: Points, theme: Theme) -> None:
    x, y = place
    halo = [withStroke(linewidth=2.6, foreground=theme.soft)]
    words = caption(word, 14)
    axes.text(x, y, words, fontsize=8, color=theme.ink, ha="center", va="center", path_effects=halo, zorder=5)


def _key(figure: Figure, wide: bool, theme: Theme) -> None:
    kinds = (("pool", theme.faint, 4.0), ("labelled before", theme.middle, 4.0), ("asked now", theme.palette[0], 6.5))
    dots = [Line2D([], [], marker="o", linestyle="", color=colour, markersize=size) for _, colour, size in kinds]
    words = [word for word, *_ in kinds[:2]] + ["asked now" + (" (in the strategy's colour)" if wide else "")]
    figure.legend(
        dots, words, loc="lower center", ncol=3, frameon=False, fontsize=9, labelcolor=theme.muted,
        columnspacing=2.0 if wide else 1.0, handletextpad=0.8 if wide else 0.1,
    )  # fmt: skip
