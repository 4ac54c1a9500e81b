"""The files of an export: a table as CSV or Parquet, Label Studio's tasks, or a folder for each class."""

import csv
import io
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nextlabel.errors import CannotWrite, Mistake
from nextlabel.files.atomic import sync_folder, write_atomically
from nextlabel.files.cells import quote_cell, quote_path
from nextlabel.files.confine import confine
from nextlabel.files.refusals import refusals
from nextlabel.labelling.exporting import MODEL, Row
from nextlabel.labelling.places import HOME
from nextlabel.labelling.records import Record
from nextlabel.prediction.folders import check_place, folder_names, put_file
from nextlabel.text import show_path

OTHER_PLACE = "Name another place with --out."
METADATA = "metadata.csv"  # by this name libraries that load image folders know it
FOLDERS = "folders"


def check_out(record: Record, kind: str, out: Path) -> None:
    """Raise `Mistake` where an export would be written over what it is made of, `CannotWrite` as the disk does."""
    if kind == FOLDERS:
        if record.settings.text_column is not None:
            raise Mistake("The samples are rows of a table, and only files go into folders. Export a table: --to csv.")
        check_place(out, record.place, OTHER_PLACE)
        if not os.path.isdir(out.absolute().parent):
            raise CannotWrite(f"There is no folder for '{show_path(out)}'. Make it first. {OTHER_PLACE}")
        return
    real, place = Path(os.path.realpath(out)), Path(os.path.realpath(record.place))
    own = real.is_relative_to(os.path.realpath(record.home)) or HOME in real.parts
    paths = {one.path for one in record.samples}
    if own or real == place or (real.is_relative_to(place) and real.relative_to(place).as_posix() in paths):
        raise Mistake(f"'{show_path(out)}' belongs to the project, and would be lost. {OTHER_PLACE}")


def table_of(rows: Sequence[Row], who: str, word: str | None) -> dict[str, list[Any]]:
    """Rows as columns; ``who`` the first one's name, ``word`` that of what a model's numbers are, if any are there."""
    columns: dict[str, list[Any]] = {
        who: [row.path for row in rows],
        "label": [row.label for row in rows],
        "by": [row.by for row in rows],
        "how": [row.how for row in rows],
        "at": [row.at for row in rows],
        "note": [row.note for row in rows],
        "disputed": [row.disputed for row in rows],
    }
    return columns if word is None else columns | {word: [row.score for row in rows]}


def write_csv(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Columns as CSV, with no cell that a spreadsheet would run; the first column is of paths."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(columns)
    for path, *cells in zip(*columns.values(), strict=True):
        rows.writerow([quote_path(path), *map(_cell, cells)])
    return out.getvalue().encode("utf-8", "surrogateescape")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}"
    if value is None:
        return ""
    return quote_cell(value) if isinstance(value, str) else value.isoformat(timespec="seconds")


def write_parquet(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Columns as Parquet."""
    import polars as pl

    kinds: dict[str, Any] = {"at": pl.Datetime("us", "UTC"), "disputed": pl.Boolean, "score": pl.Float64}
    kinds |= {"probability": pl.Float64}
    out = io.BytesIO()
    schema = {name: kinds.get(name, pl.String) for name in columns}
    pl.DataFrame({name: list(values) for name, values in columns.items()}, schema=schema).write_parquet(out)
    return out.getvalue()


def write_tasks(record: Record, rows: Sequence[Row]) -> bytes:
    """Label Studio's JSON: a person's labels are annotations, a model's are predictions."""
    is_text = record.settings.kind == "text"
    tasks = [_task(record, row, is_text) for row in rows]
    return json.dumps(tasks, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8", "replace")


def _task(record: Record, row: Row, is_text: bool) -> dict[str, Any]:
    value = {"choices": [row.label]}
    result = [{"from_name": "label", "to_name": "text" if is_text else "image", "type": "choices", "value": value}]
    about = {"by": row.by, "how": row.how, "note": row.note, "disputed": row.disputed}
    task: dict[str, Any] = {"data": _data(record, row, is_text), "meta": about, "annotations": []}
    if row.by == MODEL and row.how == MODEL:
        model = f"nextlabel {record.settings.model}"
        return task | {"predictions": [{"model_version": model, "score": row.score, "result": result}]}
    at = None if row.at is None else row.at.isoformat()
    return task | {"annotations": [{"result": result, "was_cancelled": False, "created_at": at}]}


def _data(record: Record, row: Row, is_text: bool) -> dict[str, Any]:
    """What a task shows. Pictures by an address that Label Studio serves once it was given the folder around them."""
    if not is_text:
        return {"image": f"/data/local-files/?d={quote(f'{record.place.name}/{row.path}', errors='surrogateescape')}"}
    who = "path" if record.settings.text_column is None else "id"
    return {who: row.path, "text": record.source.text(row.path, row.path in record.links) or ""}


def write_folders(record: Record, rows: Sequence[Row], word: str | None, out: Path, copy: bool) -> int:
    """A folder for each class, each file under its own relative path, and a list of all; how many files are gone.

    ``out`` is there when all is in it, or not at all.
    """
    out = Path(os.path.abspath(out))
    names = folder_names({row.label for row in rows}, taken=(METADATA,))
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    put = list[Row]()
    with refusals(out, OTHER_PLACE):
        try:
            draft.mkdir()
            for row in rows:
                file = confine(record.source.root, row.path, row.path in record.links)
                if file.is_file():
                    put.append(row._replace(path=f"{names[row.label]}/{row.path}"))
                    target = draft / put[-1].path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    put_file(str(file), target, copy)
            write_atomically(draft / METADATA, write_csv(table_of(put, "file_name", word)))
            if out.exists():
                out.rmdir()  # it was empty when it was looked at, and is no longer ours if it is not
            draft.rename(out)
            sync_folder(out.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return len(rows) - len(put)


KINDS = ("csv", FOLDERS, "label-studio", "parquet")
Writer = Callable[[], bytes]


def write_export(record: Record, rows: Sequence[Row], word: str | None, kind: str, out: Path) -> None:
    """Write an export that is one file."""
    who = "path" if record.settings.text_column is None else "id"
    writers: Mapping[str, Writer] = {
        "csv": lambda: write_csv(table_of(rows, who, word)),
        "parquet": lambda: write_parquet(table_of(rows, who, word)),
        "label-studio": lambda: write_tasks(record, rows),
    }
    raw = writers[kind]()
    with refusals(out, OTHER_PLACE):
        write_atomically(Path(os.path.realpath(out)), raw)
