"""The page of a receipt: how good the model of a labelling is, for somebody who was not there."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nextlabel import __version__
from nextlabel.report.paths import hide_folders
from nextlabel.report.templates import template
from nextlabel.text import several

WIDTH, HEIGHT, LEFT = 600, 180, 40
MOST_CONFUSIONS = 8

NEVER = (
    "How often the model is right on the labels that it chose to ask: it asks what is hard, so that says nothing "
    "about the rest.",
    "How often it is right on what it has learned: it knows these answers.",
    "How sure it is of itself: that was off by 27 points in trials.",
    "An interval that is only right for a single look: people look more often than once.",
    "Labels saved, drawn out beyond what was seen: no trial of it was both narrow and right.",
)


class Curve(NamedTuple):
    """The looks as a drawing: points of an area and of a line, as SVG writes them, and the ends of the axis."""

    area: str
    line: str
    dots: Sequence[tuple[float, float]]
    first: int
    last: int


def receipt_page(found: Mapping[str, Any]) -> str:
    """The page as HTML, whole by itself."""
    html: str = template("receipt.html.j2").render(
        found=found,
        name=hide_folders(found["project"]),
        headline=found["lines"][0]["words"] if found["lines"] else "Nothing has been asked yet.",
        lead=lead(found),
        lines=found["lines"][1:],
        first=found["lines"][0] if found["lines"] else None,
        curve=draw_curve(found["curve"]),
        confusions=found["confusions"][:MOST_CONFUSIONS],
        never=NEVER,
        version=__version__,
    )
    return html


def lead(found: Mapping[str, Any]) -> str:
    """What was done so far."""
    minutes = round(found["seconds"] / 60)
    time = f", in {several(minutes, 'minute')}" if minutes else ""
    return f"{found['labels']:,} of {several(found['samples'], found['noun'])} labelled{time}."


def draw_curve(looks: Sequence[Mapping[str, Any]]) -> Curve | None:
    """The interval at each look, over the number of audit answers; None of fewer than two."""
    if len(looks) < 2:
        return None
    first, last = looks[0]["audit"], looks[-1]["audit"]

    def point(look: Mapping[str, Any], name: str) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - 20) * (look["audit"] - first) / (last - first)
        return round(x, 1), round(10 + (HEIGHT - 40) * (1 - look[name]), 1)

    area = [*(point(look, "high") for look in looks), *(point(look, "low") for look in reversed(looks))]
    middle = [point(look, "value") for look in looks]
    return Curve(_points(area), _points(middle), middle, first, last)


def _points(found: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in found)
