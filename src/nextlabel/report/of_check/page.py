"""The page of a check: will asking help here, and why; for whoever decides what labels are paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nextlabel import __version__
from nextlabel.checking.forecast import about
from nextlabel.report.of_check.charts import Chart, draw_chart
from nextlabel.report.paths import hide_folders
from nextlabel.report.templates import template
from nextlabel.text import several
from nextlabel.wording.checking import Reason, describe_check, headline

LEANS = {-1: "against asking", 0: "neither", 1: "for asking", None: "no word"}
# What is drawn of an indicator: the words under it. Shares are shown in percent.
CAPTIONS: Mapping[str, tuple[str, bool]] = {
    "headroom": ("Error in percent over labels: measured on parts of the pilot, and expected.", True),
    "reliability": ("Share of errors in percent, over how much the model doubts, in fifths of the pilot.", True),
    "noise": ("How far samples lie from their tenth neighbour, relative to the median: all, and the uncertain.", False),
    "redundancy": ("How well the pool is covered, over labels: chosen, and drawn at random.", False),
    "imbalance": ("Shares in percent, class by class.", True),
}
WIDE, TALL = 640, 260
Found = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One reason with its picture, if it has one."""

    reason: Reason
    leaning: str
    chart: Chart | None
    caption: str


def check_page(found: Found) -> str:
    """The page as HTML, whole by itself; ``found`` is `Outlook.plain` with a name, a noun and lists."""
    html: str = template("check.html.j2").render(
        found=found,
        name=hide_folders(found["name"]),
        headline=headline(found),
        lead=lead(found),
        played=draw_played(found),
        parts=[_part(reason, found) for reason in describe_check(found)],
        near=found.get("near", ()),
        outliers=found.get("outliers", ()),
        trust=trust() if found["forecast"] else (),
        version=__version__,
    )
    return html


def lead(found: Found) -> str:
    """What was looked at."""
    pilot = f"a pilot of {found['pilot']:,} labels drawn at random" if found["pilot"] else "no labels"
    looked = f" ({found['looked_at']:,} of them looked at)" if found["looked_at"] < found["samples"] else ""
    return f"{several(found['samples'], found['noun'])}{looked}, {pilot}, a budget of {found['budget']:,} labels."


def draw_played(found: Found) -> Chart | None:
    """The curves of the loop that was played on the pilot's guess, with their bands."""
    played = found["played"]
    series = {name: (one["labelled"], one["mean"]) for name, one in played.items()}
    bands = {name: (one["low"], one["high"]) for name, one in played.items()}
    return draw_chart(series, bands, WIDE, TALL, percent=True)


def _part(reason: Reason, found: Found) -> Part:
    caption, percent = CAPTIONS.get(reason.name, ("", False))
    curves = found["indicators"].get(reason.name, {}).get("curves", {})
    chart = draw_chart(curves, percent=percent) if caption else None
    return Part(reason, LEANS[reason.leans], chart, caption)


def trust() -> Sequence[str]:
    """How far the forecast was off where it could be compared, in sentences."""
    found = about()["validation"]
    row = next(row for row in found["table"] if row["rule"] == found["shipped"])
    less, low, high = found["less_off"]
    return (
        f"It was fitted to {found['families']} families of data, {found['settings']} settings in all. Each foretold by a "
        f"rule that had not seen it, it is off by {row['mae'][0]:.1f} points of AUBC on average, and on the right side of "
        f"a quarter of a point in {100 * row['sign'][0]:.0f} of 100 cases.",
        f"From the error of the pilot alone it would be off by {less:.1f} points more [{low:.1f}, {high:.1f}].",
        "Few of these families were such that asking lost. A linear model, up to 400 labels; for others it is a guess.",
    )
