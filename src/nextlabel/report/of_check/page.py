"""The page of a check: what may be expected of asking here, why, and how far that can be trusted."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nextlabel import __version__
from nextlabel.checking.forecast import about
from nextlabel.checking.self_simulation import SEEDS
from nextlabel.report.drawing.curves import band_curves
from nextlabel.report.drawing.themes import Picture
from nextlabel.report.of_check.sketches import Sketch, draw_sketch
from nextlabel.report.paths import hide_folders
from nextlabel.report.templates import template
from nextlabel.statistics.curves import Band
from nextlabel.text import join_names, several
from nextlabel.wording.checking import RANDOM, Reason, describe_check, say_expected, say_verdict

LEANINGS = {-1: ("down", "speaks against asking"), 0: ("", "speaks for neither"), 1: ("up", "speaks for asking")}
MEASURES = ("mae", "brier", "sign", "regret")
Found = Mapping[str, Any]


class Section(NamedTuple):
    """A reason with its picture; ``leaning`` a class of CSS and what it means for asking; None where that is open."""

    reason: Reason
    sketch: Sketch | None
    leaning: tuple[str, str] | None


class Trust(NamedTuple):
    """How far forecasts were off on families that they had not seen: sentences, and a table."""

    sentences: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str], bool]]
    command: str


def check_page(found: Found) -> str:
    """The page as HTML, whole by itself; ``found`` as `Outlook.plain` gives it, with names and lists beside it."""
    html: str = template("check.html.j2").render(
        found=found,
        name=hide_folders(found["name"]),
        verdict=say_verdict(found, 100 * found["margin"]),
        expected=say_expected(found),
        lead=lead(found),
        notes=[hide_folders(note) for note in found["notes"]],
        curves=draw_played(found),
        same=say_same(found["played"]),
        sections=[_section(reason, found) for reason in describe_check(found)],
        trust=say_trust(about().get("validation")) if found["forecast"] else None,
        plays=SEEDS,
        version=__version__,
    )
    return html


def lead(found: Found) -> str:
    """What was looked at."""
    pool, noun = several(found["samples"], found["noun"]), found["noun"]
    some = "" if found["looked_at"] == found["samples"] else f", of which {found['looked_at']:,} were looked at"
    if not found["pilot"]:
        return f"{pool}{some}, and no labels: what the vectors alone say."
    return f"{pool}{some}. The pilot: {several(found['pilot'], 'label')} of {noun}s drawn at random."


def draw_played(found: Found) -> Picture | None:
    """The curves of the loop that was played; None without a pilot."""
    if not found["played"]:
        return None
    return band_curves(_bands(found["played"]), _bands(found["gaps"]), found["metric"])


def say_same(played: Found) -> str:
    """Which strategies have one line, since all of them asked the same."""
    others = [arm for arm in played if arm != RANDOM]
    means = {tuple(played[arm]["mean"]) for arm in others}
    return f"{join_names(others)} asked the same here, and share a line. " if len(means) < len(others) == 2 else ""


def _bands(kept: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Band]:
    found = {}
    for arm, one in kept.items():
        labelled, mean, low, high = (np.array(one[part]) for part in ("labelled", "mean", "low", "high"))
        found[arm] = Band(labelled, mean, low, high, SEEDS)
    return found


def _section(reason: Reason, found: Found) -> Section:
    leaning = None if reason.leans is None else LEANINGS[max(-1, min(1, reason.leans))]
    return Section(reason, draw_sketch(reason.name, found), leaning)


def say_trust(kept: Found | None) -> Trust | None:
    """What the fit kept of its own misses, as far as it did; None where it kept no table."""
    if not kept or not kept.get("table"):
        return None
    shipped = kept.get("shipped")
    rows = [(row["rule"], [_cell(row, key) for key in MEASURES], row["rule"] == shipped) for row in kept["table"]]
    return Trust([*_sentences(kept)], rows, kept.get("command", ""))


def _sentences(kept: Found) -> list[str]:
    """How much evidence there is, and where simpler rules would have done as well."""
    by_rule = {row["rule"]: row for row in kept["table"]}
    mine, said = by_rule.get(kept.get("shipped"), {}), []
    if "families" in kept:
        said.append(
            f"Fitted to {kept['families']} families of data, and tried on each by a rule made without it: that is no "
            "great number, hence the wide intervals."
        )
    if "less_off" in kept:
        less, low, high = kept["less_off"]
        verdict = "is nearer to the truth" if low > 0 else "is not known to be nearer to the truth"
        said.append(f"It {verdict} than the pilot's error alone: by {less:.2f} points [{low:.2f}, {high:.2f}].")
    if "regret" in mine:
        always = [row for rule, row in by_rule.items() if rule.startswith("always") and "regret" in row]
        easy = min(always, key=lambda row: row["regret"][0], default=None)
        if easy is not None and easy["regret"][0] <= mine["regret"][0]:
            said.append(
                f"Choosing {easy['rule']}, without any check, lost no more: {easy['regret'][0]:.2f} points against "
                f"{mine['regret'][0]:.2f}. What the check adds is how much there is to win."
            )
    return said


def _cell(row: Found, key: str) -> str:
    if key not in row:
        return ""
    middle, low, high = row[key]
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"
