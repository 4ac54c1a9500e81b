"""Paths in a list of pictures: which column holds them, and where each may lead.

find_path_column(frame, folder)          # PathColumn(name="fname", known=False): its cells are pictures there
[path for path in possible_places(folder, "/data/upload/3/1a2b3c4d-cat.png") if path.is_file()]
"""

import os
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from nextlabel.datasets.formats import SUFFIXES
from nextlabel.files.remote import is_remote

if TYPE_CHECKING:
    import polars as pl

PATH_COLUMNS = [
    "file_name",
    "filename",
    "image",
    "path",
    "file",
    "filepath",
    "file_path",
    "image_path",
    "imagepath",
    "image_name",
    "imagename",
    "image_file",
    "image_filename",
    "img",
    "img_path",
    "img_name",
    "img_file",
    "fname",
    "fpath",
    "images",
    "picture",
    "photo",
]
ID_COLUMNS = [
    "image_id",
    "imageid",
    "img_id",
]  # paths where their cells are pictures, and numbers of anything where not
ADDRESS_COLUMNS = ["url", "uri", "image_url", "img_url", "picture_url", "photo_url", "address", "link", "key"]
LOOKED_AT = 50  # rows that say whether a table is a list of pictures
LONGEST = 4_096  # letters of a path, as Linux has it
UPLOAD = re.compile(r"^[0-9a-f]{8}-")  # what Label Studio puts before an uploaded file's name
ENDS_LIKE_A_PICTURE = rf"(?i)(?:{'|'.join(map(re.escape, sorted(SUFFIXES)))})\s*(?:[?#]|$)|\?d="


class PathColumn(NamedTuple):
    """The column of paths: is its name ``known``, or were its cells looked at?"""

    name: str
    known: bool


def find_path_column(frame: "pl.DataFrame", folder: Path, far: bool = False) -> PathColumn | None:
    """The column of a list in ``folder`` whose cells, or most of the first of them, name pictures; None without one.

    One whose pictures are there comes first, then one of a name that others use, too: what it names may be gone. By its
    cells alone a column is known only where each of them is another one: else rows are parts of pictures.
    A list that lies ``far`` away may call it an address, too, and an address may end in anything.
    """
    head = frame.head(LOOKED_AT)
    known = {name.strip().lower(): name for name in frame.columns}
    named = [known[name] for name in (*PATH_COLUMNS, *ID_COLUMNS, *(ADDRESS_COLUMNS if far else ())) if name in known]
    named = [name for name in named if _are_most(_cells(head, name), _names_picture if not far else _names_far)]
    if far:
        return PathColumn(named[0], True) if named else None
    for name in chain(named, _others(head, named)):
        cells = _cells(head, name)
        once = name in named or len(set(cells)) == len(cells)
        if once and _are_most(cells, lambda cell: _names_picture(cell) and _is_there(folder, cell)):
            return PathColumn(name, name in named)
    return PathColumn(named[0], True) if named else None


def _others(head: "pl.DataFrame", named: Sequence[str]) -> Iterator[str]:
    """Columns of text in which any cell ends like a picture: all are looked at at once, for there may be thousands."""
    import polars as pl

    texts = head.select(pl.col(pl.String).exclude(named) if named else pl.col(pl.String))
    if not texts.width:
        return
    by_place = texts.rename({name: str(i) for i, name in enumerate(texts.columns)})  # no name of theirs is in the way
    cells = by_place.unpivot(variable_name="place", value_name="cell")
    found = set(cells.filter(pl.col("cell").str.contains(ENDS_LIKE_A_PICTURE))["place"])
    yield from (name for i, name in enumerate(texts.columns) if str(i) in found)


def _cells(head: "pl.DataFrame", name: str) -> list[str]:
    return [cell for value in head[name].to_list() if (cell := read_cell(value))]


def _are_most(cells: Sequence[str], is_one: Any) -> bool:
    return bool(cells) and 2 * sum(map(is_one, cells)) >= len(cells)


def _names_picture(cell: str) -> bool:
    return len(cell) <= LONGEST and re.search(ENDS_LIKE_A_PICTURE, cell) is not None


def _names_far(cell: str) -> bool:
    return is_remote(cell) or _names_picture(cell)


def _is_there(folder: Path, cell: str) -> bool:
    return any(os.path.isfile(path) for path in possible_places(folder, cell))


def read_cell(value: Any) -> str:
    """A cell as text, without spaces around it; empty where there is none."""
    return "" if value is None else str(value).strip()


def tidy_path(name: str) -> str:
    """A path as POSIX writes it, without ``./``."""
    return os.path.normpath(name.replace("\\", "/")).replace("\\", "/")


def possible_places(folder: Path, name: str) -> Iterator[Path]:
    """Where a path may lead: as it is written, and, for what Label Studio writes, where its files mostly lie."""
    yield folder / name
    yield folder / tidy_path(name)
    try:
        address = urlsplit(name)
    except ValueError:  # no address at all, as "//[a"
        return
    if inner := parse_qs(address.query).get("d"):
        yield folder / inner[0].lstrip("/")
    if name.startswith("/data/"):
        base = unquote(Path(address.path).name)
        yield from (folder / base, folder / UPLOAD.sub("", base))
