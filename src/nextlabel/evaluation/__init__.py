"""VERB   evaluate: how good a trained classifier is, on samples whose labels are known and which it has not learned.

    found = evaluate(load_classifier("flowers.safetensors"), "test/")
    found.accuracy                       # a `Share`: value, low, high

What the classifier has learned from is left out, whatever it is called and wherever it lies by now: pictures and texts
by their content, rows of a table by their values.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nextlabel.classifiers import Classifier
from nextlabel.classifiers.base import Input
from nextlabel.classifiers.pictures import PictureInput
from nextlabel.classifiers.tables import TableInput, digest_rows
from nextlabel.classifiers.texts import TextInput
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request, Skipped
from nextlabel.datasets.tables import encode_table
from nextlabel.datasets.tables.stream import STANDARD_INPUT
from nextlabel.errors import BadData, Mistake
from nextlabel.evaluation.base import Evaluation
from nextlabel.files.remote import without_secrets
from nextlabel.knobs.kinds import SAMPLES
from nextlabel.pool import Floats, Ids
from nextlabel.progress import Progress, quiet

BY_CHANCE = 0.02  # of the rows that were learned: more that are alike are so because columns are few

__all__ = ["Evaluation", "evaluate", "evaluate_request"]


class Fresh(NamedTuple):
    """What was not learned: ids (n,), probabilities (n, C); and how many were, what is unreadable, how many may be."""

    ids: Ids
    P: Floats
    learned: int = 0
    unread: tuple[Skipped, ...] = ()
    alike: int = 0


def evaluate(
    classifier: Classifier, data: Any, label_column: str | None = None, progress: Progress = quiet
) -> Evaluation:
    """How good a classifier is on the labelled samples of ``data``: a `Dataset` of pictures, a path, a frame or (X, y).

    Raises `BadData` where no sample is left that it has not learned, and `Mistake` where it tells other things apart.

    >>> from nextlabel import evaluate, load_dataset, train
    >>> digits = load_dataset("digits")
    >>> evaluate(train(digits), digits)
    Traceback (most recent call last):
    nextlabel.errors.BadData: The model has learned from all 1,797 labelled pictures of 'digits', so nothing ...
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
    # Each picture is decoded once; and where the model wants none, none is read.
    sink = made.sink if isinstance(made, PictureInput) else partial(_check_kind, made)
    page = request.table
    if isinstance(made, TableInput) and page.text_column is None:
        page = replace(page, keep=page.keep or ())  # a table, although a column of it may name pictures
    dataset = load(replace(request, sink=sink, table=page))
    return _evaluate_dataset(classifier, dataset, without_secrets(request.source), request.progress)


def _evaluate_dataset(classifier: Classifier, dataset: Dataset, source: Any, progress: Progress) -> Evaluation:
    labelled: Ids = np.flatnonzero(dataset.y >= 0)
    made = classifier.input
    _check_kind(made, dataset)
    if isinstance(made, TextInput):
        fresh = _fresh_texts(classifier, made, dataset, labelled, progress)
    elif isinstance(made, PictureInput):
        fresh = _fresh(classifier, made, dataset, labelled, progress)
    else:
        fresh = _fresh_rows(classifier, made, _encode(made, dataset, source), labelled)
    return _judge(classifier, dataset, fresh)


def _check_kind(made: Input, dataset: Dataset) -> None:
    """`Mistake` where the samples are of another kind than the model's."""
    if isinstance(made, PictureInput):
        if dataset.pictures is None:
            raise Mistake("This model was trained on pictures, and that is a table. Name pictures with their classes.")
    elif isinstance(made, TextInput):
        if dataset.texts is None:
            raise Mistake("This model was trained on texts, and there are none. Name the column with --text-column.")
    elif dataset.table is None:
        raise Mistake(f"This model was trained on a table, and these are {dataset.kind}. Name a table of its columns.")


def _fresh_texts(classifier: Classifier, made: TextInput, dataset: Dataset, labelled: Ids, progress: Progress) -> Fresh:
    assert dataset.texts is not None
    P = np.concatenate([classifier.probabilities(block) for block in made.look(dataset.texts, progress)])
    digests = dataset.texts.digests
    learned = _were_learned([digests[i] for i in labelled], classifier)
    return Fresh(labelled[~learned], P[labelled[~learned]], int(learned.sum()))


def _were_learned(digests: Sequence[str], classifier: Classifier) -> npt.NDArray[np.bool_]:
    return np.array([digest in classifier.learned_from for digest in digests], dtype=bool)


def _fresh_rows(classifier: Classifier, made: TableInput, X: Floats, labelled: Ids) -> Fresh:
    learned = _were_learned(digest_rows(X[labelled]), classifier)
    # Where rows of its own table are alike by chance, one that is like them need not be one of them.
    by_chance = len(classifier.learned_from) < (1 - BY_CHANCE) * sum(classifier.about.get("labels", {}).values())
    ids = labelled if by_chance else labelled[~learned]
    count = int(learned.sum())
    P = classifier.probabilities(made.features(X[ids]))
    return Fresh(ids, P, alike=count) if by_chance else Fresh(ids, P, learned=count)


def _encode(made: TableInput, dataset: Dataset, source: Any) -> Floats:
    """All rows (N, d) of a table, encoded as those of the training were."""
    if source is None and dataset.scheme != made.scheme:
        raise Mistake(
            "A table is encoded as the model's own was, so evaluate wants the table itself: its path or frame."
        )
    assert dataset.table is not None
    return dataset.table if source is None else encode_table(source, made.scheme)


def _fresh(classifier: Classifier, made: PictureInput, dataset: Dataset, labelled: Ids, progress: Progress) -> Fresh:
    """The labelled pictures that were not learned."""
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
    return Fresh(np.array(ids, dtype=np.int64), P, learned, tuple(unread))


def _judge(classifier: Classifier, dataset: Dataset, fresh: Fresh) -> Evaluation:
    ids, P, noun = fresh.ids, fresh.P, dataset.noun
    if not len(ids):
        if fresh.learned:
            count = f"all {fresh.learned:,} labelled {noun}s" if fresh.learned > 1 else f"the one labelled {noun}"
            raise BadData(
                f"The model has learned from {count} of '{dataset.name}', so nothing there says how good it is. Give "
                "it samples that it has not seen."
            )
        raise BadData(f"No labelled {noun} of '{dataset.name}' can be read, so there is nothing to judge by.")
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
        learned=fresh.learned,
        unread=fresh.unread,
        strange=dict(strange),
        alike=fresh.alike,
    )
