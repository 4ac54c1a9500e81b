"""What is compared: runs of `simulate` and CSV files of others, read, checked and paired by seed.

A `Bench` is one dataset with one model and one embedder. Runs on the same bench are joined: other strategies, or
further seeds. Whatever would make a verdict wrong is refused here, in one sentence.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nextlabel.datasets.base import printable
from nextlabel.errors import BadData, NotComparable, RunBroken
from nextlabel.recording import differences
from nextlabel.runs import Row, read_json, read_lines
from nextlabel.statistics.curves import primary

KEYS = ("dataset", "strategy", "seed", "labelled")
METRICS = ("metric", "accuracy", "balanced_accuracy", "f1_macro")
NAMES = ("model", "embedder")
OURS = ("strategies", "seeds", "splits", "threads")  # of a run's identity: may differ between runs that are joined
PARTS = {"test": "test set", "val": "validation set", "start": "starting set"}


@dataclass(frozen=True)
class Bench:
    """One dataset with one model and one embedder (both None in a CSV that does not say), and every row on it.

    ``metric`` is the one that verdicts are about; ``whole`` how many samples each seed could label in all, where that
    is known; ``hashes`` the proof that strategies shared split and start, empty for a CSV; ``fingerprint`` the data's
    own.
    """

    dataset: str
    model: str | None
    embedder: str | None
    metric: str
    rows: Sequence[Row]
    whole: Mapping[int, int] = field(default_factory=dict)
    hashes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    protocol: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str | None = None
    source: str = ""

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """Runs with the same key are joined."""
        return self.dataset, self.model, self.embedder

    @property
    def title(self) -> str:
        """In a few words: ``flowers (linear, patches)``."""
        more = ", ".join(word for word in (self.model, self.embedder) if word)
        return f"{self.dataset} ({more})" if more else self.dataset

    @property
    def strategies(self) -> list[str]:
        """In the order of the rows."""
        return list(dict.fromkeys(row["strategy"] for row in self.rows))

    def seeds(self, strategy: str) -> set[int]:
        """Those that a strategy was played under."""
        return {row["seed"] for row in self.rows if row["strategy"] == strategy}


def read(paths: Iterable[str | Path]) -> list[Bench]:
    """Every bench in some run folders and CSV files, joined; raises `BadData`, `RunBroken` or `NotComparable`."""
    benches: dict[tuple[str, str | None, str | None], Bench] = {}
    for path in paths:
        for bench in _read(Path(path)):
            benches[bench.key] = _joined(benches[bench.key], bench) if bench.key in benches else bench
    return list(benches.values())


def _read(path: Path) -> list[Bench]:
    if not path.exists():
        raise BadData(f"There is no '{_shown(path)}'. Name a folder that simulate wrote, or a CSV file.")
    return [_read_run(path)] if path.is_dir() else read_csv(path)


def _read_run(folder: Path) -> Bench:
    """A finished run: its manifest and its rows are enough."""
    if not (folder / "manifest.json").exists():
        raise BadData(f"There is no run in '{_shown(folder)}': it has no manifest.json. Name a folder of simulate.")
    if not (folder / "rows.jsonl").exists():
        raise BadData(
            f"The run in '{_shown(folder)}' is still going on, or was interrupted. "
            "Wait for it, or finish it: nextlabel simulate … --resume."
        )
    told, rows = read_json(folder / "manifest.json"), read_lines(folder / "rows.jsonl")
    _check_rows(folder, rows)
    try:
        bench = Bench(
            dataset=str(rows[0]["dataset"]),
            model=rows[0]["model"],
            embedder=rows[0]["embedder"],
            metric=primary(told["dataset"]["counts"]),
            rows=rows,
            whole={int(seed): told["sizes"]["start"] + told["sizes"]["pool"] for seed in told["seeds"]},
            hashes=told["seeds"],
            protocol={name: value for name, value in told["identity"].items() if name not in OURS},
            fingerprint=told["dataset"]["fingerprint"],
            source=_shown(folder),
        )
        names, seeds = list(told["experiment"]["strategies"]), list(told["experiment"]["seeds"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RunBroken(
            f"'{_shown(folder / 'manifest.json')}' is not what simulate writes (at {error}). Run the experiment again."
        ) from None
    for name in names:
        missing = set(seeds) - bench.seeds(name)
        if missing:
            raise RunBroken(
                f"'{_shown(folder / 'rows.jsonl')}' misses {_name(name)} under seed {min(missing)}, which its manifest "
                "names. Restore the file, or run the experiment again."
            )
    return bench


def _check_rows(folder: Path, rows: Sequence[Row]) -> None:
    """Every line is a row of ours, and every arm has all its rounds."""
    wanted = {"dataset": str, "strategy": str, "seed": int, "round": int, "labelled": int}
    arms: dict[tuple[str, int], list[int]] = {}
    for number, row in enumerate(rows, 1):
        whole = isinstance(row, dict) and all(isinstance(row.get(name), kind) for name, kind in wanted.items())
        if not (whole and {"model", "embedder"} <= set(row) and all(_score(row.get(name)) for name in METRICS)):
            raise RunBroken(
                f"Line {number} of '{_shown(folder / 'rows.jsonl')}' is damaged: it is no row of simulate. "
                "Restore the file, or run the experiment again."
            )
        arms.setdefault((row["strategy"], row["seed"]), []).append(row["round"])
    for (name, seed), found in arms.items():
        if len(set(found)) < len(found):
            raise RunBroken(
                f"'{_shown(folder / 'rows.jsonl')}' has a round of {_name(name)}, seed {seed}, twice. "
                "Restore the file, or run the experiment again."
            )
        if sorted(found) != list(range(len(found))):
            raise RunBroken(
                f"'{_shown(folder / 'rows.jsonl')}' misses a round of {_name(name)}, seed {seed}, in the middle. "
                "Restore the file, or run the experiment again."
            )


def _score(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def read_csv(path: Path) -> list[Bench]:
    """Learning curves of others: columns dataset, strategy, seed, labelled, and metric or metrics by our names.

    Metrics are fractions between 0 and 1; an empty cell is an undefined one. Columns model and embedder may tell
    further settings apart; any other column is left alone.
    """
    groups: dict[tuple[str, str | None, str | None], list[Row]] = {}
    seen: dict[tuple[Any, ...], int] = {}
    for number, row in _csv_rows(path):
        key = (row["dataset"], row.get("model"), row.get("embedder"))
        place = (*key, row["strategy"], row["seed"], row["labelled"])
        if place in seen:
            raise BadData(
                f"Lines {seen[place]} and {number} of '{_shown(path)}' are both of {_name(row['strategy'])}, seed "
                f"{row['seed']}, with {row['labelled']} labels. Keep one of them."
            )
        seen[place] = number
        groups.setdefault(key, []).append(row)
    if not groups:
        raise BadData(f"'{_shown(path)}' has no rows below its columns, so there is nothing to compare.")
    return [
        Bench(*key, metric=next(name for name in METRICS if name in rows[0]), rows=_numbered(rows), source=_shown(path))
        for key, rows in groups.items()
    ]


def _csv_rows(path: Path) -> Iterable[tuple[int, Row]]:
    """Rows with their line numbers."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, strict=True)
            metrics = _check_columns(path, table.fieldnames or [])
            for row in table:
                yield table.line_num, _csv_row(path, table.line_num, row, metrics)
    except OSError as error:
        raise BadData(f"'{_shown(path)}' cannot be read ({error.strerror}). Is the path right?") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadData(f"'{_shown(path)}' is no CSV file ({error}). Name a run's folder, or a CSV file.") from None


