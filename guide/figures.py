"""The guide's pictures, drawn anew by ``python guide/figures.py`` (or some: ``… figures.py toy-margin badge``).

``toy-<strategy>``, for each in docs/gallery.md, shows what it asks for on the toy of `toy.py`, round by round: the
labels so far by class, the model that they give (its regions as a tint, its boundary as a line), and what is asked
next. Nothing is arranged for the strategies' sake: panels show seed 0, ``toy-curves`` what came of 50 seeds.

``uncertainty`` and ``badge`` explain: the three uncertainty scores, and what BADGE (Ash et al., 2020) sees of a pool.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from skactiveml.pool import uncertainty_scores
from toy import CLASSES, GALLERY, NAMES, REACH, Floats, Ids, Seen, Toy, accuracy, drawn, played, rows, seen

from nextlabel import Round
from nextlabel.report.drawing import WIDE, Picture, Theme, choose_looks, clear_axes, learning_curves, paint, sheet

FOLDER = Path(__file__).parent / "pictures"
SEED, SEEDS = 0, range(50)  # of the panels, and of the curves
ROUNDS = (0, 1, 2, 4, 8)  # rounds

WORDS = {
    "random": "asks anywhere, whatever the model thinks",
    "least_confident": "asks where the likeliest class is least likely",
    "margin": "asks where the two likeliest classes are nearly tied",
    "entropy": "asks where the model is torn between all classes",
    "badge": "asks what would move the model far, each in another direction",
    "coreset": "asks what lies farthest from all labels",
    "typiclust": "asks the most typical sample of each large cluster that has no label",
    "probcover": "asks what has most around it that no label covers yet",
    "maxherding": "asks what brings the whole pool nearest to a label",
    "uherding": "covers the pool as maxherding does, what is uncertain first",
    "bald": "asks where a committee of models disagrees",
    "powerbald": "draws by how much a committee of models disagrees",
    "batchbald": "asks what a committee of models disagrees about as a batch",
    "auto": "covers like maxherding until there are five labels per class, then asks like margin",
}
MARKS = ("o", "^", "s")  # one shape per class

# The triangle of predictions
CORNERS = np.array([(0.0, 0.0), (1.0, 0.0), (0.5, 0.75**0.5)])
SCORES = {  # scikit-activeml's names, and what they compute
    "least_confident": ("least_confident", "1 − p₁"),
    "margin": ("margin_sampling", "1 − (p₁ − p₂)"),
    "entropy": ("entropy", "−Σ p log p"),
}
PREDICTIONS = {"a": (0.49, 0.49, 0.02), "b": (0.42, 0.4, 0.18), "c": (0.44, 0.28, 0.28)}


def toy_picture(name: str) -> Picture:
    """A row of panels, one round each, from the starting labels on."""
    alt = (
        f"What {name} asks for on a toy of three classes in the plane, in rounds {', '.join(map(str, ROUNDS))}: "
        "the pool, the labels so far, the model's regions, and the samples asked next."
    )
    return paint(f"toy-{name}", alt, partial(_draw_toy, name))


def _draw_toy(name: str, theme: Theme) -> Figure:
    height, side, gap, toy = 3.15, 2.1, 0.1, drawn(SEED)  # inches
    figure, colour = sheet(height, theme), colour_of(name, theme)
    left = (WIDE - len(ROUNDS) * side - (len(ROUNDS) - 1) * gap) / 2
    _heading(figure, left, height - 0.27, name, theme)
    for k, number in enumerate(ROUNDS):
        step = played(name, SEED)[number]
        box = ((left + k * (side + gap)) / WIDE, 0.42 / height, side / WIDE, side / height)
        axes = scene(figure.add_axes(box), toy, step, theme)
        draw_asked(axes, toy.places[step.asked.ids], colour, theme)
        words = f"{len(step.pool.labelled())} labels, {100 * accuracy(step, toy):.0f} %"
        axes.set_title(f"round {number}", loc="left", fontsize=9.5, color=theme.ink, pad=4)
        axes.set_title(words, loc="right", fontsize=9.5, color=theme.muted, pad=4)
    _key(figure, colour, theme)
    return figure


def _heading(figure: Figure, x: float, y: float, name: str, theme: Theme) -> None:
    at = y / figure.get_figheight()
    bold = figure.text(x / WIDE, at, name, fontsize=13, fontweight="bold", color=theme.ink)
    end = bold.get_window_extent().x1 / figure.bbox.width
    figure.text(end + 0.013, at, WORDS[name], fontsize=10.5, color=theme.muted)
    note = "over each panel: labels so far, test accuracy"
    figure.text(1 - x / WIDE, at, note, fontsize=9.5, color=theme.muted, ha="right")


def scene(axes: Axes, toy: Toy, step: Round, theme: Theme) -> Axes:
    """Regions, pool and labelled samples of one round."""
    plane(axes, theme)
    regions(axes, step, theme)
    dots(axes, toy.places, s=4, color=theme.middle, alpha=0.8, linewidths=0)
    known = step.pool.labelled()
    for code, (mark, colour) in enumerate(zip(MARKS, class_colours(theme), strict=True)):
        places = toy.places[known[toy.y[known] == code]]
        dots(axes, places, s=24, marker=mark, color=colour, edgecolors=theme.paper, linewidths=0.7, zorder=4)
    return axes


def plane(axes: Axes, theme: Theme) -> Axes:
    """Axes over the part of the plane that is shown."""
    clear_axes(axes, theme)
    axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=[], yticks=[])
    return axes


def lattice() -> Floats:
    """Places (161, 161, 2) all over the plane."""
    line = np.linspace(-REACH, REACH, 161)
    return np.stack(np.meshgrid(line, line), axis=-1)


def colour_of(name: str, theme: Theme) -> str:
    """A strategy's colour, as in the report; beyond the guide's five, those of the four that ask take turns."""
    turn = GALLERY.index(name)
    wearer = NAMES[1 + (turn - 1) % (len(NAMES) - 1)] if turn else name
    return choose_looks(NAMES, theme)[wearer].colour


def class_colours(theme: Theme) -> tuple[str, str, str]:
    """Those of the palette that no strategy wears."""
    return theme.palette[4], theme.palette[5], theme.palette[6]


def regions(axes: Axes, step: Round, theme: Theme) -> None:
    """A tint where the model would say each class, and a line where it changes its mind."""
    grid = lattice()
    proba = step.fitted.clf.predict_proba(seen(grid.reshape(-1, 2))).reshape(*grid.shape[:2], -1)
    for code, colour in enumerate(class_colours(theme)):
        lead = proba[..., code] - np.delete(proba, code, axis=2).max(axis=2)
        axes.contourf(grid[..., 0], grid[..., 1], lead, [0, 1], colors=[colour], alpha=0.13, zorder=0)
        axes.contour(grid[..., 0], grid[..., 1], lead, [0], colors=[theme.muted], linewidths=0.9, zorder=1)


def dots(axes: Axes, places: Floats, **looks_like: Any) -> None:
    """A scatter of (n, 2) places."""
    axes.scatter(places[:, 0], places[:, 1], **looks_like)


def draw_asked(axes: Axes, places: Floats, colour: str, theme: Theme) -> None:
    """The samples asked, in the strategy's colour with a halo."""
    dots(axes, places, s=190, color=colour, alpha=0.22, linewidths=0, zorder=5)
    dots(axes, places, s=46, color=colour, edgecolors=theme.paper, linewidths=1, zorder=6)


