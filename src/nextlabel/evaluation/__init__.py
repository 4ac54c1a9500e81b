"""VERB   evaluate: how good a trained classifier is, on samples whose labels are known and which it has not learned.

    found = evaluate(load_classifier("flowers.safetensors"), "test/")
    found.accuracy                       # a `Share`: value, low, high

Pictures that the classifier has learned from are left out, whatever they are called and wherever they lie by now.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nextlabel.classifiers import Classifier
from nextlabel.classifiers.pictures import PictureInput
from nextlabel.classifiers.tables import TableInput
from nextlabel.classifiers.texts import TextInput
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request, Skipped
from nextlabel.datasets.tables import encode_table
from nextlabel.datasets.tables.stream import STANDARD_INPUT
from nextlabel.errors import BadData, Mistake
from nextlabel.evaluation.base import Evaluation
from nextlabel.knobs.kinds import SAMPLES
from nextlabel.pool import Floats, Ids
from nextlabel.progress import Progress, quiet

__all__ = ["Evaluation", "evaluate", "evaluate_request"]


def evaluate(
    classifier: Classifier, data: Any, label_column: str | None = None, progress: Progress = quiet
) -> Evaluation:
    """How good a classifier is on the labelled samples of ``data``: a `Dataset` of pictures, a path, a frame or (X, y).

    Raises `BadData` where no sample is left that it has not learned, and `Mistake` where it tells other things apart.

    >>> from nextlabel import evaluate, load_dataset, train
    >>> digits = load_dataset("digits")
    >>> evaluate(train(digits), digits)
    Traceback (most recent call last):
    nextlabel.errors.BadData: The model has learned from all 1,797 labelled pictures of 'digits', so they say ...
    """
    if isinstance(data, Dataset):
        return _evaluate_dataset(classifier, data, None, progress)
    request = Request(SAMPLES.take("data", data), None, label_column, progress)
    if isinstance(request.source, str):
        return evaluate_request(classifier, request)
    rows = data[0] if isinstance(data, tuple) else data
    return _evaluate_dataset(classifier, load(request), rows, progress)


def evaluate_request(classifier: Classifier, request: Request) -> Evaluation:
    """The same, of what the command line or a caller asked to load."""
    if request.source == STANDARD_INPUT:
        raise Mistake("A test set from standard input would have to be read twice. Save it as a file, and name that.")
    made = classifier.input
    sink = made.sink if isinstance(made, PictureInput) else None  # each picture is decoded once
    dataset = load(replace(request, sink=sink))
    return _evaluate_dataset(classifier, dataset, request.source, request.progress)


def _evaluate_dataset(classifier: Classifier, dataset: Dataset, source: Any, progress: Progress) -> Evaluation:
    labelled: Ids = np.flatnonzero(dataset.y >= 0)
    made = classifier.input
    if isinstance(made, TextInput):
        fresh = _fresh_texts(classifier, made, dataset, labelled, progress)
    elif isinstance(made, PictureInput):
        if dataset.pictures is None:
            raise Mistake("This model was trained on pictures, and that is a table. Name pictures with their classes.")
        fresh = _fresh(classifier, made, dataset, labelled, progress)
    else:
        if dataset.table is None:
            raise Mistake("This model was trained on a table, and these are pictures. Name a table of its columns.")
        fresh = labelled, _rows(classifier, made, dataset, source)[labelled], 0, ()
    return _judge(classifier, dataset, *fresh)


def _fresh_texts(
    classifier: Classifier, made: TextInput, dataset: Dataset, labelled: Ids, progress: Progress
) -> tuple[Ids, Floats, int, Sequence[Skipped]]:
    if dataset.texts is None:
        raise Mistake("This model was trained on texts, and there are none. Name the column with --text-column.")
    P = np.concatenate([classifier.probabilities(block) for block in made.look(dataset.texts, progress)])
    digests = dataset.texts.digests
    ids = np.array([i for i in labelled if digests[i] not in classifier.learned_from], dtype=np.int64)
    return ids, P[ids], len(labelled) - len(ids), ()


def _rows(classifier: Classifier, made: TableInput, dataset: Dataset, source: Any) -> Floats:
    """Probabilities (N, C) of all rows of a table, encoded as those of the training were."""
    if source is None and dataset.scheme != made.scheme:
        raise Mistake(
            "A table is encoded as the model's own was, so evaluate wants the table itself: its path or frame."
        )
    assert dataset.table is not None
    return classifier.probabilities(
        made.features(dataset.table if source is None else encode_table(source, made.scheme))
    )


def _fresh(
    classifier: Classifier, made: PictureInput, dataset: Dataset, labelled: Ids, progress: Progress
) -> tuple[Ids, Floats, int, Sequence[Skipped]]:
    """Ids of the labelled pictures that were not learned, their probabilities, how many were, what is unreadable."""
    assert dataset.pictures is not None
    ids, rows, unread, places = list[int](), list[Floats](), list[Skipped](), iter(labelled.tolist())
    learned = 0
    for seen in made.look_at(dataset.pictures, labelled.tolist(), progress):
        found = iter(classifier.probabilities(seen.features))
        for one, place in zip(seen.readings, places, strict=False):
            if one.reason is not None:
                unread.append(Skipped(dataset.paths[place] if dataset.paths else str(place), one.reason))
                continue
            row = next(found)
            if one.digest in classifier.learned_from:
                learned += 1
            else:
                ids.append(place)
                rows.append(row)
    P = np.array(rows).reshape(len(rows), len(classifier.classes))
    return np.array(ids, dtype=np.int64), P, learned, unread


def _judge(
    classifier: Classifier, dataset: Dataset, ids: Ids, P: Floats, learned: int, unread: Sequence[Skipped]
) -> Evaluation:
    if not len(ids):
        what = "pictures" if dataset.pictures is not None else "texts" if dataset.texts is not None else "rows"
        if learned:
            raise BadData(
                f"The model has learned from all {learned:,} labelled {what} of '{dataset.name}', so they say nothing "
                "of how good it is. Give it samples that it has not seen."
            )
        raise BadData(f"No labelled {what} of '{dataset.name}' can be read, so there is nothing to judge by.")
    names = [dataset.classes[code] for code in dataset.y[ids]]
    strange = Counter(name for name in names if name not in classifier.classes)
    classes = (*classifier.classes, *sorted(strange))
    codes = {name: code for code, name in enumerate(classes)}
    return Evaluation(
        classifier=classifier,
        dataset=dataset,
        classes=classes,
        ids=ids,
        y=np.array([codes[name] for name in names], dtype=np.int64),
        proba=np.column_stack([P, np.zeros((len(P), len(strange)))]),
        learned=learned,
        unread=tuple(unread),
        strange=dict(strange),
    )
