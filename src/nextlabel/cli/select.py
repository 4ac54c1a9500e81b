"""A batch for somebody's own loop: files in, ids out, and what the command line says meanwhile."""

import csv
import io
import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from nextlabel.cli.pages import Arrays, Choice
from nextlabel.cli.places import OTHER_PLACE, real, refuse_inputs, refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.errors import Mistake
from nextlabel.files.atomic import write_atomically
from nextlabel.files.cells import quote_path
from nextlabel.files.refusals import refusals
from nextlabel.pool import Ids
from nextlabel.progress import Progress
from nextlabel.selection import Order, Selection, choose, read_order
from nextlabel.selection.arrays import MAGIC, open_array
from nextlabel.text import printable, show_path

ANSWERS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")


def run_select(arrays: Arrays, choice: Choice, out: Path | None, as_json: bool, loud: Console) -> None:
    """Choose a batch, write it as CSV to ``out`` or to standard output, and say what it is."""
    # Both before the files are read: a choice out of a large one takes minutes.
    if out is not None:
        refuse_inputs(out, (arrays.file, *arrays.label_files, arrays.probabilities))
        refuse_place(out)
    paths: Sequence[str] | None = None
    rows: Ids | None = None
    notes: Sequence[str] = ()
    with show_progress(loud, quiet=as_json) as progress:
        if holds_array(arrays.file):
            order, notes = read_files(arrays, choice, progress)
        else:
            from nextlabel.cli.select_samples import read_samples  # it loads what reads pictures and tables

            samples = read_samples(arrays, choice, progress)
            order, paths, notes, rows = samples.order, samples.paths, samples.notes, samples.rows
        answer = choose(order, progress)
    if rows is not None:
        answer = replace(answer, ids=rows[answer.ids])
    for note in notes:
        loud.print(f"Note: {note}", markup=False)
    if out is not None:
        with refusals(out, OTHER_PLACE):
            # Bytes: text would get Windows' line ends there, and its encoding.
            write_atomically(real(out), table(answer, paths).encode())
    if as_json:
        print(json.dumps(selection_to_json(order, answer, paths, out), allow_nan=False))
    elif out is None:
        print(table(answer, paths), end="")  # it ends in a line end of its own
    else:
        print(describe_selection(answer, out))
        if paths is not None and rows is None and arrays.labels is None:
            print(describe_next(arrays.data))


def holds_array(path: Path) -> bool:
    """Is that a file of features, by its name or by its first bytes?"""
    if path.suffix.lower() == ".npy":
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:  # a folder, the name of a dataset, or what `load` says is not there
        return False


def read_files(arrays: Arrays, choice: Choice, progress: Progress) -> tuple[Order, Sequence[str]]:
    """What was typed, with the files read as memory maps, and checked; and what somebody should know of the labels."""
    for option in ("embedder", "label_column"):
        if getattr(arrays, option) is not None:
            dashed = option.replace("_", "-")
            raise Mistake(f"'{show_path(arrays.data)}' holds features already, so --{dashed} is not for it.")
    # Maps: nothing is read yet but the heads of the files.
    probabilities = None if arrays.probabilities is None else open_array(arrays.probabilities)
    labels, missing = None, arrays.missing
    notes: Sequence[str] = ()
    if arrays.labels and all(map(holds_answers, arrays.label_files)):
        from nextlabel.cli.select_samples import read_answers_for

        labels, notes = read_answers_for(open_array(arrays.file), arrays.label_files)
        missing = None if labels.dtype.kind == "U" else "-1"
    elif (array := arrays.label_array or next(iter(arrays.label_files), None)) is not None:
        labels = open_array(array)
    features = open_array(arrays.file)
    order = read_order(features, labels, choice.strategy, choice.batch, probabilities, choice.seed, missing, progress)
    return replace(order, standardize=arrays.standardize is not False), notes


def holds_answers(path: Path) -> bool:
    """Is that a file of answers, by its name? Whatever else is read as an array, and refused as none."""
    return path.suffix.lower() in ANSWERS


def table(answer: Selection, paths: Sequence[str] | None = None) -> str:
    """Rank and id as CSV, best first; with the ``paths`` of samples, by id, where they have any; and with scores."""
    columns: dict[str, Sequence[object]] = {"rank": range(1, len(answer.ids) + 1), "id": answer.ids.tolist()}
    if paths is not None:
        columns["path"] = [quote_path(paths[i]) for i in answer.ids.tolist()]
    if answer.scores is not None or paths is not None:
        scores = [math.nan] * len(answer.ids) if answer.scores is None else answer.scores.tolist()
        columns["score"] = [f"{score:.6g}" if math.isfinite(score) else "" for score in scores]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def selection_to_json(order: Order, answer: Selection, paths: Sequence[str] | None, out: Path | None) -> dict[str, Any]:
    """What ``--json`` prints."""
    more: dict[str, Any] = {} if paths is None else {"paths": [paths[i] for i in answer.ids.tolist()]}
    if answer.scores is not None:
        more["scores"] = [score if math.isfinite(score) else None for score in answer.scores.tolist()]
    return {
        "ids": answer.ids.tolist(),  # JSON does not take numpy's numbers
        **more,
        "strategy": order.name,
        "implementation": answer.implementation,
        "seed": order.seed,
        "samples": answer.samples,
        "labelled": answer.labelled,
        "classes": answer.classes,
        "mended": answer.mended,
        "out": out and str(out),
    }


def describe_selection(answer: Selection, out: Path) -> str:
    """What was chosen, by whom, and where it is."""
    drawn = f" {answer.mended:,} of them were drawn at random, where it had no valid answer." if answer.mended else ""
    return (
        f"{len(answer.ids):,} of {answer.samples - answer.labelled:,} unlabelled samples, chosen by "
        f"{answer.implementation}: '{printable(str(out))}'.{drawn}"
    )


def describe_next(data: str) -> str:
    """What to do with a batch of pictures."""
    return (
        "Write what they are into a file with columns path and label, and choose on: "
        f"nextlabel select {shlex.quote(printable(data))} --labels answers.csv"
    )
