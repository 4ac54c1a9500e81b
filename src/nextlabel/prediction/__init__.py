"""VERB   predict: what a trained classifier says of pictures, or of the rows of a table, that it has not seen.

    for one in predict(load_classifier("flowers.safetensors"), "garden/"):
        print(one.path, one.label)

Pictures are read block by block: a hundred thousand take no more memory than a thousand.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from nextlabel.classifiers import Classifier
from nextlabel.classifiers.pictures import PictureInput, Seen
from nextlabel.classifiers.tables import TableInput
from nextlabel.classifiers.texts import TextInput
from nextlabel.datasets.listing import Listing
from nextlabel.datasets.tables import encode_table
from nextlabel.errors import Mistake
from nextlabel.models.predictions import Prediction
from nextlabel.prediction.sources import list_pictures
from nextlabel.prediction.texts import predict_texts
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable


def predict(classifier: Classifier, where: Any, progress: Progress = quiet) -> list[Prediction]:
    """What a classifier says of each sample in ``where``, in the order of paths, or of rows.

    ``where`` is a picture, a folder, an archive or a list of pictures, or a sequence of paths; for a classifier of a
    table it is a table or a frame. What cannot be read has a ``reason`` instead of a label. Raises `BadData` where
    there is nothing at all, and `Mistake` where the classifier tells other things apart.

    >>> import tempfile
    >>> from PIL import Image
    >>> from nextlabel import load_dataset, predict, train
    >>> classifier = train(load_dataset("digits"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (8, 8)).save(f"{folder}/empty.png")
    ...     [(one.path, len(one.probabilities)) for one in predict(classifier, folder)]
    [('empty.png', 10)]
    """
    return list(iter_predict(classifier, where, progress))


def iter_predict(classifier: Classifier, where: Any, progress: Progress = quiet) -> Iterator[Prediction]:
    """The same, one by one, as they are known; what `predict` refuses is refused at once."""
    if isinstance(classifier.input, TableInput):
        return _predict_rows(classifier, classifier.input, where)
    if isinstance(classifier.input, TextInput):
        return predict_texts(classifier, classifier.input, where, progress)
    return predict_pictures(classifier, list_pictures(where), progress)


def _predict_rows(classifier: Classifier, made: TableInput, where: Any) -> Iterator[Prediction]:
    if isinstance(where, str | os.PathLike) and os.path.isdir(os.path.expanduser(where)):
        raise Mistake("This model was trained on a table, and that is a folder. Give it a table of the same columns.")
    P = classifier.probabilities(made.features(encode_table(where, made.scheme)))
    return (Prediction.of(str(i), classifier.classes, row) for i, row in enumerate(P))


def predict_pictures(classifier: Classifier, listing: Listing, progress: Progress = quiet) -> Iterator[Prediction]:
    """Predictions of pictures in the order of a listing, and then of what it could not even list."""
    made = classifier.input
    if not isinstance(made, PictureInput):
        raise Mistake("This model was trained on a table, and these are pictures. Give it a table of the same columns.")
    return _say(classifier.classes, listing, made.look([file for _, file in listing.pictures], progress), classifier)


def _say(
    classes: Sequence[str], listing: Listing, blocks: Iterator[Seen], classifier: Classifier
) -> Iterator[Prediction]:
    paths = iter(path for path, _ in listing.pictures)
    for seen in blocks:
        rows = iter(classifier.probabilities(seen.features))
        for one in seen.readings:
            name = printable(next(paths))
            if one.reason is None:
                yield Prediction.of(name, classes, next(rows))
            else:
                yield _unreadable(name, one.reason)
    yield from (_unreadable(one.path, one.reason) for one in listing.skipped)


def _unreadable(name: str, reason: str) -> Prediction:
    return Prediction(printable(name), None, {}, printable(reason))