def _check_columns(path: Path, found: Sequence[str]) -> list[str]:
    missing, metrics = [name for name in KEYS if name not in found], [name for name in METRICS if name in found]
    if missing or not metrics:
        lacks = ", ".join(missing) or "metric"
        raise BadData(
            f"'{_shown(path)}' lacks the columns {lacks}. A CSV of learning curves has the columns dataset, strategy, "
            "seed, labelled and metric (or accuracy, balanced_accuracy, f1_macro)."
        )
    twice = [name for name in (*KEYS, *metrics, *NAMES) if list(found).count(name) > 1]
    if twice:
        raise BadData(f"'{_shown(path)}' has the column {twice[0]} twice. Keep one of them.")
    return metrics


def _csv_row(path: Path, number: int, row: Mapping[str | None, Any], metrics: Sequence[str]) -> Row:
    if None in row or None in row.values():
        raise BadData(f"Line {number} of '{_shown(path)}' has too many or too few cells. Mend that line.")
    out: Row = {"dataset": row["dataset"], "strategy": row["strategy"]}
    out |= {name: row[name] or None for name in NAMES if name in row}
    for name in ("seed", "labelled"):
        text = row[name].strip()
        if not text.isascii() or not text.isdigit():
            raise BadData(
                f"Line {number} of '{_shown(path)}' has '{_cut(text)}' as its {name}. It is a whole number from 0 on."
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
        value = math.nan
    if not 0 <= value <= 1:
        raise BadData(
            f"Line {number} of '{_shown(path)}' has '{_cut(text)}' as its {name}. "
            "It is a fraction between 0 and 1, not percent."
        )
    return value


def _numbered(rows: Sequence[Row]) -> list[Row]:
    """Rows of a CSV with their rounds: 0, 1, … by the number of labels."""
    places: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        places.setdefault((row["strategy"], row["seed"]), []).append(row["labelled"])
    rounds = {(key, count): k for key, counts in places.items() for k, count in enumerate(sorted(counts))}
    return [row | {"round": rounds[(row["strategy"], row["seed"]), row["labelled"]]} for row in rows]


def _joined(here: Bench, more: Bench) -> Bench:
    """Two runs on one bench as one, where they followed the same protocol; the same arm in both must be the same."""
    changed = differences(dict(here.protocol), dict(more.protocol)) if here.protocol and more.protocol else []
    if bool(here.protocol) != bool(more.protocol) or changed or here.metric != more.metric:
        why = "; ".join(changed) or "one is a run and the other a CSV file, or their metrics differ"
        raise NotComparable(
            f"'{here.source}' and '{more.source}' are both of '{_name(here.dataset)}' but followed different protocols "
            f"({why}). Compare runs of one protocol, or tell the datasets apart with simulate's --name."
        )
    for seed in sorted(set(here.hashes) & set(more.hashes), key=int):
        for part, words in PARTS.items():
            if here.hashes[seed].get(part) != more.hashes[seed].get(part):
                raise NotComparable(
                    f"Seed {seed} has another {words} in '{here.source}' than in '{more.source}', so the two cannot be "
                    "paired. Give both the same split: --split with the other's splits.json."
                )
    rows = _merged(here, more)
    return Bench(
        *here.key, here.metric, rows, dict(here.whole) | dict(more.whole), dict(here.hashes) | dict(more.hashes),
        here.protocol, here.fingerprint, here.source,
    )  # fmt: skip


def _merged(here: Bench, more: Bench) -> list[Row]:
    there, fresh = _arms(here.rows), _arms(more.rows)
    for arm in there.keys() & fresh.keys():
        if there[arm] != fresh[arm]:
            raise NotComparable(
                f"'{here.source}' and '{more.source}' both hold {_name(arm[0])} under seed {arm[1]}, and the two "
                "differ. Leave one of them out."
            )
    return [row for rows in (there | fresh).values() for row in rows]


def _arms(rows: Sequence[Row]) -> dict[tuple[str, int], list[Row]]:
    """Rows by strategy and seed, round by round."""
    arms: dict[tuple[str, int], list[Row]] = {}
    for row in sorted(rows, key=lambda row: int(row["round"])):  # stable: strategies keep their order below
        arms.setdefault((row["strategy"], row["seed"]), []).append(row)
    order = dict.fromkeys((row["strategy"], row["seed"]) for row in rows)
    return {arm: arms[arm] for arm in order}


def read_families(path: Path) -> dict[str, list[str]]:
    """Datasets that share one vote, from a JSON file: ``{"family": ["dataset", …]}``; raises `BadData`."""
    form = 'Write {"family": ["dataset", …]}.'
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadData(
            f"The families in '{_shown(path)}' cannot be read ({error.strerror}). Is the path right?"
        ) from None
    except ValueError as error:
        raise BadData(f"'{_shown(path)}' is not JSON ({error}). {form}") from None
    if not isinstance(found, dict) or not all(
        isinstance(members, list) and all(isinstance(name, str) for name in members) for members in found.values()
    ):
        raise BadData(f"'{_shown(path)}' does not name families with lists of datasets. {form}")
    return found


def _shown(path: Path) -> str:
    return printable(str(path))


def _name(text: str) -> str:
    return printable(_cut(text))


def _cut(text: str) -> str:
    return printable(text if len(text) <= 60 else f"{text[:60]}…")
