"""Predictions from the command line: a table of them, and pictures sorted into folders."""

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from nextlabel.classifiers import Classifier, load_classifier
from nextlabel.classifiers.tables import TableInput
from nextlabel.cli.progress import show_progress
from nextlabel.cli.select import OTHER_PLACE, real, refuse_place
from nextlabel.datasets.tables.stream import STANDARD_INPUT
from nextlabel.errors import BadData, Mistake
from nextlabel.files.atomic import write_atomically
from nextlabel.files.refusals import refusals
from nextlabel.models.predictions import Prediction
from nextlabel.prediction import predict, predict_pictures
from nextlabel.prediction.folders import check_place, sort_into_folders
from nextlabel.prediction.sources import list_pictures
from nextlabel.specifications import look_up
from nextlabel.text import printable, several

NAMED = 3  # most pictures that cannot be read and are named on the terminal; the table names all


class Wish(NamedTuple):
    """What was typed."""

    model: Path
    data: str
    out: Path | None = None
    top: int = 1
    to: tuple[str, Path] | None = None
    copy: bool = False


def run_predict(wish: Wish, as_json: bool, loud: Console) -> None:
    """Predict, write the table, and say how it went."""
    if wish.out is not None:
        refuse_place(wish.out)
    if wish.to is not None:
        check_to(wish)
    classifier = load_classifier(wish.model)
    listing, put = None, 0
    with show_progress(loud, quiet=as_json) as progress:
        if isinstance(classifier.input, TableInput):
            if wish.to is not None:
                raise Mistake("This model was trained on a table, whose rows go into no folders. Leave out --to.")
            found = predict(classifier, wish.data, progress)
        else:
            listing = list_pictures(read_paths(wish.data))
            found = list(predict_pictures(classifier, listing, progress))
    bad = [one for one in found if one.reason is not None]
    if len(bad) == len(found):
        raise BadData(f"None of the {len(found)} pictures can be read; the first, '{bad[0].path}', {bad[0].reason}.")
    text = table(found, classifier, wish.top)
    if wish.out is not None:
        with refusals(wish.out, OTHER_PLACE):
            write_atomically(real(wish.out), text.encode())
    if wish.to is not None and listing is not None:
        put = sort_into_folders(found, listing.pictures, wish.to[1], wish.copy)
    for note in describe_unreadable(bad, len(found)):
        loud.print(f"Note: {note}", markup=False)
    if as_json:
        print(json.dumps(predictions_to_json(found, classifier, wish), allow_nan=False))
    elif wish.out is None and wish.to is None:
        print(text, end="")
    else:
        print(describe(found, wish, put))


def check_to(wish: Wish) -> None:
    """Raise where predictions are to go to what is no empty folder outside the source."""
    assert wish.to is not None
    kind, place = wish.to
    look_up({"folders": None}, kind, "way of putting predictions")
    check_place(place, None if wish.data == STANDARD_INPUT else wish.data)


def read_paths(data: str) -> str | Sequence[str]:
    """The path that was typed, or the paths on standard input."""
    if data != STANDARD_INPUT:
        return data
    if sys.stdin is None or sys.stdin.isatty():
        raise Mistake(
            "Nothing is sent to standard input, which '-' reads. Pipe paths into it: find . -name '*.jpg' | …"
        )
    return [line.rstrip("\r\n") for line in sys.stdin]


def table(found: Sequence[Prediction], classifier: Classifier, top: int) -> str:
    """Predictions as CSV: path, label and how sure it is, the next likeliest, and what was wrong with a file."""
    out, word = io.StringIO(), classifier.confidence
    top = min(top, len(classifier.classes))
    heads = [(f"label{'' if k == 1 else f'_{k}'}", f"{word}{'' if k == 1 else f'_{k}'}") for k in range(1, top + 1)]
    rows = csv.writer(out, lineterminator="\n")
    who = ["id"] if isinstance(classifier.input, TableInput) else ["path"]  # a row's number, from 0 on, as in `select`
    rows.writerow([*who, *(name for pair in heads for name in pair), "problem"])
    for one in found:
        likeliest = sorted(one.probabilities.items(), key=lambda pair: -pair[1])[:top]
        cells = [cell for label, share in likeliest for cell in (label, f"{share:.6f}")]
        rows.writerow([one.path, *cells, *[""] * (2 * top - len(cells)), one.reason or ""])
    return out.getvalue()


def describe_unreadable(bad: Sequence[Prediction], total: int) -> Iterator[str]:
    """Which pictures have no prediction, and why."""
    if bad:
        named = "; ".join(f"'{one.path}' {one.reason}" for one in bad[:NAMED])
        more = f"; and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
        yield f"{len(bad):,} of {several(total, 'picture')} cannot be read: {named}{more}."


def predictions_to_json(found: Sequence[Prediction], classifier: Classifier, wish: Wish) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "out": wish.out and str(wish.out),
        "confidence": classifier.confidence,
        "counts": dict(Counter(one.label for one in found if one.label is not None)),
        "predictions": [
            {"path": one.path, "label": one.label, "probabilities": one.probabilities, "problem": one.reason}
            for one in found
        ],
    }


def describe(found: Sequence[Prediction], wish: Wish, put: int) -> str:
    """How many of each class, and where the table and the folders are."""
    counts = Counter(one.label for one in found if one.label is not None)
    named = ", ".join(f"{count:,} {label}" for label, count in counts.most_common(8))
    more = f" and {len(counts) - 8} classes more" if len(counts) > 8 else ""
    table = "" if wish.out is None else f" The table: '{printable(str(wish.out))}'."
    folders = "" if wish.to is None else f" {several(put, 'picture')} in folders below '{printable(str(wish.to[1]))}'."
    return f"{several(counts.total(), 'prediction')}: {named}{more}.{table}{folders}"
