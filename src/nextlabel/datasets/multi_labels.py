"""Several labels for one sample. nextlabel learns one, so data that write several are refused, in one sentence.

read_choice('["cat"]', "1.jpg", "list.csv")                   # "cat"; with a dog in it, a `Mistake`
refuse_several_labels(["cat|dog", "cat", "dog"], "list.csv")  # a `Mistake`, for each of them is a label elsewhere
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.errors import BadArray, Mistake
from nextlabel.text import join_names, printable, several, shorten

MARKS = "|;,"  # between labels, as data have them: "sea lion" and "hot/cold" are names
QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
DECIMAL = re.compile(r"[+-]?[0-9]+(,[0-9]+)?")
HALF = "5"  # 1,5 beside 1 and 5 is half a point of a scale
Pieces = Mapping[str, Sequence[str]]  # of each label, by the label


def read_choice(value: Any, name: str, shown: str, noun: str = "picture") -> str:
    """What a cell says of the sample ``name``, as it is written, or the one choice in it.

    Raises `Mistake` where there are several.

    >>> [read_choice(value, "1.jpg", "list.csv") for value in ("cat ", '["cat"]', ["cat"], '{"choices": ["cat"]}', 7)]
    ['cat ', 'cat', 'cat', 'cat', '7']
    """
    listed = _read_list(value)
    if listed is None:
        return value if isinstance(value, str) else _text(value)
    if len(listed) > 1:
        raise say_several_labels(name, listed, shown, noun)
    return listed[0] if listed else ""


def say_several_labels(name: str, labels: Sequence[str], shown: str, noun: str = "picture") -> Mistake:
    """The error that a sample has these labels."""
    return Mistake(
        f"'{printable(shown)}' says of '{printable(name)}' that it is {_quote_both(labels)}: these are multi-label "
        f"data, and nextlabel learns one label for each {noun}. Keep one."
    )


def say_label_columns(names: Sequence[str], shown: str, noun: str = "picture") -> str:
    """The sentence about columns of 0 and 1, one for each class, a way to write several labels for one sample."""
    return (
        f"'{shown}' has a column of 0 and 1 for each of {several(len(names), 'label')}, as multi-label data have; "
        f"nextlabel learns one label for each {noun}. Write it into a column 'label'."
    )


def refuse_several_labels(labels: Iterable[str | None], shown: str, noun: str = "sample") -> None:
    """Raises `Mistake` where labels (n,), None for a missing one, are such as ``cat|dog`` or ``['cat', 'dog']``.

    A list with several in it always is. ``cat|dog``, and its kin with other marks, is where each of the two stands in
    other labels as well; the two halves of names such as ``Apple, healthy`` do so, too, and are told by their places.

    >>> refuse_several_labels(["cat", "dog", "sea lion", "Lyon, France", "Paris, France", "0|1", "1|0", "1|1"], "a.csv")
    >>> refuse_several_labels(["cat", "dog", "cat;dog"], "a.csv")
    Traceback (most recent call last):
    nextlabel.errors.Mistake: The label 'cat;dog' in 'a.csv' is 'cat' and 'dog': these are multi-label data, and ...
    """
    cells = sorted({label for label in labels if label is not None})
    for cell in cells:
        if len(listed := _read_list(cell) or ()) > 1:
            raise _say_joined(cell, listed, shown, noun, "brackets")
    for mark in MARKS:
        pieces = {cell: _split(cell, mark) for cell in cells}
        joined = [cell for cell in cells if len(pieces[cell]) > 1]
        if joined and (found := _find_several(pieces, joined, mark)) is not None:
            raise _say_joined(found, pieces[found], shown, noun, f"'{mark}'")


def flatten_labels(y: npt.NDArray[Any], shown: str, noun: str = "sample") -> npt.NDArray[Any]:
    """Labels (n,) of an array (n,), (n, 1), or of a column of 0 and 1 for each class with a single 1: its place.

    Raises `BadArray`, a `Mistake`, for other shapes.

    >>> flatten_labels(np.array([[0, 1, 0], [1, 0, 0]]), "a.npz").tolist(), flatten_labels(np.eye(1), "a.npz").tolist()
    ([1, 0], [1.0])
    """
    if y.ndim == 1:
        return y
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    if y.ndim == 2 and y.dtype.kind in "biuf" and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        places: npt.NDArray[Any] = y.argmax(axis=1)
        return places
    raise BadArray(
        f"The labels of '{printable(shown)}' are {y.dtype} of the shape {y.shape}, several for each {noun}: these are "
        f"multi-label data, and nextlabel learns one label for each {noun}. Keep one column."
    )


def refuse_lists(y: Any, shown: str) -> None:
    """Raises `Mistake` where the labels (n,) of somebody's own are lists or sets, and one of them holds several."""
    for i, one in enumerate(y if hasattr(y, "__iter__") else ()):
        if isinstance(one, list | tuple | set | frozenset) and len(one) > 1:
            raise say_several_labels(f"sample {i}", sorted(map(_text, one)), shown, "sample")


