"""Predictions from the command line: a table of them, and pictures sorted into folders."""

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from nextlabel.classifiers import Classifier, load_classifier
from nextlabel.classifiers.pictures import PictureInput
from nextlabel.classifiers.tables import TableInput
from nextlabel.classifiers.texts import TextInput
from nextlabel.cli.places import OTHER_PLACE, real, refuse_inputs, refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.datasets.listing import Listing
from nextlabel.datasets.tables.stream import STANDARD_INPUT
from nextlabel.errors import BadData, Mistake
from nextlabel.files.atomic import write_atomically
from nextlabel.files.cells import quote_cell, quote_path
from nextlabel.files.refusals import refusals
from nextlabel.models.predictions import Prediction
from nextlabel.prediction import iter_predict, predict_pictures
from nextlabel.prediction.folders import check_place, sort_into_folders
from nextlabel.prediction.sources import list_pictures
from nextlabel.progress import Progress
from nextlabel.specifications import look_up
from nextlabel.text import printable, several

NAMED = 3  # most pictures that cannot be read and are named on the terminal; the table names all
MOST_CLASSES = 8  # that the last line counts


class Wish(NamedTuple):
    """What was typed."""

    model: Path
    data: str
    out: Path | None = None
    top: int = 1
    to: tuple[str, Path] | None = None
    copy: bool = False


class Line(NamedTuple):
    """What is kept of a prediction: the likeliest classes alone, since there may be a thousand of them."""

    path: str
    likeliest: Sequence[tuple[str, float]]
    problem: str | None

    @property
    def label(self) -> str | None:
        return self.likeliest[0][0] if self.likeliest else None


def run_predict(wish: Wish, as_json: bool, loud: Console) -> None:
    """Predict, write the table, fill the folders, and say how it went."""
    if wish.out is not None:
        refuse_inputs(wish.out, (wish.model, wish.data))
        refuse_place(wish.out)
    if wish.to is not None:
        check_to(wish)
    elif wish.copy:
        raise Mistake("--copy says how --to folders fills them, and that is missing. Add it, or leave out --copy.")
    classifier = load_classifier(wish.model)
    with show_progress(loud, quiet=as_json) as progress:
        listing = read_listing(wish, classifier)
        found = read_lines(wish, classifier, listing, progress)
    text = table(found, classifier, wish.top)
    if wish.out is not None:
        with refusals(wish.out, OTHER_PLACE):
            write_atomically(real(wish.out), text.encode())
    put = 0
    if wish.to is not None and listing is not None:
        put = sort_into_folders([one.label for one in found], listing.pictures, wish.to[1], wish.copy)
    for note in describe_problems(found):
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


def read_listing(wish: Wish, classifier: Classifier) -> Listing | None:
    """The pictures that were named; None where the classifier wants a table."""
    if isinstance(classifier.input, PictureInput):
        return list_pictures(read_paths(wish.data))
    if wish.to is not None:
        raise Mistake("This model was trained on no pictures, and only these go into folders. Leave out --to.")
    return None


def read_paths(data: str) -> str | Sequence[str]:
    """The path that was typed, or the paths on standard input."""
    if data != STANDARD_INPUT:
        return data
    if sys.stdin is None or sys.stdin.isatty():
        raise Mistake(
            "Nothing is sent to standard input, which '-' reads. Pipe paths into it: find . -name '*.jpg' | …"
        )
    return [line.rstrip("\r\n") for line in sys.stdin]


def read_lines(wish: Wish, classifier: Classifier, listing: Listing | None, progress: Progress) -> list[Line]:
    """What the classifier says; raises `BadData` where nothing can be read."""
    some = (
        iter_predict(classifier, wish.data, progress)
        if listing is None
        else predict_pictures(classifier, listing, progress)
    )
    found = [_line(one, wish.top) for one in some]
    bad = next((one for one in found if one.problem is not None), None)
    if bad is not None and all(one.problem is not None for one in found):
        raise BadData(
            f"None of {several(len(found), 'file')} can be read; the first, '{bad.path}', {bad.problem}. "
            "Are they whole?"
        )
    return found


def _line(one: Prediction, top: int) -> Line:
    likeliest = sorted(one.probabilities.items(), key=lambda pair: -pair[1])[:top]
    return Line(one.path, likeliest, one.reason)


def table(found: Iterable[Line], classifier: Classifier, top: int) -> str:
    """Predictions as CSV: path, label and how sure it is, the next likeliest, and what was wrong with a file."""
    out, word = io.StringIO(), classifier.confidence
    top = min(top, len(classifier.classes))
    ends = ["", *(f"_{k}" for k in range(2, top + 1))]
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([_who(classifier), *(name for end in ends for name in (f"label{end}", f"{word}{end}")), "problem"])
    for one in found:
        cells = [cell for label, share in one.likeliest for cell in (quote_cell(label), f"{share:.6f}")]
        rows.writerow([quote_path(one.path), *cells, *[""] * (2 * top - len(cells)), one.problem or ""])
    return out.getvalue()


def _who(classifier: Classifier) -> str:
    made = classifier.input
    rows = isinstance(made, TableInput) or (isinstance(made, TextInput) and made.columns is not None)
    return "id" if rows else "path"  # a row's number, from 0 on, as in `select`


def describe_problems(found: Sequence[Line]) -> Iterator[str]:
    """Which pictures have no prediction, and why."""
    bad = [one for one in found if one.problem is not None]
    if bad:
        named = "; ".join(f"'{one.path}' {one.problem}" for one in bad[:NAMED])
        more = f"; and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
        yield f"{len(bad):,} of {several(len(found), 'file')} cannot be read: {named}{more}."


def predictions_to_json(found: Sequence[Line], classifier: Classifier, wish: Wish) -> dict[str, Any]:
    """What ``--json`` prints."""
    word, who = classifier.confidence, _who(classifier)
    return {
        "out": wish.out and str(wish.out),
        "confidence": word,
        "counts": dict(_counts(found)),
        "predictions": [
            {
                who: one.path if who == "path" else int(one.path),
                "label": one.label,
                "likeliest": [{"label": label, word: share} for label, share in one.likeliest],
                "problem": one.problem,
            }
            for one in found
        ],
    }


def _counts(found: Iterable[Line]) -> Counter[str]:
    return Counter(one.label for one in found if one.label is not None)


def describe(found: Sequence[Line], wish: Wish, put: int) -> str:
    """How many of each class, and where the table and the folders are."""
    counts = _counts(found)
    named = ", ".join(f"{count:,} {label}" for label, count in counts.most_common(MOST_CLASSES))
    more = f" and {len(counts) - MOST_CLASSES} classes more" if len(counts) > MOST_CLASSES else ""
    place = "" if wish.out is None else f" The table: '{printable(str(wish.out))}'."
    folders = "" if wish.to is None else f" {several(put, 'picture')} in folders below '{printable(str(wish.to[1]))}'."
    return f"{several(counts.total(), 'prediction')}: {named}{more}.{place}{folders}"
