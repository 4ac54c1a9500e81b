"""Who answers in a simulation: the truth, a tired annotator, or a file of answers that people gave.

An oracle maps ids to labels; -1 means that it does not know. ``oracle("noisy:0.1", dataset, seed)`` makes one by name.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Protocol

import numpy as np

from nextlabel.datasets.answers import Samples, answer_file, read_answers
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.labels import NULL_WORDS
from nextlabel.errors import BadData, BadNumber, BadSpecification
from nextlabel.pool import Ids, Labels
from nextlabel.seeds import stream
from nextlabel.specifications import look_up
from nextlabel.text import shorten, show_path


class Oracle(Protocol):
    """Answers with class codes (n,) for ids (n,), -1 where it does not know."""

    def __call__(self, ids: Ids) -> Labels: ...


class Truth:
    """The labels that the dataset came with.

    >>> Truth(np.array([2, 0, 1]))(np.array([2, 0])).tolist()
    [1, 2]
    """

    def __init__(self, y: Labels) -> None:
        self.y = y

    def __call__(self, ids: Ids) -> Labels:
        return self.y[ids]


class Noisy:
    """A tired annotator: with probability ``rate`` another class, all others being equally likely.

    Answers are drawn beforehand, one per (seed, sample), so that every strategy meets the same mistakes.
    """

    def __init__(self, y: Labels, classes: int, rate: float, seed: int) -> None:
        self.truth, self.classes, self.rate, self.seed = y, classes, rate, seed

    def __reduce__(self) -> tuple[type["Noisy"], tuple[Labels, int, float, int]]:
        return Noisy, (self.truth, self.classes, self.rate, self.seed)  # all seeds share one truth when they travel

    @cached_property
    def y(self) -> Labels:
        """What it would say of every sample (n,)."""
        # Drawn for all samples at once, so that a sample's answer does not hang on when it is asked. Both draws are
        # made for every one: at a higher rate the same are wrong in the same way, and others beside them.
        rng = stream(self.seed, "noise")
        wrong = rng.random(len(self.truth)) < self.rate
        shift = rng.integers(1, max(self.classes, 2), size=len(self.truth))  # never 0: a wrong answer is another class
        # Where nobody knows the truth a mistake would be an answer out of nothing: -1 stays.
        answers: Labels = np.where(wrong & (self.truth >= 0), (self.truth + shift) % self.classes, self.truth)
        return answers

    def __call__(self, ids: Ids) -> Labels:
        return self.y[ids]


def oracle(text: str, dataset: Dataset, seed: int) -> Oracle:
    """The oracle that ``truth``, ``noisy:RATE`` or ``replay:FILE`` names."""
    return read_oracle(text, dataset)(seed)


def read_oracle(text: str, dataset: Dataset) -> Callable[[int], Oracle]:
    """What makes the oracle for a seed; a file of answers is read now, once for all seeds."""
    # At the first colon only: a file's name may hold more of them (C:\answers.csv).
    name, _, argument = text.partition(":")
    return look_up(ORACLES, name, "oracle")(argument, dataset)


def _truth(argument: str, dataset: Dataset) -> Callable[[int], Oracle]:
    if argument:
        raise BadSpecification(f"The oracle 'truth' takes nothing after it, but ':{argument}' was given.")
    return lambda seed: Truth(dataset.y)


def _noisy(argument: str, dataset: Dataset) -> Callable[[int], Oracle]:
    try:
        rate = float(argument)
    except ValueError:
        raise BadSpecification(f"'noisy:{argument}' has no error rate. Write it like noisy:0.1.") from None
    # NaN is caught here too: float reads it, and no comparison with it is true.
    if not 0 <= rate <= 1:
        raise BadNumber(f"An annotator cannot be wrong at a rate of {argument}; give a share between 0 and 1.")
    return lambda seed: Noisy(dataset.y, len(dataset.classes), rate, seed)


def _replay(argument: str, dataset: Dataset) -> Callable[[int], Oracle]:
    """Answers from a file of them, by labels as the dataset or its file writes them."""
    if not argument:
        raise BadSpecification("'replay:' names no file. Write it like replay:answers.csv.")
    answers = np.full(len(dataset), -1, dtype=np.int64)
    # Labels as the dataset or its file writes them, not codes: a file of answers outlives a class that is added later.
    codes = {**dataset.spellings, **{label: code for code, label in enumerate(dataset.classes)}}
    samples = Samples(dataset)
    # Read whole before the first round: a bad row is told now, and not when its sample is asked.
    for answer in read_answers(answer_file(argument)):
        i = samples.find(answer.sample)
        missing = answer.label is None or (answer.label not in codes and answer.label in NULL_WORDS)
        if i is None or not (missing or answer.label in codes):
            sample, label = shorten(answer.sample), shorten(str(answer.label))
            raise BadData(
                f"Row {answer.number} of '{show_path(argument)}' says that '{sample}' is '{label}', and the dataset "
                "knows no such sample or class. Was it written for another dataset?"
            )
        answers[i] = -1 if missing else codes[str(answer.label)]  # said twice: the later answer stands
    # One object for all seeds, so that it travels to a worker once.
    replayed = Truth(answers)
    return lambda seed: replayed


# Two steps each: the text and its file are read once, and an oracle is made for every seed.
ORACLES: Mapping[str, Callable[[str, Dataset], Callable[[int], Oracle]]] = {
    "truth": _truth,
    "noisy": _noisy,
    "replay": _replay,
}
