"""What a run is made of: an arm, a line for each of its rounds, and rows of JSON."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nextlabel.errors import RunBroken
from nextlabel.pool import Ids

Row = dict[str, Any]


def read_json(path: Path) -> Any:
    """One JSON file, or `RunBroken`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunBroken(
            f"'{path}' cannot be read ({error}). Was it edited or cut short? Run the experiment again."
        ) from None


def read_lines(path: Path) -> list[Row]:
    """All rows of a JSON-lines file, or `RunBroken` with the number of the bad line."""
    rows: list[Row] = []
    try:
        for line in path.read_text(encoding="utf-8").removesuffix("\n").split("\n"):  # U+2028 is no end of a line here
            rows.append(json.loads(line))
    except OSError as error:
        raise RunBroken(f"'{path}' cannot be read ({error.strerror}). Run the experiment again.") from None
    except ValueError:
        number = len(rows) + 1
        raise RunBroken(
            f"Line {number} of '{path}' is damaged. Restore the file, or run the experiment again."
        ) from None
    return rows


def lines(rows: Iterable[Row]) -> str:
    """Rows as JSON lines: the same rows always give the same bytes."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


class Arm(NamedTuple):
    """One strategy under one seed."""

    strategy: str
    seed: int


class Line(NamedTuple):
    """All that is kept of one round; ``confusion`` only of the last."""

    row: Row
    timing: Row
    pick: Row
    confusion: Row | None

    @property
    def ids(self) -> Ids:
        """The batch that was asked."""
        return np.array(self.pick["ids"], dtype=np.int64)
