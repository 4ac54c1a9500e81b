"""Which rows of a store have a label: few of many, so they are kept as a list, and read by polars as a stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nextlabel.datasets.answers import Answer, join_answers, read_all_answers
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.feature_folder import SAMPLES
from nextlabel.errors import BadData
from nextlabel.pool import Ids, Labels
from nextlabel.selection.arrays import read_labels
from nextlabel.text import did_you_mean, printable, show_path

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Known:
    """The labelled rows: their numbers ``ids`` (l,), ascending, their codes ``y`` (l,), and of how many ``classes``."""

    ids: Ids
    y: Labels
    classes: int
    notes: Sequence[str] = ()


def read_array_labels(array: Any, count: int, width: int | None, missing: Any) -> Known:
    """Those in an array (n,) with a mark where one is missing."""
    y, classes = read_labels(array, count, width, missing)
    ids = np.flatnonzero(y >= 0)
    return Known(ids, y[ids], classes)


def read_column(folder: Path, count: int, column: str, width: int | None) -> Known:
    """Those of a column of samples.csv; none where there is no such file."""
    if not (folder / SAMPLES).exists():
        return read_array_labels(None, 0, width, None)
    import polars as pl

    table = _scan(folder, column)
    label = pl.col(column).str.strip_chars()
    found = table.select("row", label.alias("label")).filter(pl.col("label") != "").collect(engine="streaming")
    ids = found["row"].to_numpy().astype(np.int64)
    _check_rows(folder, ids, count)
    return _encode(ids, found["label"].to_list(), width)


def read_answers_of(place: Path, count: int, files: Sequence[Path], width: int | None) -> Known:
    """Those in files of answers, whose samples are row numbers, or paths or keys of samples.csv."""
    answers = read_all_answers(files)
    rows = _find_rows(place, count, {answer.sample for answer in answers})
    # The labelled rows as a dataset of their own, so that answers are joined, and doubts told, as everywhere.
    numbers = sorted(set(rows.values()))
    places = tuple(str(number) for number in numbers) or ("0",)
    blank = np.full(len(places), -1)
    few = Dataset("the features", blank, (), "", table=np.zeros((len(places), 1), np.float32), paths=places)
    joined = join_answers(few, [_name_by_row(answer, rows) for answer in answers])
    there = joined.y >= 0
    ids = np.array(numbers, dtype=np.int64)[there]
    known = _encode(ids, [joined.classes[code] for code in joined.y[there].tolist()], width)
    return Known(known.ids, known.y, known.classes, joined.warnings)


def read_paths(folder: Path, ids: Ids) -> list[str] | None:
    """The paths (k,) of rows, where samples.csv has them."""
    if not (folder / SAMPLES).exists():
        return None
    import polars as pl

    table = _scan(folder, "path").filter(pl.col("row").is_in(ids.tolist())).select("row", "path")
    found = dict(table.collect(engine="streaming").iter_rows())
    paths = [printable(found.get(i) or "") for i in ids.tolist()]
    return paths if all(paths) else None


def _name_by_row(answer: Answer, rows: Mapping[str, int]) -> Answer:
    row = rows.get(answer.sample)
    return answer if row is None else answer._replace(sample=str(row))


def _encode(ids: Ids, labels: Sequence[str], width: int | None) -> Known:
    """Codes as `read_labels` gives them: by number where all labels are numbers, else in the order of their names."""
    if not labels:
        return Known(ids, np.empty(0, dtype=np.int64), width or 0)
    numbers = all(label.isdecimal() for label in labels)
    values = np.array([int(label) for label in labels]) if numbers else np.array(labels)
    y, classes = read_labels(values, len(values), width, "-1" if numbers else None)
    return Known(ids, y, classes)


def _find_rows(place: Path, count: int, names: set[str]) -> dict[str, int]:
    """The row of each name that is one: a number, or a path or key in samples.csv."""
    found = {name: int(name) for name in names if name.isdecimal() and int(name) < count}
    if not (place / SAMPLES).exists() or len(found) == len(names):
        return found
    import polars as pl

    for column in ("key", "path"):  # a path beats a key, and both a number, as in `datasets.answers`
        table = _scan(place, column).filter(pl.col(column).is_in(sorted(names))).select(column, "row")
        found |= {name: int(row) for name, row in table.collect(engine="streaming").iter_rows()}
    return found


def _scan(folder: Path, column: str) -> "pl.LazyFrame":
    """The lines of samples.csv, with their ``row``; `BadData` where there is no such column."""
    import polars as pl

    try:
        table = pl.scan_csv(folder / SAMPLES, infer_schema=False, empty_string_is_null=False, row_index_name="row")
        names = table.collect_schema().names()
    except (OSError, pl.exceptions.PolarsError) as error:
        why = str(error).partition("\n")[0]
        raise BadData(f"'{show_path(folder / SAMPLES)}' cannot be read ({printable(why)}). Write it anew.") from None
    if column not in names:
        hint = did_you_mean(column, names) or f"It has {', '.join(map(printable, names[1:]))}."
        raise BadData(f"'{show_path(folder / SAMPLES)}' has no column called '{printable(column)}'. {hint}")
    return table


def _check_rows(folder: Path, ids: Ids, count: int) -> None:
    if len(ids) and ids[-1] >= count:
        raise BadData(
            f"'{show_path(folder / SAMPLES)}' has a line {ids[-1] + 2:,}, and there are {count:,} rows of vectors. Was "
            "one of them changed? Write both anew."
        )