def _key(figure: Figure, colour: str, theme: Theme) -> None:
    dot = partial(Line2D, [], [], linestyle="")
    marks = [dot(marker=".", color=theme.middle, markersize=6)]
    marks += [dot(marker=m, color=c, markersize=6) for m, c in zip(MARKS, class_colours(theme), strict=True)]
    marks += [Line2D([], [], color=theme.muted, linewidth=0.9), dot(marker="o", color=colour, markersize=7.5)]
    words = ["pool", *(f"labelled {name}" for name in CLASSES), "the model's boundary", "asked now"]
    _legend(figure, marks, words, theme)


def _legend(figure: Figure, marks: Sequence[Line2D], words: Sequence[str], theme: Theme) -> None:
    figure.legend(
        marks, words, loc="lower center", ncol=len(words), frameon=False, fontsize=9.5, labelcolor=theme.muted,
        handletextpad=0.4, columnspacing=1.8, handlelength=1.4,
    )  # fmt: skip


def toy_curves(seeds: Sequence[int] = SEEDS) -> Picture:
    """Accuracy over labels on the toy, averaged over seeds: each has a pool, a start and a test set of its own."""
    found = learning_curves(rows(seeds), NAMES)
    assert found is not None
    alt = (
        f"Test accuracy of the five strategies on the toy over the number of labels, means of {len(seeds)} seeds with "
        "95 % bands; beneath it the difference to random, paired by seed."
    )
    return replace(found, name="toy-curves", alt=alt)


