"""A batch for somebody's own loop: files in, ids out, and what the command line says meanwhile."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nextlabel.errors import CannotWrite, Mistake
from nextlabel.files.atomic import rehearse, write_atomically
from nextlabel.progress import Progress as Watcher
from nextlabel.selection import Order, Selection, choose, read_order
from nextlabel.selection.arrays import read_array
from nextlabel.text import printable


@dataclass(frozen=True)
class Files:
    """What is read: .npy files, as memory maps."""

    features: Path
    labels: Path | None
    probabilities: Path | None

    def read(self, path: Path | None) -> Any:
        """The array in one of them; its numbers are still unread."""
        return None if path is None else read_array(path)


def hand_out(
    files: Files, strategy: str, batch: int, seed: int, missing: str | None, out: Path | None, as_json: bool,
    loud: Console,
) -> None:  # fmt: skip
    """Choose a batch, write it as CSV to ``out`` or to standard output, and say what it is."""
    refuse_input(files, out)
    if out is not None:
        refuse_place(out)
    with watched(loud) as progress:
        labels, probabilities = files.read(files.labels), files.read(files.probabilities)
        features = read_array(files.features)
        order = read_order(features, labels, strategy, batch, probabilities, seed, missing, progress)
        selection = choose(order, progress)
    if out is not None:
        with on_disk(printable(str(out))):
            write_atomically(real(out), table(selection).encode())
    if as_json:
        print(json.dumps(result(order, selection, out), allow_nan=False))
    else:
        print(describe(selection, out) if out is not None else table(selection), end="" if out is None else "\n")


def table(found: Selection) -> str:
    """Rank and id as CSV, best first."""
    return "\n".join(["rank,id", *(f"{rank},{i}" for rank, i in enumerate(found.ids.tolist(), 1)), ""])


def result(order: Order, found: Selection, out: Path | None) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "ids": found.ids.tolist(),
        "strategy": order.name,
        "implementation": found.implementation,
        "seed": order.seed,
        "samples": found.samples,
        "labelled": found.labelled,
        "classes": found.classes,
        "mended": found.mended,
        "out": out and str(out),
    }


def describe(found: Selection, out: Path) -> str:
    """What was chosen, by whom, and where it is."""
    drawn = f" {found.mended:,} of them were drawn at random, where it had no valid answer." if found.mended else ""
    return (
        f"{len(found.ids):,} of {found.samples - found.labelled:,} unlabelled samples, chosen by "
        f"{found.implementation}: '{printable(str(out))}'.{drawn}"
    )


def refuse_input(files: Files, out: Path | None) -> None:
    """The batch must not be written over what it is chosen from."""
    for path in (files.features, files.labels, files.probabilities):
        if out is not None and path is not None and os.path.realpath(out) == os.path.realpath(path):
            raise Mistake(f"--out is '{printable(str(out))}', which is read too, and would be lost. Name another file.")


def refuse_place(out: Path) -> None:
    """`CannotWrite` where the file could not be written, before there is anything to write."""
    shown, path = printable(str(out)), real(out)
    if not os.path.isdir(path.parent):
        raise CannotWrite(f"There is no folder for '{shown}'. Make it first, or name another place with --out.")
    if os.path.exists(path) and not os.path.isfile(path):  # unlike Path's, they do not mind any name
        raise CannotWrite(f"'{shown}' is no plain file. Name one with --out, or leave --out away to print the ids.")
    with on_disk(shown):
        rehearse(path)


def real(out: Path) -> Path:
    """What a link points to: it stays a link."""
    return Path(os.path.realpath(out))


@contextmanager
def on_disk(shown: str) -> Iterator[None]:
    """Turn what the disk says into a sentence."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"'{shown}' cannot be written ({error.strerror}). Name another place with --out.") from None


@contextmanager
def watched(loud: Console) -> Iterator[Watcher]:
    """Each step on the terminal with its time, and with the time left where that can be known; elsewhere nothing."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=loud, disable=not loud.is_terminal, transient=True) as bar:
        tasks = {"reading": bar.add_task("reading", total=None)}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:  # a step of its own, with a clock of its own
                bar.remove_task(tasks.popitem()[1])
                tasks[what] = bar.add_task(what, total=total or None)
            bar.update(tasks[what], completed=done)

        yield show
