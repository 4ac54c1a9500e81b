"""Labels as people write them: names made comparable, words for missing, numbers kept as they are spelled.

read_names(["cat", "cat ", None, "NA"])         # Named(names=["cat", "cat", None, None], …)
encode_labels(["10", "-1", None, "1.0"])        # codes, and the classes by code
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.numerals import read_numerals
from nextlabel.errors import BadData
from nextlabel.pool import Labels
from nextlabel.text import join_names, printable, several, shorten

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
# Those of pandas, and those of UCI's tables. Case counts: "na" is Sodium to some, "none" a class of defects.
NULL_WORDS = frozenset(
    [
        "NaN",
        "nan",
        "NAN",
        "-NaN",
        "-nan",
        "NA",
        "N/A",
        "n/a",
        "<NA>",
        "#N/A",
        "#NA",
        "None",
        "NULL",
        "null",
        "NaT",
        "?",
        "-",
    ]
)  # an empty cell is missing anyhow
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))  # zero-width spaces, which no one means
TRUTHS = {"true": "True", "false": "False"}
BITS = {"true": "1", "false": "0", "1": "1", "0": "0"}
WHOLE = re.compile(r"^(-?[0-9]+)\.0*$")  # a whole number as a float is printed
LOSES_A_ZERO = re.compile(r"-?0[0-9].*|-?[0-9]*\.[0-9]*0(e.*)?", re.IGNORECASE)  # 01067, and 1.10 beside 1.1
FEW_VALUES = 10  # decimals with more different values than that are measurements
FEW_WHOLE = 20  # and whole numbers with more, where most occur less often than this:
FEW_EACH = 3
MOST_SHOWN = 3
THIRDS = "pandas.qcut(y, 3, labels=['low', 'middle', 'high'])"


@dataclass(frozen=True)
class Named:
    """Labels by their names: ``names`` (n,) normalised, None where one is missing; ``notes`` sentences about it."""

    names: list[str | None]
    notes: tuple[str, ...] = ()


def normalise(text: str) -> str:
    """A name as it is compared: in one Unicode form, without spaces around it or of no width in it.

    >>> normalise("Cafe\u0301 ") == normalise("Caf\u00e9\u200b")
    True
    """
    return unicodedata.normalize("NFC", text.translate(INVISIBLE)).strip()


def read_names(labels: Sequence[str | None], null_words: Iterable[str] | None = None) -> Named:
    """The names of labels (n,): spellings of one name are merged, and words for missing are None.

    >>> read_names(["cat", "cat ", "?", None]).names
    ['cat', 'cat', None, None]
    """
    nulls = set(NULL_WORDS if null_words is None else null_words) | {""}
    counts = Counter(label for label in labels if label is not None)
    names = {label: normalise(label) for label in counts}
    missing = {label for label, name in names.items() if name in nulls}
    names = {label: name for label, name in names.items() if label not in missing}
    names = _merge_truths(names)
    notes = [*_say_merges(names), *_say_missing({normalise(word): counts[word] for word in missing})]
    return Named([None if label is None else names.get(label) for label in labels], tuple(notes))


def _merge_truths(names: Mapping[str, str]) -> dict[str, str]:
    """True, TRUE and true are one class, and so are True and 1 (as 1), where all labels are such words.

    Where none of them is written in two ways, all are left as they are.

    >>> _merge_truths({"TRUE": "TRUE", "true": "true"}), _merge_truths({"True": "True", "1.0": "1.0", "0": "0"})
    ({'TRUE': 'True', 'true': 'True'}, {'True': '1', '1.0': '1', '0': '0'})
    """
    words = {label: WHOLE.sub(r"\1", name.lower()) for label, name in names.items()}
    used = set(words.values())
    if used.isdisjoint(TRUTHS) or not used <= BITS.keys():
        return dict(names)
    merged = {label: (TRUTHS if used <= TRUTHS.keys() else BITS)[word] for label, word in words.items()}
    return merged if len(set(merged.values())) < len(set(names.values())) else dict(names)


def _say_merges(names: Mapping[str, str]) -> list[str]:
    written = defaultdict(list)
    for label in sorted(names):
        written[names[label]].append(label)
    merged = {name: labels for name, labels in written.items() if len(labels) > 1}
    if not merged:
        return []
    first = next(iter(merged))
    ways = join_names([f"'{shorten(_visible(label))}'" for label in merged[first][:MOST_SHOWN]])
    more = f" So were {several(len(merged) - 1, 'other')}." if len(merged) > 1 else ""
    return [f"Labels that are spelled {ways} were taken for one class, '{shorten(first)}'.{more}"]


def _visible(label: str) -> str:
    """A spelling whose difference can be seen: what is no ASCII beside letters, as an escape."""
    plain = "".join(c if c.isalnum() or c.isascii() else ascii(c)[1:-1] for c in label)
    return plain if unicodedata.is_normalized("NFC", label) else ascii(label)[1:-1]


def _say_missing(counts: Mapping[str, int]) -> list[str]:
    words = [f"'{printable(word)}'" for word in sorted(counts) if word]
    if not words:
        return []
    total = sum(count for word, count in counts.items() if word)
    return [
        f"{several(total, 'label')} written {join_names(words)} {'counts' if total == 1 else 'count'} as missing. "
        "If one of these words is a class, give --null-words without it."
    ]


def write_labels(y: npt.NDArray[Any], shown: str) -> list[str | None]:
    """Labels (n,) as they are written; NaN is a missing one, and an infinite one is none."""
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "replace")
    if y.dtype.kind not in "buifU":
        raise BadData(f"In '{shown}', y holds {y.dtype}; labels are whole numbers, decimals or text.")
    if y.dtype.kind == "f" and np.isinf(y).any():
        row = int(np.flatnonzero(np.isinf(y))[0])
        raise BadData(
            f"Row {row + 1} of '{shown}' has the label {y[row]}, which is no class. Correct or drop such rows."
        )
    texts: list[str | None] = y.astype(str).tolist()
    return [None if text == "nan" else text for text in texts] if y.dtype.kind == "f" else texts


def encode_labels(labels: Sequence[str | None], as_text: bool = False) -> tuple[Labels, tuple[str, ...]]:
    """Codes (n,), -1 where a label is missing, and the classes by code.

    Labels that are all numbers are ordered as such, and called as they are written, but that 1.0 and +1 are 1. Where
    that would make one class of two spellings, or lose a zero of 01067 or 1.10, they are text, as all others.

    >>> encode_labels(["10", "-1", None, "1.0"])
    (array([ 2,  0, -1,  1]), ('-1', '1', '10'))
    >>> encode_labels(["01", "1"])[1], encode_labels(["1.1", "1.10"])[1]
    (('01', '1'), ('1.1', '1.10'))
    """
    known = {label for label in labels if label is not None}
    numbers = None if as_text else _number_names(known)
    names = {label: printable(label) for label in known} if numbers is None else numbers
    order: list[str] = sorted(set(names.values()), key=None if numbers is None else _value)
    codes = {name: code for code, name in enumerate(order)}
    y = np.array([-1 if label is None else codes[names[label]] for label in labels], dtype=np.int64)
    return y, tuple(order)


def find_spellings(labels: Sequence[str | None], y: Labels, classes: Sequence[str]) -> dict[str, int]:
    """The code of each label (n,) as the table writes it, where that is not what its class is called."""
    pairs = zip(labels, y.tolist(), strict=True)
    return {label: code for label, code in pairs if label is not None and code >= 0 and label != classes[code]}


def _number_names(known: Iterable[str]) -> dict[str, str] | None:
    """What each number is called; None where they are text: some are no numbers, or would lose what tells them apart.

    >>> _number_names(["+1", "2.0", "2.5"]), _number_names(["1e2", "10e1"]), _number_names(["01067"])
    ({'+1': '1', '2.0': '2', '2.5': '2.5'}, None, None)
    """
    names = {label: WHOLE.sub(r"\1", label.lstrip("+")) for label in known}
    if not all(NUMBER.fullmatch(name) and not LOSES_A_ZERO.fullmatch(name) for name in names.values()):
        return None
    different = set(names.values())
    return names if len({_value(name) for name in different}) == len(different) else None


def _value(text: str) -> int | float:
    """A whole number wherever it is one: no float holds all of them."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def read_values(classes: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """The numbers (C,) that classes are, in whatever way they are written; None where one is no number."""
    if all(map(NUMBER.fullmatch, classes)):
        return np.array([float(name) for name in classes])
    return read_numerals(classes)


def is_measured(y: Labels, classes: Sequence[str]) -> bool:
    """Do labels (n,) look like a measured number? Decimals of many values do, and whole numbers that hardly repeat."""
    if len(classes) <= FEW_VALUES or (values := read_values(classes)) is None:
        return False
    if (values != np.floor(values)).any():
        return True
    counts = np.bincount(y[y >= 0])
    return len(classes) > FEW_WHOLE and bool(np.median(counts) < FEW_EACH)


def describe_measured(y: Labels, classes: Sequence[str], shown: str) -> str:
    """The sentence that refuses them."""
    values = read_values(classes)
    assert values is not None, "what looks measured is numbers"
    return (
        f"The labels of '{shown}' look like a measured number, not a class: {len(classes):,} different values from "
        f"{values.min():g} to {values.max():g} in {several(int((y >= 0).sum()), 'row')}. Make a few classes of them, "
        f"such as low, middle and high by thirds: {THIRDS}. If they are classes, write them as text, such as c12."
    )


def doubt_numbers(classes: Sequence[str], shown: str) -> list[str]:
    """A note on classes that may be a measured number that repeats, as ages, scores and years do; [] for all others.

    They are many whole numbers, most of which are one above the one before; so are the codes of many classes.

    >>> doubt_numbers([str(age) for age in range(18, 80)], "people.csv")[0][:68]
    "The labels of 'people.csv' are 62 classes, all whole numbers from 18"
    >>> doubt_numbers([str(100 * k) for k in range(62)], "codes.csv"), doubt_numbers(["1", "2", "3"], "few.csv")
    ([], [])
    """
    if len(classes) <= FEW_WHOLE or (values := read_values(classes)) is None:
        return []
    if 2 * np.count_nonzero(np.diff(np.sort(values)) == 1) < len(values):
        return []
    return [
        f"The labels of '{shown}' are {len(classes):,} classes, all whole numbers from {values.min():g} to "
        f"{values.max():g}. If they measure something, such as an age or a score, make a few classes of them first: "
        f"{THIRDS}."
    ]