def uncertainty_picture() -> Picture:
    """Three scores on the triangle of all predictions for three classes, and which of three predictions they ask."""
    alt = (
        "Least confident, margin and entropy on the triangle of probabilities of three classes. Of three predictions, "
        "least confident would ask b first, margin a, entropy c."
    )
    return paint("uncertainty", alt, _draw_uncertainty)


def uncertainty(method: str, proba: Floats) -> Floats:
    """Scores (n,) of predictions (n, 3) as the strategies compute them, divided by the largest: that of a full tie."""
    scores: Floats = uncertainty_scores(np.vstack([proba, np.full(3, 1 / 3)]), method=method)
    shares: Floats = scores[:-1] / scores[-1]
    return shares


def _draw_uncertainty(theme: Theme) -> Figure:
    height = 3.95
    figure = sheet(height, theme)
    for k, (name, (method, formula)) in enumerate(SCORES.items()):
        axes = clear_axes(figure.add_axes((0.015 + k * 0.335, 0.4 / height, 0.3, 3.15 / height)), theme)
        axes.set(xlim=(-0.06, 1.06), ylim=(-0.1, 0.97), aspect="equal", xticks=[], yticks=[])
        axes.set_title(name, loc="left", fontsize=12, fontweight="bold", color=theme.ink, pad=8)
        axes.set_title(formula, loc="right", fontsize=11, color=theme.muted, pad=8)
        _triangle(axes, method, colour_of(name, theme), theme)
        _three(axes, method, theme)
    shade = {"light": "darker", "dark": "brighter"}[theme.name]
    words = f"each point is a prediction; {shade} is more uncertain; p₁ ≥ p₂ ≥ p₃ are its probabilities in order"
    figure.text(0.5, 0.15 / height, words, fontsize=9.5, color=theme.muted, ha="center")
    return figure


def _triangle(axes: Axes, method: str, colour: str, theme: Theme) -> None:
    steps = 180
    proba = np.array([(i, k, steps - i - k) for i in range(steps + 1) for k in range(steps + 1 - i)]) / steps
    x, y = (proba @ CORNERS).T
    shades = LinearSegmentedColormap.from_list("", [theme.soft, colour])
    scores = uncertainty(method, proba)
    axes.tricontourf(x, y, scores, np.linspace(0, 1.0001, 11), cmap=shades)
    axes.tricontour(x, y, scores, np.linspace(0.1, 0.9, 9), colors=[theme.paper], linewidths=0.8)
    axes.fill(*CORNERS.T, fill=False, edgecolor=theme.faint, linewidth=1)
    for (right, up), word, align in zip(CORNERS, CLASSES, ("left", "right", "center"), strict=True):
        where = (right + {"left": -0.04, "right": 0.04}.get(align, 0), up + (0.035 if up else -0.035))
        words, rise = f"surely {word}", "bottom" if up else "top"
        axes.text(*where, words, fontsize=9.5, color=theme.muted, ha=align, va=rise)


