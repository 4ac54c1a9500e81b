"""Knobs of the command line alone: files to read from, and what is written and printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nextlabel.knobs import knob, names, read_knobs
from nextlabel.knobs.kinds import FLAG, NAMES, PLACE, Kind, optional, text, whole
from nextlabel.knobs.panels import CHOSEN, DATA, OUTPUT
from nextlabel.specifications import look_up

# As `report` can write them; named here, for its own table comes with matplotlib.
FIGURE_KINDS = ("png", "svg", "pdf")
FIGURES_HELP = "Kinds of figure files: `png`, `svg`, `pdf`, several by commas."
NPY = Kind(PLACE.read, "the path of a .npy file", "FILE.npy")


@dataclass(frozen=True)
class Output:
    """What `simulate` writes and prints: where, with a report or without, in words or as JSON."""

    out: Path | None = knob(None, optional(PLACE), "Folder of the run. Without it: a dated one under runs/.", OUTPUT)
    resume: bool = knob(
        False, FLAG, "Go on with the run in --out: the same options again, or more seeds to extend it.", OUTPUT
    )
    report: bool = knob(True, FLAG, "Write report.html and its figures.", OUTPUT)
    figures: Sequence[str] = knob(("png",), NAMES, FIGURES_HELP, OUTPUT, choices=FIGURE_KINDS)
    json: bool = knob(False, FLAG, "Print the result as JSON.", OUTPUT)

    def __post_init__(self) -> None:
        read_knobs(self)
        # Here, with the page, so that --figures bmp is refused before a run of hours, not at its end.
        read_figures(self.figures)


def read_figures(kinds: str | Sequence[str]) -> tuple[str, ...]:
    """Kinds of figure files; raises `UnknownName` before any work is done, where one is none."""
    found: tuple[str, ...] = NAMES.read(kinds)
    for kind in found:
        look_up(dict.fromkeys(FIGURE_KINDS), kind, "kind of figure")
    return found


@dataclass(frozen=True)
class Arrays:
    """The files that `select` chooses from."""

    # A field of a page needs a default, and this one is never used: an argument without one is required (`options`).
    features: Path = knob(
        Path("features.npy"),
        Kind(PLACE.read, "the path of a .npy file", "FEATURES.npy"),
        "Features: one row of numbers for each sample.",
        positional=True,
    )
    labels: Path | None = knob(
        None,
        optional(NPY),
        "Labels (.npy): whole numbers with -1, decimals with NaN, or text with '' where one misses.",
        DATA,
    )
    probabilities: Path | None = knob(
        None,
        optional(NPY),
        "Class probabilities of your own model (.npy). Without: a linear head learns the labels.",
        DATA,
    )
    standardize: bool = knob(
        True, FLAG, "Scale features to mean 0 and variance 1 wherever a head is trained on them.", DATA
    )
    # Text, as everything typed: `find_missing` makes a number of it where labels are numbers.
    missing: str | None = knob(None, optional(text()), "The label that says missing, if it is another one.", DATA)

    def __post_init__(self) -> None:
        read_knobs(self)


@dataclass(frozen=True)
class Source:
    """What `embed` turns into features, and by whom."""

    data: str = knob(
        "", text("a folder or a dataset", "DATA"), "A folder of pictures, labelled or not.", positional=True
    )
    embedder: str | None = knob(
        None,
        optional(text("the name of an embedder, such as 'patches'", "EMBEDDER")),
        f"How pictures become features: {', '.join(f'`{name}`' for name in names.EMBEDDER_NAMES)}, or onnx:FILE. "
        "Default: efficientnet.",
        DATA,
        choices=names.EMBEDDER_NAMES,
    )

    def __post_init__(self) -> None:
        read_knobs(self)


@dataclass(frozen=True)
class Choice:
    """Who chooses, and how many."""

    strategy: str = knob(
        "auto",
        text("the name of a query strategy, such as 'badge'", "NAME"),
        f"Query strategy: {', '.join(f'`{name}`' for name in names.STRATEGY_NAMES)}, with options such as "
        "`typiclust(k=20)`; also skactiveml:ClassName(…).",
        CHOSEN,
        choices=names.STRATEGY_NAMES,
    )
    batch: int = knob(10, whole(1), "How many samples to ask for.", CHOSEN)
    seed: int = knob(0, whole(0), "Everything random follows from it.", CHOSEN)

    def __post_init__(self) -> None:
        read_knobs(self)
