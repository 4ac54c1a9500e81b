"""The one page of knobs: what is compared, and on what."""

from dataclasses import dataclass
from typing import Any

from nextlabel.errors import BadNumber, Mistake
from nextlabel.plan import Amount, Plan, plain_knobs


@dataclass(frozen=True)
class Experiment:
    """A whole grid of runs, strategies x seeds, on one dataset; everything random follows from ``seeds``."""

    dataset: str = "digits"  # a name, a folder of pictures, or a .svm, .csv or .npz file
    strategies: tuple[str, ...] = ("random", "margin", "badge")
    seeds: tuple[int, ...] = tuple(range(10))
    model: str = "linear"
    embedder: str | None = None  # None: what suits the dataset
    standardize: bool = False  # scale features to mean 0, variance 1 on everything but the test set
    test: Amount | str | int | float = 0.2
    val: Amount | str | int | float | None = None  # None: what the model needs
    start: Amount | str | int | float = "2/class"
    split: str | None = None  # a JSON file with a published protocol's own split
    oracle: str = "truth"
    label_column: str | None = None  # of a .csv file
    name: str | None = None  # of the dataset in rows and reports; None: taken from its path
    plan: Plan = Plan()

    def __post_init__(self) -> None:
        for part in ("test", "val", "start"):
            if getattr(self, part) is not None:
                object.__setattr__(self, part, Amount.read(getattr(self, part)))
        for what, items in (("strategies", self.strategies), ("seeds", self.seeds)):
            if not items:
                raise Mistake(f"No {what} were given, so there is nothing to run. Name at least one.")
            twice = sorted({str(item) for item in items if items.count(item) > 1})
            if twice:
                raise Mistake(f"{what} names {', '.join(twice)} twice. Name each once.")
        if min(self.seeds) < 0:
            raise BadNumber(f"Seed {min(self.seeds)} is negative; seeds are whole numbers from 0 on.")

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it: amounts as people write them."""
        return plain_knobs(self)


@dataclass(frozen=True)
class Crew:
    """How to compute: ``jobs`` processes with ``threads`` BLAS threads each; no row hangs on it.

    With ``stride`` every arm plays so many rounds in its turn, and then the next: a long run that is interrupted has
    all of them about equally far. Without, each is played to its end.
    """

    jobs: int = 2
    threads: int = 1
    stride: int | None = None

    def __post_init__(self) -> None:
        for name in ("jobs", "threads", "stride"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BadNumber(f"{name} is {value}; it takes at least 1.")
