"""A batch for somebody's own loop: files in, ids out, and what the command line says meanwhile."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from nextlabel.cli.pages import Arrays, Choice
from nextlabel.cli.progress import show_progress
from nextlabel.errors import CannotWrite, Mistake
from nextlabel.files.atomic import rehearse, write_atomically
from nextlabel.files.refusals import refusals
from nextlabel.progress import Progress
from nextlabel.selection import Order, Selection, choose, read_order
from nextlabel.selection.arrays import open_array
from nextlabel.text import printable

OTHER_PLACE = "Name another place with --out."


def run_select(arrays: Arrays, choice: Choice, out: Path | None, as_json: bool, loud: Console) -> None:
    """Choose a batch, write it as CSV to ``out`` or to standard output, and say what it is."""
    # Both before the files are read: a choice out of a large one takes minutes.
    refuse_input(arrays, out)
    if out is not None:
        refuse_place(out)
    with show_progress(loud, quiet=as_json) as progress:
        order = read_files(arrays, choice, progress)
        answer = choose(order, progress)
    if out is not None:
        with refusals(out, OTHER_PLACE):
            # Bytes: text would get Windows' line ends there, and its encoding.
            write_atomically(real(out), table(answer).encode())
    if as_json:
        print(json.dumps(selection_to_json(order, answer, out), allow_nan=False))
    else:
        # The table ends in a line end of its own.
        print(describe_selection(answer, out) if out is not None else table(answer), end="" if out is None else "\n")


def read_files(arrays: Arrays, choice: Choice, progress: Progress) -> Order:
    """What was typed, with the files read as memory maps, and checked."""
    labels, probabilities = (
        None if path is None else open_array(path) for path in (arrays.labels, arrays.probabilities)
    )
    # Maps, all three: nothing is read yet but the heads of the files.
    features = open_array(arrays.features)
    order = read_order(
        features, labels, choice.strategy, choice.batch, probabilities, choice.seed, arrays.missing, progress
    )
    return replace(order, standardize=arrays.standardize)


def table(answer: Selection) -> str:
    """Rank and id as CSV, best first."""
    return "\n".join(["rank,id", *(f"{rank},{i}" for rank, i in enumerate(answer.ids.tolist(), 1)), ""])


def selection_to_json(order: Order, answer: Selection, out: Path | None) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "ids": answer.ids.tolist(),  # JSON does not take numpy's numbers
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


def refuse_input(arrays: Arrays, out: Path | None) -> None:
    """The batch must not be written over what it is chosen from."""
    for path in (arrays.features, arrays.labels, arrays.probabilities):
        if out is not None and path is not None and os.path.realpath(out) == os.path.realpath(path):
            raise Mistake(f"--out is '{printable(str(out))}', which is read too, and would be lost. Name another file.")


def refuse_place(out: Path) -> None:
    """`CannotWrite` where the file could not be written, before there is anything to write."""
    name, path = printable(str(out)), real(out)
    if not os.path.isdir(path.parent):
        raise CannotWrite(f"There is no folder for '{name}'. Make it first, or name another place with --out.")
    if os.path.exists(path) and not os.path.isfile(path):  # unlike Path's, they do not mind any name
        raise CannotWrite(f"'{name}' is no plain file. Name one with --out, or leave --out away to print the ids.")
    with refusals(out, OTHER_PLACE):
        rehearse(path)


def real(out: Path) -> Path:
    """What a link points to: it stays a link."""
    return Path(os.path.realpath(out))
