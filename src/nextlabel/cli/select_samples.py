"""What `select` chooses from where it is no file of features: pictures or a table, and labels in a file of answers.

Apart from `nextlabel.cli.select`, whose start on a .npy file is not to wait for what reads pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.cli.notes import data_notes
from nextlabel.cli.pages import Arrays, Choice
from nextlabel.cli.projects import find_labels
from nextlabel.datasets import load
from nextlabel.datasets.answers import join_answers, read_all_answers
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.first_look import open_after
from nextlabel.embedders import TABLE, embedder, sink
from nextlabel.errors import EmptyPool, Mistake
from nextlabel.files.arrays import Array
from nextlabel.labelling.labels import ProjectLabels
from nextlabel.pool import Floats, Ids
from nextlabel.progress import Progress
from nextlabel.selection import Order, read_order
from nextlabel.selection.arrays import open_array, read_labels
from nextlabel.selection.samples import make_features, rehearse
from nextlabel.strategies import strategy
from nextlabel.strategies.base import MISSING
from nextlabel.text import several


@dataclass(frozen=True)
class Samples:
    """An order, with what a person reads beside ids: the samples' ``paths``, if they have any, and ``notes``.

    ``rows`` (n,): the ids of the order's samples, where it has not all of them.
    """

    order: Order
    paths: Sequence[str] | None
    notes: Sequence[str]
    rows: Ids | None = None


def read_samples(arrays: Arrays, choice: Choice, progress: Progress) -> Samples:
    """What was typed, with the data loaded, embedded and checked."""
    strategy(choice.strategy)  # a wrong name is told before anything is read
    project = find_labels(arrays, arrays.labels)
    if project is not None:
        return _read_project(project, arrays, choice, progress)
    if arrays.embedder not in (None, TABLE):
        embedder(arrays.embedder)
    in_array = arrays.label_array is not None
    if arrays.missing is not None and not in_array:
        raise Mistake("--missing is for labels in .npy. For words of a table or a file of answers, use --null-words.")
    P = None if arrays.probabilities is None else open_array(arrays.probabilities)

    def look(dataset: Dataset) -> Dataset:
        if not in_array:  # an array counts what can be read, and nobody knows that yet
            rehearse(dataset, dataset.y, choice.strategy, choice.batch, choice.seed, P)
        return dataset

    dataset = load(
        Request(
            arrays.data,
            label_column=arrays.label_column,
            progress=progress,
            table=arrays.table,
            sink=open_after(look, sink(arrays.embedder)),
            answers=() if in_array else arrays.labels or (),
            unlabelled=True,
        )
    )
    y = dataset.y
    if arrays.label_array is not None:
        y, _ = read_labels(
            open_array(arrays.label_array), len(dataset), None if P is None else P.shape[-1], arrays.missing
        )
    rehearse(dataset, y, choice.strategy, choice.batch, choice.seed, P)
    X = make_features(dataset, arrays.embedder, arrays.standardize, progress)
    order = read_order(X, y, choice.strategy, choice.batch, P, choice.seed, MISSING, progress)
    order = replace(order, standardize=False, scored=True)  # scaled already
    return Samples(order, dataset.paths, data_notes(dataset))


def _read_project(project: ProjectLabels, arrays: Arrays, choice: Choice, progress: Progress) -> Samples:
    """A choice as the page makes it: blind to the audit side, and to what was skipped or discarded."""
    if arrays.probabilities is not None:
        raise Mistake("--probabilities are a model's of your own, and a project has one. Leave them out.")
    name = arrays.embedder or project.record.settings.embedder
    asked = Request(arrays.data, None, arrays.label_column, progress, table=arrays.table, sink=sink(name))
    dataset = load(project.fit(replace(asked, answers=arrays.labels or (), unlabelled=True)))
    rows, blind = project.rows_of_strategy(dataset)
    if not (dataset.y[rows] < 0).any():
        raise EmptyPool("Nothing is left to ask about: the rest is answered, or of the audit side.")
    X = make_features(dataset, name, arrays.standardize, progress)[rows]
    order = read_order(X, dataset.y[rows], choice.strategy, choice.batch, None, choice.seed, MISSING, progress)
    note = f"{several(blind, 'sample')} of the audit side are neither seen nor asked, as on the page."
    order = replace(order, standardize=False, scored=True)
    return Samples(order, dataset.paths, [*data_notes(dataset), note], rows)


def read_answers_for(features: Array, files: Sequence[Path]) -> tuple[Array, Sequence[str]]:
    """Labels (n,) out of files of answers for rows of features (n, d), -1 or "" where one is missing; and notes."""
    blank: Any = np.full(len(features), -1)
    rows = Dataset("the features", blank, (), "", table=_placeholder(len(features)))
    found = join_answers(rows, read_all_answers(files))
    if all(name.isdecimal() for name in found.classes):  # as numbers: with probabilities they are columns
        values = np.array([*map(int, found.classes), -1])
        return values[found.y], found.warnings
    return np.array([*found.classes, ""])[found.y], found.warnings


def _placeholder(rows: int) -> Floats:
    return np.zeros((rows, 1), np.float32)