def _three(axes: Axes, method: str, theme: Theme) -> None:
    """The three predictions, with a ring around the one that the score is largest for."""
    proba = np.array(list(PREDICTIONS.values()))
    first = int(uncertainty(method, proba).argmax())
    dots(axes, proba[[first]] @ CORNERS, s=230, facecolors="none", edgecolors=theme.ink, linewidths=1.8, zorder=4)
    dots(axes, proba @ CORNERS, s=30, color=theme.ink, edgecolors=theme.paper, linewidths=0.9, zorder=5)
    halo = [withStroke(linewidth=1.6, foreground=theme.paper)]
    for word, place in zip(PREDICTIONS, proba @ CORNERS, strict=True):
        axes.annotate(
            word, tuple(place), (-15 if word == "c" else 15, -1), textcoords="offset points", fontsize=12,
            color=theme.ink, fontweight="bold", ha="center", va="center", path_effects=halo, zorder=6,
        )  # fmt: skip
    axes.text(1.06, 0.8, f"asks {list(PREDICTIONS)[first]} first", fontsize=10.5, color=theme.ink, ha="right")


def embed(proba: Floats, h: Seen) -> Floats:
    """BADGE's gradient embeddings (n, C d): (p − e) ⊗ h with e the likeliest class, the loss's gradient in the head's
    weights if that class were the label."""
    residual = proba - np.eye(proba.shape[1])[proba.argmax(axis=1)]  # (n, C)
    g: Floats = (residual[:, :, None] * h[:, None, :]).reshape(len(proba), -1)
    return g


def badge_picture() -> Picture:
    """How long gradient embeddings are over the plane, and the batch that k-means++ spreads over them."""
    alt = (
        "BADGE in the first round of the toy. Left, the length of the gradient embedding over the plane, long where "
        "the model is unsure, with the six samples asked and the six longest. Right, the embeddings of the pool in two "
        "dimensions: one bundle per predicted class, and the six asked are spread over them."
    )
    return paint("badge", alt, _draw_badge)


def _draw_badge(theme: Theme) -> Figure:
    height, side, wide, low = 5.35, 4.4, 5.6, 0.5  # inches
    figure, step = sheet(height, theme), played("badge", SEED)[0]
    ids = step.pool.unlabelled()
    proba = step.fitted.clf.predict_proba(step.fitted.features[ids])
    g = embed(proba, step.fitted.features[ids])  # (n, C d)
    chosen = np.searchsorted(ids, step.asked.ids)
    longest = np.argsort(-np.linalg.norm(g, axis=1), kind="stable")[: len(chosen)]
    left = plane(figure.add_axes((0.25 / WIDE, low / height, side / WIDE, side / height)), theme)
    _lengths(left, step, theme)
    _picks(left, drawn(SEED).places[ids], chosen, longest, theme)
    right = clear_axes(figure.add_axes((5.1 / WIDE, low / height, wide / WIDE, side / height)), theme)
    _picks(right, _directions(right, g, proba.argmax(axis=1), theme), chosen, longest, theme)
    _badge_key(figure, theme)
    return figure


def _lengths(axes: Axes, step: Round, theme: Theme) -> None:
    """The length over the plane, in greys, so that what is asked keeps its colour."""
    grid = lattice()
    h = seen(grid.reshape(-1, 2))
    length = np.linalg.norm(embed(step.fitted.clf.predict_proba(h), h), axis=1).reshape(grid.shape[:2])
    shades = LinearSegmentedColormap.from_list("", [theme.soft, theme.faint])
    axes.contourf(grid[..., 0], grid[..., 1], length, 9, cmap=shades)
    dots(axes, drawn(SEED).places, s=5, color=theme.muted, alpha=0.6, linewidths=0)
    axes.set_title("how long", loc="left", fontsize=12, fontweight="bold", color=theme.ink, pad=8)
    note = f"over the plane; {'darker' if theme.name == 'light' else 'brighter'} is longer"
    axes.set_title(note, loc="right", fontsize=9.5, color=theme.muted, pad=8)


