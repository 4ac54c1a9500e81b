"""Answers in a file: which sample is what, as people and other tools write it down, joined to a dataset.

    path,label          id,label          [{"data": {"image": …}, "annotations": …}, …]     Label Studio's JSON
    rose/1.jpg,rose     17,rose           {"path": "rose/1.jpg", "label": "rose"}           JSON lines

A sample is named by its path, its id, or the digest of what it holds. Said twice, the later answer stands, and any
answer before what a folder or a column says. An empty label, or a word for missing, takes an earlier answer back.
"""

import csv
import io
import json
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.labels import encode_labels, normalise, read_names
from nextlabel.datasets.listed_paths import ID_COLUMNS, PATH_COLUMNS, UPLOAD, tidy_path
from nextlabel.datasets.multi_labels import read_choice, refuse_several_labels, say_label_columns
from nextlabel.datasets.picture_manifest import LABEL_COLUMNS
from nextlabel.errors import BadData, Mistake
from nextlabel.files import cache
from nextlabel.files.cells import long_cells, unquote_cell
from nextlabel.text import join_names, printable, quote_few, several, shorten, show_path

FORM = "Answers are a .csv with columns id or path, and label, or the same as JSON lines, or Label Studio's JSON."
TASK_PARTS = ("annotations", "data")  # of a task in Label Studio's JSON
SAMPLE_COLUMNS = (*PATH_COLUMNS, "id", "key", "digest", "row", "text", *ID_COLUMNS)


class Answer(NamedTuple):
    """A row: the ``sample`` as it is named there, its ``label`` (None: it has none), its ``number`` in its ``file``.

    ``written`` is the label with the spaces around it.
    """

    sample: str
    label: str | None
    number: int
    file: str
    written: str


def read_all_answers(paths: Sequence[str | os.PathLike[str]]) -> list[Answer]:
    """The answers of several files, one file after the other; raises as `read_answers` does.

    Raises `Mistake` where they are several for one sample, such as ``cat|dog``.
    """
    answers = [answer for path in paths for answer in read_answers(answer_file(path))]
    refuse_several_labels((answer.label for answer in answers), join_names(_names(answers)))
    return answers


