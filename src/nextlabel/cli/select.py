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

from nextlabel.cli.found import Found
from nextlabel.cli.pages import Arrays, Choice, Workers
from nextlabel.cli.places import OTHER_PLACE, real, refuse_inputs, refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.errors import Mistake
from nextlabel.files.atomic import write_atomically
from nextlabel.files.cells import quote_path
from nextlabel.files.refusals import refusals
from nextlabel.files.remote import without_secrets
from nextlabel.files.shards import ENDING, Shards
from nextlabel.progress import Progress
from nextlabel.selection import Order, Selection, choose, read_order
from nextlabel.selection.arrays import MAGIC, open_array
from nextlabel.text import printable, show_path

LISTS = ("embedding.json", "samples.csv")  # beside the vectors of an embedder
HELD = 2**30  # bytes of vectors up to which they are chosen from in memory: the ids are the same
ANSWERS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")


def run_select(
    arrays: Arrays, choice: Choice, workers: Workers, out: Path | None, as_json: bool, loud: Console
) -> None:
    """Choose a batch, write it as CSV to ``out`` or to standard output, and say what it is."""
    # Both before the files are read: a choice out of a large one takes minutes.
    if out is not None:
        refuse_inputs(out, (arrays.file, *arrays.label_files, arrays.probabilities))
        refuse_place(out)
    with show_progress(loud, quiet=as_json) as progress:
        found = _choose(arrays, choice, workers, progress)
    for note in found.notes:
        loud.print(f"Note: {note}", markup=False)
    if out is not None:
        with refusals(out, OTHER_PLACE):
            # Bytes: text would get Windows' line ends there, and its encoding.
            write_atomically(real(out), table(found).encode())
    if as_json:
        print(json.dumps(selection_to_json(found, out), allow_nan=False))
    elif out is None:
        print(table(found), end="")  # it ends in a line end of its own
    else:
        print(describe_selection(found.answer, out))
        if found.onward:
            print(describe_next(arrays.data))


def _choose(arrays: Arrays, choice: Choice, workers: Workers, progress: Progress) -> Found:
    if is_stored(arrays, workers):
        from nextlabel.cli.select_stored import choose_of_store

        return choose_of_store(arrays, choice, workers, progress)
    if workers.jobs is not None or workers.cluster is not None:
        raise Mistake(
            f"--jobs and --cluster are for vectors, and '{show_path(without_secrets(arrays.data))}' holds none. "
            "Make them first: "
            f"nextlabel embed {shlex.quote(printable(arrays.data))} --out features/"
        )
    if holds_array(arrays.file):
        order, notes = read_files(arrays, choice, progress)
        return Found(choose(order, progress), order.name, order.seed, None, notes)
    from nextlabel.cli.select_samples import read_samples  # it loads what reads pictures and tables

    samples = read_samples(arrays, choice, progress)
    answer = choose(samples.order, progress)
    if samples.rows is not None:
        answer = replace(answer, ids=samples.rows[answer.ids])
    paths = None if samples.paths is None else [samples.paths[i] for i in answer.ids.tolist()]
    onward = paths is not None and samples.rows is None and arrays.labels is None
    return Found(answer, samples.order.name, samples.order.seed, paths, samples.notes, onward)


def is_stored(arrays: Arrays, workers: Workers) -> bool:
    """Are these vectors to be read block by block: too many for memory, elsewhere, in bare shards, or for several
    workers?"""
    place = arrays.place
    if isinstance(place, str):
        from nextlabel.datasets.remote_features import is_feature_folder

        return place.endswith(ENDING) or is_feature_folder(place)
    if not holds_vectors(place):
        return False
    bare = place.is_dir() and not (place / "embedding.json").exists()
    several = workers.jobs is not None or workers.cluster is not None
    return bare or several or Shards.open(place).nbytes > HELD


def holds_vectors(place: Path) -> bool:
    """A .npy file, a folder that `embed` wrote, or one that holds nothing but .npy files and lists of them."""
    if place.is_dir():
        names = [one.name for one in place.iterdir() if not one.name.startswith(".")]
        known = [name for name in names if name.endswith(".npy") or name in LISTS]
        return len(known) == len(names) and any(name.endswith(".npy") for name in names)
    return place.suffix.lower() == ".npy" and place.is_file()


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


def table(found: Found) -> str:
    """Rank and id as CSV, best first; with paths, where samples have any; and with scores."""
    answer, paths = found.answer, found.paths
    columns: dict[str, Sequence[object]] = {"rank": range(1, len(answer.ids) + 1), "id": answer.ids.tolist()}
    if paths is not None:
        columns["path"] = [quote_path(path) for path in paths]
    if answer.scores is not None or paths is not None:
        scores = [math.nan] * len(answer.ids) if answer.scores is None else answer.scores.tolist()
        columns["score"] = [f"{score:.6g}" if math.isfinite(score) else "" for score in scores]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def selection_to_json(found: Found, out: Path | None) -> dict[str, Any]:
    """What ``--json`` prints."""
    answer = found.answer
    more: dict[str, Any] = {} if found.paths is None else {"paths": list(found.paths)}
    if answer.scores is not None:
        more["scores"] = [score if math.isfinite(score) else None for score in answer.scores.tolist()]
    return {
        "ids": answer.ids.tolist(),  # JSON does not take numpy's numbers
        **more,
        "strategy": found.name,
        "implementation": answer.implementation,
        "seed": found.seed,
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