def _find_several(pieces: Pieces, joined: Sequence[str], mark: str) -> str | None:
    """The first label that stands for several, if there is one, among those that the mark parts."""
    alone = {some[0] for some in pieces.values() if len(some) == 1}
    known = [cell for cell in joined if alone.issuperset(pieces[cell]) and len(set(pieces[cell])) > 1]
    if mark == "," and all(map(DECIMAL.fullmatch, pieces)):  # 1,2 is 1 and 2, if there is nothing else to it
        halves = all(pieces[cell][-1] == HALF for cell in joined)
        return known[0] if len(known) == len(joined) and not halves else None
    if known:
        return known[0]
    counts = Counter(piece for some in pieces.values() for piece in set(some))
    again = [cell for cell in joined if all(counts[piece] > 1 for piece in pieces[cell])]
    return again[0] if 2 * len(again) > len(joined) and not _are_names(list(pieces.values())) else None


def _are_names(rows: Sequence[Sequence[str]]) -> bool:
    """Do labels (n, k) name one thing, each place with words of its own, or say one thing twice (``0|0``)?"""
    if any(len(set(row)) < len(row) for row in rows):
        return True
    places = [set(place) for place in zip(*rows, strict=False)]
    return len(set(map(len, rows))) == 1 and len(set().union(*places)) == sum(map(len, places))


def _split(cell: str, mark: str) -> list[str]:
    inner = cell[1:-1] if cell[:1] + cell[-1:] in ("[]", "{}") else cell
    return [piece for each in inner.split(mark) if (piece := each.strip())]


def _read_list(value: Any) -> list[str] | None:
    """What a list holds, or a cell that is written as one, by a program or in Python; None for anything else."""
    if isinstance(value, str):
        value = _parse_list(value)
    if isinstance(value, dict):
        value = value.get("choices", value)
    return [_text(each) for each in value] if isinstance(value, list | tuple) else None


def _parse_list(cell: str) -> Any:
    if cell[:1] + cell[-1:] not in ("[]", "{}", "()"):
        return None
    with suppress(ValueError, RecursionError):  # a class may be called so
        return json.loads(cell)
    found = [one or other for one, other in QUOTED.findall(cell)]
    return found if found and ":" not in QUOTED.sub("", cell) else None  # and of a dict nobody knows what it means


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _quote_both(labels: Sequence[str]) -> str:
    return join_names([f"'{shorten(label)}'" for label in labels[:2]])


def _say_joined(cell: str, labels: Sequence[str], shown: str, noun: str, mark: str) -> Mistake:
    return Mistake(
        f"The label '{shorten(cell)}' in '{printable(shown)}' is {_quote_both(labels)}: these are multi-label data, "
        f"and nextlabel learns one label for each {noun}. Keep one; if it is a single class, write it without {mark}."
    )