def _directions(axes: Axes, g: Floats, predicted: Ids, theme: Theme) -> Floats:
    """The embeddings in two dimensions; returns their places (n, 2)."""
    flat, share = flatten(g)
    for code, (mark, colour) in enumerate(zip(MARKS, class_colours(theme), strict=True)):
        dots(axes, flat[predicted == code], s=12, marker=mark, color=colour, alpha=0.65, linewidths=0)
    axes.scatter(0, 0, s=70, marker="+", color=theme.muted, linewidths=1.2)
    axes.set(xticks=[], yticks=[])
    axes.margins(0.07)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title("which way", loc="left", fontsize=12, fontweight="bold", color=theme.ink, pad=8)
    note = f"the pool in 2 of {g.shape[1]} dimensions, {100 * share:.0f} % of its squared length"
    axes.set_title(note, loc="right", fontsize=9.5, color=theme.muted, pad=8)
    return flat


def flatten(g: Floats) -> tuple[Floats, float]:
    """The two directions in which embeddings (n, D) are longest, as (n, 2), and their share of the squared length.

    Not centred: a sample that the model is sure of stays at the origin.
    """
    _, sizes, axes = np.linalg.svd(g, full_matrices=False)
    top = axes[:2] * np.sign(axes[:2][[0, 1], np.abs(axes[:2]).argmax(axis=1)])[:, None]  # a sign that does not waver
    return g @ top.T, float((sizes[:2] ** 2).sum() / (sizes**2).sum())


def _picks(axes: Axes, places: Floats, chosen: Ids, longest: Ids, theme: Theme) -> None:
    """The batch, numbered in the order of the draw, and rings around what length alone would ask."""
    draw_asked(axes, places[chosen], colour_of("badge", theme), theme)
    dots(axes, places[longest], s=75, facecolors="none", edgecolors=theme.ink, linewidths=1.1, zorder=6)
    halo = [withStroke(linewidth=2.4, foreground=theme.paper)]
    for k, place in enumerate(places[chosen], 1):
        axes.annotate(
            str(k), tuple(place), (9, 5), textcoords="offset points", fontsize=10.5, fontweight="bold",
            color=theme.ink, path_effects=halo, zorder=7,
        )  # fmt: skip


def _badge_key(figure: Figure, theme: Theme) -> None:
    dot = partial(Line2D, [], [], linestyle="")
    marks = [dot(marker="o", color=colour_of("badge", theme), markersize=7.5)]
    marks += [dot(marker="o", markerfacecolor="none", markeredgecolor=theme.ink, markersize=8)]
    marks += [dot(marker=m, color=c, markersize=6) for m, c in zip(MARKS, class_colours(theme), strict=True)]
    marks += [dot(marker="+", color=theme.muted, markersize=8)]
    words = [
        "asked, in this order",
        "the six longest",
        *(f"predicted {name}" for name in CLASSES),
        "length 0: the model is sure",
    ]
    _legend(figure, marks, words, theme)


PICTURES: dict[str, Callable[[], Picture]] = {
    **{f"toy-{name}": partial(toy_picture, name) for name in GALLERY},
    "toy-curves": toy_curves,
    "uncertainty": uncertainty_picture,
    "badge": badge_picture,
}


def main(names: Sequence[str]) -> None:
    """Draw the named pictures, or all, into ``guide/pictures``."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or PICTURES:
        found = PICTURES[name]()
        for theme, data in (("light", found.light), ("dark", found.dark)):
            (FOLDER / f"{name}-{theme}.png").write_bytes(data)
        print(f"{name}: {found.alt}")


if __name__ == "__main__":
    main(sys.argv[1:])
