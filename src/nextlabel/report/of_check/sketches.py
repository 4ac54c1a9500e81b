"""Small pictures of what an indicator measured: shapes that the page writes as SVG, in its own colours.

Each is drawn in a box of 320 by 150, and shown about as large, so that letters stay as they are on a phone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

WIDTH, HEIGHT = 320, 150
LEFT, RIGHT, TOP, BOTTOM = 36, 310, 22, 120  # of the axes
MAIN, OTHER = "main", "other"  # what it is about, and what it is compared with
MOST_BARS = 40
Found = Mapping[str, Any]


class Shape(NamedTuple):
    """A ``line`` or an ``area`` of points as SVG writes them, in the colour of ``style``."""

    kind: str
    style: str
    points: str


class Bar(NamedTuple):
    """A rectangle."""

    style: str
    x: float
    y: float
    width: float
    height: float


class Text(NamedTuple):
    """A few letters at a place; ``anchor`` as SVG has it."""

    x: float
    y: float
    words: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Sketch:
    """A small picture: ``alt`` for those who do not see it, ``keys`` the names of its two colours."""

    alt: str
    shapes: Sequence[Shape] = ()
    bars: Sequence[Bar] = ()
    dots: Sequence[tuple[float, float]] = ()
    rules: Sequence[float] = ()  # heights of faint lines
    texts: Sequence[Text] = ()
    keys: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Frame:
    """Axes: what lies at their ends."""

    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies in the picture; one outside the axes at their edge."""
        across, up = _share(x, self.x), _share(y, self.y)
        return round(LEFT + (RIGHT - LEFT) * across, 1), round(BOTTOM - (BOTTOM - TOP) * up, 1)

    def points(self, x: Sequence[float], y: Sequence[float]) -> str:
        """Points as SVG writes them."""
        return " ".join(f"{a},{b}" for a, b in (self.at(*pair) for pair in zip(x, y, strict=True)))


def _share(value: float, ends: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (value - ends[0]) / ((ends[1] - ends[0]) or 1.0)))


def draw_sketch(name: str, found: Found) -> Sketch | None:
    """The picture of a reason; None where nothing was measured that can be drawn."""
    if name == "convergence":
        return _draw_gap(found)
    draw = SKETCHES.get(name)
    return None if draw is None else draw(found["indicators"][name], found)


def _headroom(one: Found, _: Found) -> Sketch:
    (sizes, errors), (at, law) = one["curves"]["measured"], one["curves"]["expected"]
    frame = Frame((0, max(at[-1], sizes[-1])), (0, max(*errors, *law, 0.02)))
    return Sketch(
        "The error by the number of labels: measured on parts of the pilot, and expected up to the budget.",
        shapes=[Shape("line", MAIN, frame.points(at, law))],
        dots=[frame.at(*pair) for pair in zip(sizes, errors, strict=True)],
        **_scales(frame, "labels drawn at random", "% wrong"),
        keys={MAIN: "dots measured, line expected"},
    )


def _reliability(one: Found, _: Found) -> Sketch:
    errors = one["curves"]["errors"][1]
    frame = Frame((0, len(errors)), (0, max(*errors, 0.1)))
    return Sketch(
        "The share of wrong answers in fifths of the pilot, from the surest to the least sure.",
        bars=_columns(errors, frame),
        rules=_rules(frame),
        texts=[
            *_heights(frame, "% wrong"),
            Text(LEFT, 138, "surest fifth", "start"),
            Text(RIGHT, 138, "least sure", "end"),
        ],
    )


def _noise(one: Found, _: Found) -> Sketch:
    (x, every), (_, doubtful) = one["curves"]["all"], one["curves"]["uncertain"]
    last = max(i for i, height in enumerate(every) if height > 0 or doubtful[i] > 0 or not i) + 1
    x, every, doubtful = x[:last], every[:last], doubtful[:last]
    frame = Frame((0, max(x[-1], 1.5)), (0, max(*every, *doubtful, 1e-9)))
    ends = [x[0], *x, x[-1]]
    return Sketch(
        "How far samples lie from their tenth neighbour: all of them, and the least certain.",
        shapes=[
            Shape("area", OTHER, frame.points(ends, [0, *every, 0])),
            Shape("line", MAIN, frame.points(x, doubtful)),
        ],
        texts=[
            Text(frame.at(1, 0)[0], 138, "usual"),
            Text(RIGHT, 138, f"{frame.x[1]:.1f} times", "end"),
        ],
        rules=[BOTTOM],
        keys={MAIN: "least certain", OTHER: "all samples"},
    )


def _epistemic(one: Found, _: Found) -> Sketch:
    share = min(1.0, max(0.0, one["value"]))
    return Sketch(
        "The part of the model's doubt that labels could remove.",
        bars=_stack_bars(share),
        texts=[Text(10, 56, f"{100 * share:.0f} % its own", "start"), Text(RIGHT, 56, "in the data", "end")],
    )


def _clusters(one: Found, _: Found) -> Sketch:
    low, high = one["interval"]
    reach = RIGHT - 10
    return Sketch(
        "How often the nearest neighbour has the same label, with its interval.",
        bars=[
            Bar("track", 10, 66, reach, 18),
            Bar("band", 10 + reach * low, 66, reach * (high - low), 18),
            Bar(MAIN, 10 + reach * one["value"] - 2, 62, 4, 26),
        ],
        texts=[Text(10, 104, "0", "start"), Text(10 + reach / 2, 104, "50"), Text(RIGHT, 104, "100", "end")],
    )


