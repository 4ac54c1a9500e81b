"""The one page of knobs: what is compared, and on what; and how it is computed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nextlabel.errors import BadNumber, Mistake
from nextlabel.knobs import knob, names, page_of, read_knobs
from nextlabel.knobs.columns import FILL, MISSING, Columns
from nextlabel.knobs.kinds import (
    CLUSTER,
    CLUSTER_HELP,
    DEVICE,
    DEVICE_HELP,
    FILE,
    FILES,
    FLAG,
    NAMES,
    PATTERN,
    SAMPLES,
    SEEDS,
    name_data,
    optional,
    show,
    text,
    whole,
)
from nextlabel.knobs.panels import COMPARED, COMPUTED, DATA, LABELS
from nextlabel.plan import AMOUNT, Amount, Plan, plain_knobs


@dataclass(frozen=True)
class Experiment:
    """A whole grid of runs, strategies x seeds, on one dataset; everything random follows from ``seeds``.

    Every field takes what the command line takes, too. Raises `Mistake` for what cannot be read. ``dataset`` may also
    be held in Python: whatever `load_dataset` takes, or the `Dataset` that it gave.

    >>> found = Experiment("digits", "random, margin", seeds=3, plan={"rounds": "5"})
    >>> found.strategies, found.seeds, found.plan.rounds
    (('random', 'margin'), (0, 1, 2), 5)
    >>> Experiment(([[0.1], [0.9], [0.4]], [0, 1, -1])).plain()["dataset"]  # features and labels, -1: missing
    'the arrays'
    """

    dataset: Any = knob(
        "digits",
        SAMPLES,
        "`digits`, a folder with one sub-folder of pictures, or of texts (.txt), per class, "
        "or a table (.csv, .parquet, .xlsx, .npz and others).",
        choices=names.DATASET_NAMES,
        positional=True,
    )
    strategies: tuple[str, ...] = knob(
        ("random", "margin", "badge"),
        NAMES,
        f"Query strategies, separated by commas: {', '.join(f'`{name}`' for name in names.STRATEGY_NAMES)}; also "
        "skactiveml:ClassName(…).",
        COMPARED,
        choices=names.STRATEGY_NAMES,
    )
    seeds: tuple[int, ...] = knob(
        tuple(range(10)),
        SEEDS,
        "`10` is seeds 0 to 9; `3,7` are those two; `10-99` those from 10 to 99, for a second run that "
        "`compare` joins to the first.",
        COMPARED,
    )
    model: str = knob(
        "linear",
        text("the name of a model, such as 'linear' or 'sklearn:svm.SVC(C=1.0)'", "MODEL"),
        "`linear`, `cnn`, or a classifier such as sklearn:svm.SVC(C=1.0).",
        COMPARED,
        choices=names.MODEL_NAMES,
    )
    embedder: str | None = knob(  # None: what suits the dataset
        None,
        optional(text("the name of an embedder, such as 'patches'", "EMBEDDER")),
        "How pictures become features: `efficientnet`, `efficientnet(size='lite2')`, `patches`, `pixels`, `dinov2`, or "
        "onnx:FILE; and texts: `use` or `tfidf`. Default: pixels for digits, efficientnet for other pictures, use for "
        "texts.",
        COMPARED,
        choices=names.EMBEDDER_NAMES,
    )
    standardize: bool | None = knob(  # None: by the kind of data
        None,
        optional(FLAG),
        "Scale features to mean 0 and variance 1, by everything but the test set. Default: those of tables are, those "
        "of pictures are taken as their embedder made them.",
        DATA,
    )
    test: Amount | str | int | float = knob(
        0.2,
        AMOUNT,
        "Test set: 0.2 is a share, 200 a count, 5/class per class. 0, beside --audit: nothing is scored, and the run "
        "says who is asked.",
        LABELS,
    )
    val: Amount | str | int | float | None = knob(  # None: what the model needs
        None, optional(AMOUNT), "Validation set, likewise. Default: what the model needs.", LABELS
    )
    start: Amount | str | int | float = knob("2/class", AMOUNT, "Labels to start with, likewise.", LABELS)
    split: str | None = knob(  # None: folders where the data come with a split, else random
        None,
        optional(FILE),
        "`folders`: the test folder is the test set; `random`: a new one for each seed; or a JSON file with test, val "
        "and start ids of your own. Default: folders, where there are folders such as train and test.",
        LABELS,
        choices=names.SPLIT_NAMES,
    )
    groups: str | None = knob(
        None,
        optional(PATTERN),
        "Regular expression of a path: samples in which it matches the same (its first group) stay on one side of "
        "every split that is drawn, such as '^[^-]*' for all before a dash.",
        LABELS,
    )
    group_column: str | None = knob(
        None,
        optional(text(metavar="COLUMN")),
        "Column of a list of pictures or of a table, or array of a .npz, that names such groups.",
        LABELS,
    )
    min_class: int | None = knob(
        None, optional(whole(1)), "Leave out classes of fewer labelled samples than this.", LABELS
    )
    labels: tuple[str, ...] | None = knob(  # None: what folders or a column say
        None,
        optional(FILES),
        "File of labels (path,label or id,label; or Label Studio's JSON), in the place of class folders or a column. "
        "Several times: of answers about one sample the last stands.",
        LABELS,
        sparse=True,
    )
    oracle: str = knob(
        "truth",
        text("the name of an oracle, such as 'truth' or 'noisy:0.1'", "ORACLE"),
        "Who answers: `truth`, `noisy:0.1` or `replay:FILE`.",
        LABELS,
        choices=names.ORACLE_NAMES,
    )
    label_column: str | None = knob(
        None, optional(text(metavar="COLUMN")), "Column of a table or list of pictures that holds the labels.", DATA
    )
    name: str | None = knob(  # None: taken from the path
        None, optional(text(metavar="NAME")), "What to call the dataset in rows and report.", DATA
    )
    missing: str = knob(
        FILL,
        MISSING,
        "Missing features of a table: `fill` in the median of all but the test set, or `refuse`.",
        DATA,
        sparse=True,
    )
    estimate: bool = knob(
        False,
        FLAG,
        "Beside every row, what the receipt of a labelling would say there, and the truth (docs/receipt.md).",
        LABELS,
        sparse=True,
    )
    device: str = knob(names.CPU, DEVICE, DEVICE_HELP, COMPUTED, choices=names.DEVICE_NAMES, sparse=True)
    table: Columns = knob(Columns(), page_of(Columns), sparse=True)
    plan: Plan = knob(Plan(), page_of(Plan))

    def __post_init__(self) -> None:
        read_knobs(self)
        _each_once("strategies", self.strategies)
        _each_once("seeds", self.seeds)
        if min(self.seeds) < 0:
            raise BadNumber(f"Seed {show(min(self.seeds))} is negative; seeds are whole numbers from 0 on.")

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it: amounts as people write them. ``Experiment(**found.plain())`` is the same experiment.

        Of data that are held in Python it has the name alone.
        """
        return plain_knobs(self) | {"dataset": name_data(self.dataset)}


def _each_once(what: str, items: Sequence[object]) -> None:
    if not items:
        raise Mistake(f"No {what} were given, so there is nothing to run. Name at least one.")
    twice = sorted(str(item) for item, times in Counter(items).items() if times > 1)
    if twice:
        raise Mistake(f"{what} names {', '.join(twice)} twice. Name each once.")


@dataclass(frozen=True)
class Crew:
    """How to compute: ``jobs`` processes with ``threads`` BLAS threads each; no row hangs on it.

    With a ``cluster``, the address of a Dask scheduler or ``local:4``, there are as many as it has workers instead.

    With ``stride`` every arm plays so many rounds in its turn, and then the next: a long run that is interrupted has
    all of them about equally far. Without, each is played to its end.

    >>> Crew(jobs=4, threads=2)
    Crew(jobs=4, threads=2, stride=None, cluster=None)
    """

    jobs: int = knob(2, whole(1), "Processes side by side.", COMPUTED)
    threads: int = knob(1, whole(1), "BLAS threads of each process.", COMPUTED)
    stride: int | None = knob(None, optional(whole(1)))
    cluster: str | None = knob(None, CLUSTER, CLUSTER_HELP, COMPUTED)

    def __post_init__(self) -> None:
        read_knobs(self)
