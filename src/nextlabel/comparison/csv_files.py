"""Learning curves of others, from CSV files."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nextlabel.comparison.bench import SETTING_COLUMNS, Bench
from nextlabel.errors import BadData
from nextlabel.runs.lines import Row
from nextlabel.statistics.metrics import SCORES
from nextlabel.text import shorten, show_path

DIGITS = {"seed": 40, "labelled": 15}  # at most: a float knows no more of a number of labels
KEYS = ("dataset", "strategy", "seed", "labelled")  # columns that must be there; one of SCORES comes beside them


def read_csv(path: Path) -> list[Bench]:
    """Learning curves of others: columns dataset, strategy, seed, labelled, and metric or metrics by our names.

    Metrics are fractions between 0 and 1; an empty cell is an undefined one. Columns model and embedder may tell
    further settings apart; any other column is left alone.
    """
    groups: dict[tuple[str, str | None, str | None], list[Row]] = {}
    seen: dict[tuple[Any, ...], int] = {}  # by point of a curve: the line that gave it
    for number, row in _csv_rows(path):
        key = (row["dataset"], row.get("model"), row.get("embedder"))
        place = (*key, row["strategy"], row["seed"], row["labelled"])
        if place in seen:
            raise BadData(
                f"Lines {seen[place]} and {number} of '{show_path(path)}' are both of {shorten(row['strategy'])}, seed "
                f"{row['seed']}, with {row['labelled']} labels. Keep one of them."
            )
        seen[place] = number
        groups.setdefault(key, []).append(row)
    if not groups:
        raise BadData(f"'{show_path(path)}' has no rows below its columns, so there is nothing to compare.")
    return [
        Bench(
            *key,
            # The same column for every group: all rows of a file have the columns that its first line names.
            metric=next(name for name in SCORES if name in rows[0]),
            rows=_number_rounds(rows),
            source=show_path(path),
        )
        for key, rows in groups.items()
    ]


def _csv_rows(path: Path) -> Iterable[tuple[int, Row]]:
    """Rows with their line numbers."""
    try:
        # utf-8-sig: Excel writes a mark before the first column's name. newline="": csv reads line ends within quotes
        # itself.
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, strict=True)  # strict: an unclosed quote would swallow the rest of the file
            metrics = _check_columns(path, table.fieldnames or [])
            for row in table:
                # The file's own line, not a count of rows: a quoted cell may hold line ends.
                yield table.line_num, _csv_row(path, table.line_num, row, metrics)
    except OSError as error:
        raise BadData(f"'{show_path(path)}' cannot be read ({error.strerror}). Is the path right?") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadData(f"'{show_path(path)}' is no CSV file ({error}). Name a run's folder, or a CSV file.") from None


def _check_columns(path: Path, found: Sequence[str]) -> list[str]:
    missing, metrics = [name for name in KEYS if name not in found], [name for name in SCORES if name in found]
    if missing or not metrics:
        lacks = ", ".join(missing) or "metric"
        raise BadData(
            f"'{show_path(path)}' lacks the columns {lacks}. A CSV of learning curves has the columns dataset, "
            "strategy, seed, labelled and metric (or accuracy, balanced_accuracy, f1_macro)."
        )
    twice = [name for name in (*KEYS, *metrics, *SETTING_COLUMNS) if list(found).count(name) > 1]
    if twice:
        raise BadData(f"'{show_path(path)}' has the column {twice[0]} twice. Keep one of them.")
    return metrics


def _csv_row(path: Path, number: int, row: Mapping[str | None, Any], metrics: Sequence[str]) -> Row:
    # DictReader puts surplus cells under the key None, and None into cells that are missing.
    if None in row or None in row.values():
        raise BadData(f"Line {number} of '{show_path(path)}' has too many or too few cells. Mend that line.")
    out: Row = {"dataset": row["dataset"], "strategy": row["strategy"]}
    # An empty cell is "does not say", as a missing column is.
    out |= {name: row[name] or None for name in SETTING_COLUMNS if name in row}
    for name, most in DIGITS.items():
        text = row[name].strip()
        # Not int() alone, which also takes "1_000", "+3" and digits of other scripts; isdigit takes even "²", which int
        # refuses.
        if not text.isascii() or not text.isdigit() or len(text) > most:
            raise BadData(
                f"Line {number} of '{show_path(path)}' has '{shorten(text)}' as its {name}. It is a whole number from "
                f"0 on, of at most {most} digits."
            )
        out[name] = int(text)
    for name in metrics:
        out[name] = _fraction(path, number, name, row[name].strip())
    return out


def _fraction(path: Path, number: int, name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        # Falls through to the one refusal below: no comparison with NaN is true.
        value = math.nan
    if not 0 <= value <= 1:
        raise BadData(
            f"Line {number} of '{show_path(path)}' has '{shorten(text)}' as its {name}. "
            "It is a fraction between 0 and 1, not percent."
        )
    return value


def _number_rounds(rows: Sequence[Row]) -> list[Row]:
    """Rows of a CSV with their rounds: 0, 1, … by the number of labels."""
    places: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        places.setdefault((row["strategy"], row["seed"]), []).append(row["labelled"])
    # Files of others may come in any order, and need not say the round.
    rounds = {(key, count): k for key, counts in places.items() for k, count in enumerate(sorted(counts))}
    return [row | {"round": rounds[(row["strategy"], row["seed"]), row["labelled"]]} for row in rows]