def _draw_gap(found: Found) -> Sketch | None:
    """The difference of the strategy that the forecast is about; None where no loop was played."""
    gaps, forecast = found["gaps"], found["forecast"]
    if not gaps:
        return None
    return _convergence(gaps[forecast["strategy"]] if forecast else next(iter(gaps.values())))


def _convergence(gap: Found) -> Sketch:
    low, high = min(*gap["low"], -0.01), max(*gap["high"], 0.01)
    frame = Frame((gap["labelled"][0], gap["labelled"][-1]), (low, high))
    x = gap["labelled"]
    area = frame.points([*x, *reversed(x)], [*gap["low"], *reversed(gap["high"])])
    zero = frame.at(0, 0)[1]
    edges = [Text(LEFT - 6, frame.at(0, y)[1] + 4, f"{100 * y:+.0f}".replace("-", "−"), "end") for y in (low, high)]
    return Sketch(
        "The difference to random, in points, by the number of labels, as played on the pilot's guess.",
        shapes=[Shape("area", "band", area), Shape("line", MAIN, frame.points(x, gap["mean"]))],
        rules=[zero],
        texts=[
            *(edge for edge in edges if abs(edge.y - 4 - zero) > 9),
            Text(LEFT - 6, zero + 4, "0", "end"),
            Text(LEFT, 138, f"{x[0]:.0f}", "start"),
            Text(RIGHT, 138, f"{x[-1]:.0f} labels", "end"),
        ],
        keys={MAIN: "points above random"},
    )


def _redundancy(one: Found, _: Found) -> Sketch:
    (x, ours), (_, theirs) = one["curves"]["chosen"], one["curves"]["random"]
    frame = Frame((0, max(x)), (0, max(*ours, *theirs, 1e-9)))
    return Sketch(
        "How much of the pool is covered by the number of samples: chosen for it, and drawn at random.",
        shapes=[
            Shape("line", OTHER, frame.points([0, *x], [0, *theirs])),
            Shape("line", MAIN, frame.points([0, *x], [0, *ours])),
        ],
        **_scales(frame, "samples", "% covered"),
        keys={MAIN: "chosen to cover", OTHER: "random"},
    )


def _imbalance(one: Found, _: Found) -> Sketch:
    shares = sorted(one["curves"]["shares"][1], reverse=True)[:MOST_BARS]
    frame = Frame((0, len(shares)), (0, max(shares)))
    many = one["value"] is not None
    return Sketch(
        f"The shares of {'classes' if many else 'clusters'}, the largest first.",
        bars=_columns(shares, frame),
        rules=_rules(frame),
        texts=[
            *_heights(frame, "% of the pilot" if many else "% of the pool"),
            Text(LEFT, 138, "largest " + ("class" if many else "cluster"), "start"),
            Text(RIGHT, 138, "smallest", "end"),
        ],
    )


def _dimension(one: Found, found: Found) -> Sketch:
    labels = found["pilot"] or found["budget"]
    dimension = one["facts"]["dimension"]
    most, reach = max(labels, dimension), RIGHT - 10
    return Sketch(
        "Labels beside the dimensions that the features spread over.",
        bars=[
            Bar(MAIN, 10, 40, max(2.0, reach * labels / most), 16),
            Bar(OTHER, 10, 96, max(2.0, reach * dimension / most), 16),
        ],
        texts=[
            Text(10, 32, f"{labels:,} labels", "start"),
            Text(10, 88, f"{dimension:,.0f} dimensions", "start"),
        ],
    )


def _stack_bars(share: float) -> list[Bar]:
    reach = RIGHT - 10
    return [Bar("track", 10, 66, reach, 18), Bar(MAIN, 10, 66, reach * share, 18)]


def _columns(values: Sequence[float], frame: Frame) -> list[Bar]:
    step = (RIGHT - LEFT) / len(values)
    tops = [frame.at(0, value)[1] for value in values]
    return [
        Bar(MAIN, round(LEFT + i * step + step * 0.1, 1), top, round(step * 0.8, 1), round(BOTTOM - top, 1))
        for i, top in enumerate(tops)
    ]


def _scales(frame: Frame, across: str, up: str) -> dict[str, Any]:
    ends = [Text(LEFT, 138, f"{frame.x[0]:.0f}", "start"), Text(RIGHT, 138, f"{frame.x[1]:,.0f} {across}", "end")]
    return {"rules": _rules(frame), "texts": [*_heights(frame, up), *ends]}


def _heights(frame: Frame, words: str) -> list[Text]:
    top = 100 * frame.y[1]
    ends = [Text(LEFT - 6, BOTTOM + 4, "0", "end"), Text(LEFT - 6, TOP + 4, f"{top:.0f}", "end")]
    return [*ends, Text(LEFT, 14, words, "start")]


def _rules(frame: Frame) -> list[float]:
    return [frame.at(0, height)[1] for height in (0, frame.y[1] / 2, frame.y[1])]


SKETCHES: Mapping[str, Callable[[Found, Found], Sketch]] = {
    "headroom": _headroom,
    "reliability": _reliability,
    "noise": _noise,
    "epistemic": _epistemic,
    "redundancy": _redundancy,
    "clusters": _clusters,
    "imbalance": _imbalance,
    "dimension": _dimension,
}
