"""Knobs of the command line alone: files to read from, and what is written and printed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nextlabel.errors import Mistake
from nextlabel.files.remote import is_remote
from nextlabel.knobs import knob, names, page_of, read_knobs
from nextlabel.knobs.columns import Columns
from nextlabel.knobs.kinds import (
    CLUSTER,
    CLUSTER_HELP,
    DEVICE,
    DEVICE_HELP,
    FILES,
    FLAG,
    NAMES,
    PLACE,
    SOURCE,
    Kind,
    number_within,
    optional,
    text,
    whole,
)
from nextlabel.knobs.panels import CHOSEN, COMPUTED, DATA, DOOR, LABELS, OUTPUT
from nextlabel.specifications import look_up
from nextlabel.text import show_path

# As `report` can write them; named here, for its own table comes with matplotlib.
FIGURE_KINDS = ("png", "svg", "pdf")
FIGURES_HELP = "Kinds of figure files: `png`, `svg`, `pdf`, several by commas."
DATASETS_HELP = (
    "`digits`, a folder with one sub-folder of pictures, or of texts (.txt), per class, or a table (.csv, .parquet, "
    ".xlsx, .npz and others). Several, or a study.toml that names them, are played side by side, each into a folder of "
    "its own in --out (docs/study.md)."
)
PROJECT_HELP = "Where a labelling project keeps its answers, if not in the data's own folder."
STORE_HELP = "Where they are in a database: postgresql://…"
NPY = Kind(PLACE.read, "the path of a .npy file", "FILE.npy")


def read_people(value: object) -> tuple[str, ...]:
    """Names, one each: a comma is part of a name."""
    if isinstance(value, str):
        return (value,)
    return tuple(str(one) for one in value)  # type: ignore[attr-defined]


PEOPLE = Kind(read_people, "a name, or a list of them", "NAME", many=True)


@dataclass(frozen=True)
class Output:
    """What `simulate` writes and prints: where, with a report or without, in words or as JSON."""

    out: Path | None = knob(
        None,
        optional(PLACE),
        "Folder of the run, or of all runs of a study. Without it: a dated one under runs/.",
        OUTPUT,
    )
    resume: bool = knob(
        False,
        FLAG,
        "Go on with the run in --out: the same options again, or more seeds to extend it; or more datasets, a study.",
        OUTPUT,
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
    """What `select` chooses from: a file of features, or data that still have to become features."""

    # A field of a page needs a default, and this one is never used: an argument without one is required (`options`).
    data: str = knob(
        "features.npy",
        SOURCE,
        "Features (.npy), one row of numbers for each sample; or a folder of pictures or texts, a list of pictures, "
        "a table, or a folder that `embed` wrote.",
        positional=True,
    )
    labels: tuple[str, ...] | None = knob(
        None,
        optional(FILES),
        "Labels so far: a file of answers (path,label or id,label; or Label Studio's JSON), or several, of which the "
        "last stands; or .npy: whole numbers with -1, decimals with NaN, or text with '' where one misses. Without: "
        "those of class folders or a column.",
        DATA,
    )
    label_column: str | None = knob(
        None, optional(text(metavar="COLUMN")), "Column of a table or list of pictures that holds labels.", DATA
    )
    embedder: str | None = knob(
        None,
        optional(text("the name of an embedder, such as 'patches'", "EMBEDDER")),
        "How pictures or texts become features: "
        f"{', '.join(f'`{name}`' for name in names.EMBEDDER_NAMES)}, or onnx:FILE. "
        "Default: efficientnet for pictures, use for texts.",
        DATA,
        choices=names.EMBEDDER_NAMES,
    )
    probabilities: Path | None = knob(
        None,
        optional(NPY),
        "Class probabilities of your own model (.npy). Without: a linear head learns the labels.",
        DATA,
    )
    standardize: bool | None = knob(  # None: by the kind of data
        None,
        optional(FLAG),
        "Scale features to mean 0 and variance 1: those of .npy wherever a head is trained on them, those of a table "
        "always. Default: yes, but for vectors of an embedder.",
        DATA,
    )
    project: Path | None = knob(None, optional(PLACE), PROJECT_HELP, DATA)
    store: str | None = knob(None, optional(text(metavar="URL")), STORE_HELP, DATA)
    # Text, as everything typed: `find_missing` makes a number of it where labels are numbers.
    missing: str | None = knob(
        None, optional(text()), "The label in .npy that says missing, if it is another one.", DATA
    )
    table: Columns = knob(Columns(), page_of(Columns), sparse=True)

    def __post_init__(self) -> None:
        read_knobs(self)

    @property
    def file(self) -> Path:
        """The data as a place on disk."""
        return Path(os.path.expanduser(self.data))

    @property
    def place(self) -> Path | str:
        """The data as a place on disk, or as an address."""
        return self.data if is_remote(self.data) else self.file

    @property
    def label_files(self) -> list[Path]:
        """The files of labels as places on disk."""
        return [Path(os.path.expanduser(each)) for each in self.labels or ()]

    @property
    def label_array(self) -> Path | None:
        """The .npy of labels, if they are in one; raises `Mistake` where it is not the only file of labels."""
        arrays = [path for path in self.label_files if path.suffix.lower() == ".npy"]
        if arrays and len(self.label_files) > 1:
            raise Mistake(
                f"'{show_path(arrays[0])}' is an array of all labels, and there are other files of labels beside it. "
                "Name one array, or files of answers (path,label) alone."
            )
        return arrays[0] if arrays else None


@dataclass(frozen=True)
class Samples:
    """What `train` and `evaluate` learn and judge by: data, and where their labels are."""

    data: str = knob(
        "",
        SOURCE,
        "A folder of pictures or of texts (.txt), with one sub-folder per class or none; an archive or a list of "
        "pictures; or a table. Where somebody labels with `nextlabel label`, their answers are the labels.",
        positional=True,
    )
    labels: tuple[str, ...] | None = knob(
        None,
        optional(FILES),
        "A file of answers, in the place of what folders or a column say: path,label or id,label; Label Studio's JSON. "
        "Several times: of answers about one sample the last stands.",
        LABELS,
    )
    label_column: str | None = knob(
        None, optional(text(metavar="COLUMN")), "Column of a table or list of pictures that holds the labels.", DATA
    )
    project: Path | None = knob(None, optional(PLACE), PROJECT_HELP, DATA)
    store: str | None = knob(None, optional(text(metavar="URL")), STORE_HELP, DATA)
    table: Columns = knob(Columns(), page_of(Columns))

    def __post_init__(self) -> None:
        read_knobs(self)


@dataclass(frozen=True)
class Source:
    """What `embed` turns into features, and by whom."""

    data: str = knob(
        "",
        SOURCE,
        "A folder of pictures or of texts (.txt), an archive or a list of pictures, or a table with a column of texts; "
        "labelled or not; here, or at an address (s3://, gs://, https://).",
        positional=True,
    )
    embedder: str | None = knob(
        None,
        optional(text("the name of an embedder, such as 'patches'", "EMBEDDER")),
        "How pictures or texts become features: "
        f"{', '.join(f'`{name}`' for name in names.EMBEDDER_NAMES)}, or onnx:FILE. "
        "Default: efficientnet for pictures, use for texts.",
        DATA,
        choices=names.EMBEDDER_NAMES,
    )
    label_column: str | None = knob(
        None, optional(text(metavar="COLUMN")), "Column of a table or list of pictures that holds labels.", DATA
    )
    project: Path | None = knob(None, optional(PLACE), PROJECT_HELP, DATA)
    store: str | None = knob(None, optional(text(metavar="URL")), STORE_HELP, DATA)
    device: str = knob(names.CPU, DEVICE, DEVICE_HELP, COMPUTED, choices=names.DEVICE_NAMES)
    table: Columns = knob(Columns(), page_of(Columns), sparse=True)

    def __post_init__(self) -> None:
        read_knobs(self)


@dataclass(frozen=True)
class Workers:
    """Who works: this process, on all cores, or several, a block of samples at a time. No number hangs on it."""

    jobs: int | None = knob(
        None,
        optional(whole(1)),
        "Processes that work side by side, a block of samples at a time. Without: this one, on all cores.",
        COMPUTED,
    )
    threads: int = knob(1, whole(1), "Threads of each of these processes.", COMPUTED)
    cluster: str | None = knob(None, CLUSTER, CLUSTER_HELP, COMPUTED)

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


@dataclass(frozen=True)
class Contents:
    """What `export` writes beside the labels that people gave."""

    copy: bool = knob(False, FLAG, "Copies in folders, instead of links.", OUTPUT)
    predictions: bool = knob(False, FLAG, "Add a model's labels for what nobody labelled, marked as such.", OUTPUT)
    threshold: float | None = knob(
        None,
        optional(number_within(0, 1, "a number from 0 to 1, such as 0.9", closed=True)),
        "Of these, only where the model is at least so sure, from 0 to 1.",
        OUTPUT,
    )

    def __post_init__(self) -> None:
        read_knobs(self)


@dataclass(frozen=True)
class Door:
    """Where a labelling is kept, who is let in, and by which address.

    >>> Door(invite=["Ada", "Ben"]).invite
    ('Ada', 'Ben')
    """

    project: Path | None = knob(
        None, optional(PLACE), "Keep answers in this folder. Default: .nextlabel in the folder itself.", OUTPUT
    )
    store: str | None = knob(None, optional(text(metavar="URL")), "Keep answers in a database: postgresql://…", OUTPUT)
    invite: tuple[str, ...] = knob(
        (),
        PEOPLE,
        "Print a link for one more person, also while the page is served already. May be given several times.",
        DOOR,
    )
    host: str = knob(
        "127.0.0.1",
        text("an address", "HOST"),
        "Address to listen on. Any other than 127.0.0.1 lets in whoever is on the network and has a link.",
        DOOR,
    )
    port: int | None = knob(
        None, optional(whole(0, "a number from 0 to 65535", most=65535)), "Port. Default: 8642, or a free one.", DOOR
    )
    browser: bool = knob(True, FLAG, "Open the page in a browser.", DOOR)

    def __post_init__(self) -> None:
        read_knobs(self)