def read_answers(path: Path) -> list[Answer]:
    """The answers of a file, in its order; raises `BadData` where it holds anything else."""
    try:
        # Excel begins a CSV file with a mark. No line end is translated: csv reads those within quotes itself.
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
        rows = _parse(text, path.suffix.lower())
        _refuse_label_columns(rows, path)
        return [_answer(row, number, path) for number, row in enumerate(rows, 1)]
    except OSError as error:
        raise BadData(
            f"The answers in '{show_path(path)}' cannot be read ({error.strerror}). Is the path right?"
        ) from None
    except (BadData, Mistake):
        raise
    except (ValueError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise BadData(f"The answers in '{show_path(path)}' cannot be read ({printable(str(error))}). {FORM}") from None


def _parse(text: str, ending: str) -> list[Mapping[str, Any]]:
    if ending in (".jsonl", ".ndjson"):
        found = [json.loads(line) for line in text.split("\n") if line.strip()]  # U+2028 is no end of a line here
    elif ending == ".json":
        try:
            found = json.loads(text)
        except ValueError:  # JSON lines go by this name, too
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
    else:
        with long_cells():  # texts name themselves
            rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
            found = [
                {name: unquote_cell(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
                for row in rows
            ]
    return found if isinstance(found, list) else [found]


def _unquote(cell: Any) -> Any:
    """A cell as it was meant; of a row that is too long or too short, csv makes other things."""
    return unquote_cell(cell) if isinstance(cell, str) else cell


def _delimiter(text: str) -> str:
    """The mark between the names of the first line."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _refuse_label_columns(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Raises `BadData` where no column is called ``label``, and several hold nothing but 0 and 1."""
    names = {str(name).strip().lower(): name for name in rows[0]} if len(rows) > 1 else {}
    if {*LABEL_COLUMNS, *TASK_PARTS} & names.keys():
        return
    others = [name for plain, name in names.items() if plain not in SAMPLE_COLUMNS]
    binary = [name for name in others if {str(row.get(name)).strip() for row in rows} <= {"0", "1"}]
    if len(binary) > 1:
        raise BadData(say_label_columns(binary, show_path(path), "sample"))


def _answer(row: Mapping[str, Any], number: int, path: Path) -> Answer:
    if any(part in row for part in TASK_PARTS):
        row = _read_task(row)
    plain = {str(name).strip().lower(): value for name, value in row.items()}
    sample = next((plain[name] for name in SAMPLE_COLUMNS if plain.get(name) not in (None, "")), None)
    label = next((name for name in LABEL_COLUMNS if name in plain), None)
    if sample is None or label is None:
        lacks = "it names no sample" if sample is None else f"nothing in it is called {' or '.join(LABEL_COLUMNS[:2])}"
        raise BadData(f"Row {number} of '{show_path(path)}' is no answer: {lacks}. {FORM}")
    name = str(sample).strip()
    written = read_choice(plain[label], name, path.name, "sample")
    return Answer(name, written.strip() or None, number, path.name, written)


def _read_task(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task of Label Studio's as a row: what it shows, and the choice of the last annotation that stands."""
    data = {str(name).lower(): value for name, value in task.get("data", {}).items()}
    names = [name for name in SAMPLE_COLUMNS if name in data] or [
        name for name, value in data.items() if isinstance(value, str)
    ]
    standing = [
        annotation["result"] for annotation in task.get("annotations", []) if not annotation.get("was_cancelled")
    ]
    values = [each["value"] for each in (standing[-1] if standing else [])]
    choices = next((value["choices"] for value in values if "choices" in value), None)
    return {"path": data[names[0]] if names else None, "label": choices}


@dataclass(frozen=True)
class Samples:
    """The samples of a dataset, found by whatever name somebody gives them."""

    dataset: Dataset

    def find(self, name: str) -> int | None:
        """The id of a sample, or None: as it is written, as other programs write paths, and by its file's name alone.

        The name alone must not stand for a path that is not here: ``cats/1.jpg`` is not ``dogs/1.jpg``.

        >>> import numpy as np
        >>> y, table = np.array([-1, -1]), np.zeros((2, 1), np.float32)
        >>> two = Samples(Dataset("two", y, (), "", table=table, paths=("a/1.jpg", "b/2.jpg")))
        >>> two.find("./b\\\\2.jpg"), two.find("/data/upload/7/0123abcd-1.jpg"), two.find("1"), two.find("c/2.jpg")
        (1, 0, 1, None)
        """
        known = next((self._ids[way] for way in self._ways(name) if way in self._ids), None)
        if known is not None:
            return known
        return next((self._alone[way] for way in _file_names(name) if way in self._alone), None)

    @cached_property
    def _ids(self) -> Mapping[str, int]:
        content = self.dataset.keys or self.dataset.content
        by_digest = {key: i for i, key in enumerate(content)} if len(content) == len(self.dataset) else {}
        by_path = {path: i for i, path in enumerate(self.dataset.paths or ())}
        composed = {unicodedata.normalize("NFC", path): i for path, i in by_path.items()}  # macOS takes ü apart
        return by_digest | {str(i): i for i in range(len(self.dataset))} | composed | by_path

    @cached_property
    def _alone(self) -> Mapping[str, int]:
        """Ids by the names of files, where no other file is called so; also as uploading changes them."""
        by_name = defaultdict(set)
        for i, path in enumerate(self.dataset.paths or ()):
            base = path.rpartition("/")[2]
            by_name[base].add(i)
            by_name[_as_uploaded(base)].add(i)
        return {name: min(ids) for name, ids in by_name.items() if len(ids) == 1}

    def _ways(self, name: str) -> Iterator[str]:
        yield name
        plain = tidy_path(name.strip())
        yield plain
        yield unicodedata.normalize("NFC", plain)
        if self.dataset.root and plain.startswith(f"{self.dataset.root}/"):
            yield plain[len(self.dataset.root) + 1 :]
        for inner in parse_qs(urlsplit(name).query).get("d", []):  # Label Studio's local files, from a folder above
            yield from _ends(tidy_path(inner))


def _file_names(name: str) -> Iterator[str]:
    """The name of the file, where it came without a path, or under one that tells nothing: an upload, an address."""
    path = unquote(urlsplit(name).path)
    base = path.rpartition("/")[2]
    if re.search(r"[^0-9]", base) and (base == name or "://" in name or path.startswith("/data/upload/")):
        yield from (base, UPLOAD.sub("", base))


def _as_uploaded(name: str) -> str:
    """A file's name as Label Studio keeps an upload: without what has a meaning in addresses.

    >>> _as_uploaded("my cat (1).jpg")
    'my_cat_1.jpg'
    """
    return re.sub(r"[^-\w.]", "", name.strip().replace(" ", "_"))


def _ends(path: str) -> Iterator[str]:
    """A path, and what is left of it without its first folders."""
    while path:
        yield path
        path = path.partition("/")[2]


@dataclass
class Joined:
    """Labels (n,) of a dataset's samples by the answers, and what is odd about these."""

    labels: list[str | None]
    lost: list[Answer] = field(default_factory=list)
    torn: dict[int, tuple[Answer, Answer]] = field(default_factory=dict)  # an earlier answer, and the one that stands

    def say(self) -> Iterator[str]:
        """Sentences for a person."""
        yield from _say_lost(self.lost)
        yield from _say_torn(list(self.torn.values()))


def join_answers(dataset: Dataset, answers: Sequence[Answer], null_words: Sequence[str] | None = None) -> Dataset:
    """The dataset with the labels of the answers alone.

    What a person should know is in its ``warnings``: answers about samples that are not there, that disagree, or that
    contradict what a folder or a column says. Raises `BadData` where no answer is about one of its samples.
    """
    joined = _join(dataset, answers)
    if joined.lost and len(joined.lost) == len(answers):
        raise BadData(_say_strangers(dataset, joined.lost))
    named = read_names(joined.labels, null_words)
    y, classes = encode_labels(named.names)
    return replace(
        dataset,
        y=y,
        classes=classes,
        spellings={},
        warnings=(*dataset.warnings, *joined.say(), *_say_other_labels(dataset, named.names), *named.notes),
        fingerprint=cache.key(dataset.fingerprint, *y.tolist(), *classes),
    )


def _join(dataset: Dataset, answers: Sequence[Answer]) -> Joined:
    samples, joined = Samples(dataset), Joined([None] * len(dataset))
    standing: dict[int, Answer] = {}
    for answer in answers:
        i = samples.find(answer.sample)
        if i is None:
            joined.lost.append(answer)
            continue
        before, standing[i] = standing.get(i), answer
        joined.labels[i] = answer.written
        if before is not None and _disagree(before.label, answer.label):
            joined.torn[i] = before, answer
    return joined


def _disagree(one: str | None, two: str | None) -> bool:
    return one is not None and two is not None and normalise(one) != normalise(two)


def _files(answers: Sequence[Answer]) -> str:
    """The files that answers come from, in prose."""
    return quote_few(_names(answers))


def _names(answers: Sequence[Answer]) -> list[str]:
    return list(dict.fromkeys(answer.file for answer in answers))


def _say_strangers(dataset: Dataset, lost: Sequence[Answer]) -> str:
    known = dataset.paths[0] if dataset.paths else "0"
    return (
        f"None of the {several(len(lost), 'answer')} in {_files(lost)} is about a sample of '{dataset.name}': "
        f"the first names '{shorten(lost[0].sample)}', and samples are called like '{known}'. Is it another folder's?"
    )


def _say_lost(lost: Sequence[Answer]) -> Iterator[str]:
    if lost:
        are = "is about a sample" if len(lost) == 1 else "are about samples"
        yield (
            f"{several(len(lost), 'answer')} in {_files(lost)} {are} that {'is' if len(lost) == 1 else 'are'} "
            f"not there, e.g. '{shorten(lost[0].sample)}', and left out."
        )


def _say_torn(torn: Sequence[tuple[Answer, Answer]]) -> Iterator[str]:
    if torn:
        before, after = torn[0]
        have = "has" if len(torn) == 1 else "have"
        first, then = (f"'{shorten(str(one.label))}'" for one in (before, after))
        if before.file != after.file:
            first, then = f"{first} in '{printable(before.file)}'", f"{then} in '{printable(after.file)}'"
        files = _files([answer for pair in torn for answer in pair])
        yield (
            f"{several(len(torn), 'sample')} {have} answers in {files} that disagree, e.g. "
            f"'{shorten(after.sample)}' ({first}, then {then}): the later one stands."
        )


def _say_other_labels(dataset: Dataset, names: Sequence[str | None]) -> Iterator[str]:
    """Says which answers contradict folders or a column, where these speak of the classes that the answers know."""
    own = [None if code < 0 else normalise(dataset.classes[code]) for code in dataset.y.tolist()]
    known = set(names) - {None}  # a folder "camera 2" is no class of anybody's
    pairs = enumerate(zip(own, names, strict=True))
    other = [i for i, (one, two) in pairs if one in known and two is not None and one != two]
    if other:
        i = other[0]
        contradict, stand = ("contradicts", "it stands") if len(other) == 1 else ("contradict", "they stand")
        name = dataset.paths[i] if dataset.paths else str(i)
        yield (
            f"{several(len(other), 'answer')} {contradict} what the folder or the column of the sample says, e.g. of "
            f"'{name}' ('{own[i]}' there, '{shorten(str(names[i]))}' by the answer): {stand}."
        )


def answer_file(text: str | os.PathLike[str]) -> Path:
    """The path of a file of answers, as somebody typed it."""
    return Path(os.path.expanduser(text))
