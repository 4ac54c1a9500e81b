"""JSON as its standard has it: no NaN, no infinity, nothing that could not be written back.

Python's own `json` writes ``NaN`` and reads ``1e999`` as infinity; other programs stumble over the one, and ours would
take the other for a score.
"""

import json
import math
from typing import Any, NoReturn

Row = dict[str, Any]  # an object of JSON: one round of an arm, as runs and CSV files keep it


def parse(text: str) -> Any:
    """The value that a text of JSON holds; `ValueError` where it is none.

    >>> parse('{"accuracy": 0.5}')
    {'accuracy': 0.5}
    """
    try:
        found = json.loads(text, parse_float=_finite, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if "\\u" in text:
        dump(found).encode()  # half of a surrogate pair can be read, but neither written nor printed
    return found


def dump(value: Any, indent: int | None = None) -> str:
    """A value as JSON; `ValueError` for NaN and infinity. The same value always gives the same text."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"it holds {text}, which is no number")
