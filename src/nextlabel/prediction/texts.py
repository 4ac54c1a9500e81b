"""Which texts are meant: a column of a table, or files: one, or all in a folder."""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from nextlabel.classifiers import Classifier
from nextlabel.classifiers.texts import TextInput
from nextlabel.datasets import load_dataset
from nextlabel.datasets.listing import list_folder
from nextlabel.datasets.pictures import File
from nextlabel.datasets.text_files import read_text_files
from nextlabel.datasets.texts import Texts
from nextlabel.errors import BadData, Mistake
from nextlabel.models.predictions import Prediction
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable, show_path


def predict_texts(
    classifier: Classifier, made: TextInput, where: Any, progress: Progress = quiet
) -> Iterator[Prediction]:
    """Predictions of texts, by path or by row; and then of what cannot be read."""
    if made.columns is None:
        return _of_files(classifier, made, _list_files(where), progress)
    if isinstance(where, str | os.PathLike) and os.path.isdir(os.path.expanduser(where)):
        raise Mistake("This model was trained on texts in a table, and that is a folder. Give it a table.")
    texts = load_dataset(where, progress=progress, table=made.columns, unlabelled=True).texts
    if texts is None:
        raise Mistake("This model was trained on texts in a table. Give it a table with that column.")
    rows = _rows(classifier, made, texts, progress)
    return (Prediction.of(str(i), classifier.classes, row) for i, row in enumerate(rows))


def _of_files(
    classifier: Classifier, made: TextInput, files: list[tuple[str, File]], progress: Progress
) -> Iterator[Prediction]:
    readings = read_text_files([file for _, file in files], progress)
    named = [(printable(path), one) for (path, _), one in zip(files, readings, strict=True)]
    texts = Texts.of([one.text for _, one in named if one.reason is None])
    good = (path for path, one in named if one.reason is None)
    rows = _rows(classifier, made, texts, progress)
    return chain(
        (Prediction.of(path, classifier.classes, row) for path, row in zip(good, rows, strict=True)),
        (Prediction(path, None, {}, printable(one.reason)) for path, one in named if one.reason is not None),
    )


def _rows(classifier: Classifier, made: TextInput, texts: Texts, progress: Progress) -> Iterator[Floats]:
    for block in made.look(texts, progress):
        yield from classifier.probabilities(block)


def _list_files(where: Any) -> list[tuple[str, File]]:
    if not isinstance(where, str | os.PathLike):
        raise Mistake("This model was trained on files of text. Name one, or a folder of them.")
    path = Path(os.path.expanduser(where))
    alone: list[tuple[str, File]] = [(path.name, str(path))]
    found = list(list_folder(path).texts) if os.path.isdir(path) else alone
    if not found or not os.path.exists(path):
        raise BadData(f"There is no .txt file in '{show_path(path)}'. Is it the right one?")
    return found
