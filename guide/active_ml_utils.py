"""Active learning in the guide: compute candidates, have them labelled, look, repeat, compare.

Thin faces over nextlabel, one function for each step that the guide names.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from data_utils import Ids, flowers_or_digits
from matplotlib.figure import Figure

from nextlabel import (
    ActiveLearner,
    Crew,
    Dataset,
    Experiment,
    Fitted,
    Linear,
    Plan,
    Pool,
    Recorded,
    View,
    ask,
    record,
    stream,
    summary,
)
from nextlabel.report.drawing import Picture, asking_map, learning_curves, project
from nextlabel.strategies import strategy

Floats = npt.NDArray[np.floating]
Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

STRATEGIES = ("random", "least_confident", "margin", "entropy", "badge")


def compute_candidates(pool: Pool, fitted: Fitted, name: str, batch: int, seed: int = 0, k: int = 0) -> Ids:
    """The ids that a query strategy wants labelled next, best first, in round ``k``."""
    plan = Plan(batch=batch).resolve(len(pool.y), pool.classes)
    learner = ActiveLearner(Linear({}), strategy(name), strategy("random"), plan, seed)  # the model is fitted already
    return ask(View(pool, fitted), learner, k, batch).ids


def fit_linear(pool: Pool, C: float = 1.0, seed: int = 0) -> Fitted:
    """The quick model: logistic regression on the pool's plain features, trained on its labelled set."""
    return Linear({"C": [(1, C)]}).fit(pool, stream(seed, "fit"))


def hand_over(pool: Pool, ids: Ids, labels: Sequence[int] | Ids) -> Pool:
    """The pool after somebody has labelled some samples: they are in the labelled set now."""
    return pool.answered(ids, np.asarray(labels))


def plot_embeddings(features: Floats, pool: Pool, asked: Ids, classes: Sequence[str], seed: int = 0) -> Figure:
    """A map of the features: the pool in grey, the labelled set by class, and what is asked next, ringed."""
    ids = np.union1d(pool.labelled(), pool.unlabelled())
    chart = project(features, ids, seed, umap=False)
    figure = Figure(figsize=(7.5, 5.5), layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(chart.places[:, 0], chart.places[:, 1], s=6, color="#c3cad2", linewidths=0)
    for code, name in enumerate(classes):
        own = pool.labelled()[pool.y[pool.labelled()] == code]
        axes.scatter(chart.of(own)[:, 0], chart.of(own)[:, 1], s=22, label=name, linewidths=0)
    next_ = chart.of(asked)
    axes.scatter(next_[:, 0], next_[:, 1], s=60, facecolors="none", edgecolors="#1c2127", label="asked next")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.set_axis_off()
    return figure


def run_experiment(
    folder: str | Path,
    strategies: Sequence[str] = STRATEGIES,
    seeds: int = 10,
    model: str = "linear",
    batch: float | int = 0.03,
    rounds: int = 20,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Recorded:
    """Play the loop to its end for every strategy and seed.

    ``batch`` below 1 is a share of all samples, test and validation among them, else a number of samples; there are at
    most ``rounds`` batches. ``out`` keeps the run in a folder, and goes on with what is there. ``progress`` is called
    after every round; where none is given, models that take long say a line.
    """
    show = progress or (say_nothing if model == "linear" else say_rounds)
    data = flowers_or_digits(folder)
    plan = Plan(batch=batch, rounds=rounds)
    experiment = Experiment(
        data, tuple(strategies), tuple(range(seeds)), model, test=0.1, val=0.1, start=0.05, plan=plan
    )
    where = Path(out) if out else Path(tempfile.mkdtemp(prefix="guide-"))
    return record(experiment, where, Crew(jobs=2), resume=True, progress=show)


def say_nothing(what: str, done: int, total: int) -> None:
    """For what is done in seconds."""


def say_rounds(what: str, done: int, total: int) -> None:
    """Say which round of an experiment is done, or which arm."""
    if ", seed " in what:
        print(f"{done} of {total}: {what}", flush=True)


def plot_learning_curves(recorded: Recorded) -> Picture:
    """Mean learning curves with 95 % bands over seeds, and the difference to random beneath."""
    picture = learning_curves(recorded.run.rows, recorded.parts.experiment.strategies)
    assert picture is not None, "an experiment has a test set"
    return picture


def plot_picks(recorded: Recorded) -> Picture:
    """Where each strategy asked, in its first, middle and last round."""
    drawn = asking_map(recorded.run, recorded.parts.dataset.y, recorded.parts.embedding.array)
    assert drawn is not None, "an experiment asks"
    return drawn[0]


def summarise(recorded: Recorded) -> str:
    """What the seeds say, in words, with intervals."""
    return "\n".join(summary(recorded.run.rows, recorded.run.manifest["dataset"]["counts"]))


def classes_of(dataset: Dataset, ids: Ids) -> list[str]:
    """The names of the classes of some samples."""
    return [dataset.classes[code] for code in dataset.y[ids]]
