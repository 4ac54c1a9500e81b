"""What a run is made of: an arm, a line for each of its rounds, and rows of JSON."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nextlabel.errors import RunBroken
from nextlabel.files.strict_json import Row, dump, parse
from nextlabel.pool import Ids
from nextlabel.runs import shapes
from nextlabel.text import show_path

__all__ = ["Arm", "Line", "Row", "lines", "read_json", "read_lines"]

RUN_AGAIN = "Restore the file, or run the experiment again."


def read_json(path: Path, shape: shapes.Shape) -> Any:
    """One JSON file of that shape, or `RunBroken`."""
    try:
        found = parse(path.read_bytes().decode())
    except (OSError, ValueError) as error:
        raise RunBroken(
            f"'{show_path(path)}' cannot be read ({reason(error)}). Was it edited or cut short? {RUN_AGAIN}"
        ) from None
    if (at := shape(found)) is not None:
        raise RunBroken(f"'{show_path(path)}' is not what simulate writes{place(at)}. {RUN_AGAIN}")
    return found


def read_lines(path: Path, shape: shapes.Shape) -> list[Row]:
    """All rows of a JSON-lines file, each of that shape, or `RunBroken` with the number of the bad line."""
    try:
        # Bytes, decoded line by line: one that is no UTF-8 is told with its number.
        text = path.read_bytes()
    except OSError as error:
        raise RunBroken(f"'{show_path(path)}' cannot be read ({error.strerror}). {RUN_AGAIN}") from None
    rows: list[Row] = []
    for number, line in enumerate(text.removesuffix(b"\n").split(b"\n"), 1):  # U+2028 is no end of a line here
        try:
            rows.append(parse(line.decode()))
            at = shape(rows[-1])
        except ValueError:
            at = ""
        if at is not None:
            raise RunBroken(f"Line {number} of '{show_path(path)}' is damaged{place(at)}. {RUN_AGAIN}")
    return rows


def reason(error: Exception) -> str:
    """What went wrong with a file, in one line."""
    return str(error.strerror) if isinstance(error, OSError) else (str(error).splitlines() or ["no JSON"])[0]


def place(at: str) -> str:
    """Where in a file a value is not as it should be."""
    return f" (at {at.removeprefix('.')})" if at else ""


def lines(rows: Iterable[Row]) -> str:
    """Rows as JSON lines: the same rows always give the same bytes."""
    return "".join(dump(row) + "\n" for row in rows)


class Arm(NamedTuple):
    """One strategy under one seed."""

    strategy: str
    seed: int


class Line(NamedTuple):
    """All that is kept of one round; ``confusion`` only of the last, ``estimate`` where that was asked for."""

    row: Row
    timing: Row
    pick: Row
    confusion: Row | None
    estimate: Row | None = None

    @property
    def ids(self) -> Ids:
        """The batch that was asked."""
        return np.array(self.pick["ids"], dtype=np.int64)

    @property
    def last(self) -> bool:
        """Is the arm at its end?"""
        return self.confusion is not None
