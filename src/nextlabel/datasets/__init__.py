"""Where samples come from: a name, a folder of pictures, or a table in a file. One name, one loader."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.digits import load_digits
from nextlabel.datasets.folder import load_folder
from nextlabel.datasets.tables import COLUMNS, READERS, ending, load_frame, load_table
from nextlabel.datasets.tables.frames import is_frame
from nextlabel.datasets.tables.stream import STANDARD_INPUT
from nextlabel.errors import BadData, Mistake
from nextlabel.knobs import read_page
from nextlabel.knobs.columns import FILL, MISSING, Columns
from nextlabel.progress import Progress, quiet
from nextlabel.specifications import look_up
from nextlabel.text import printable

DATASETS: Mapping[str, Callable[[Request], Dataset]] = {"digits": load_digits}


def load_dataset(
    source: Any,
    label_column: str | None = None,
    name: str | None = None,
    progress: Progress = quiet,
    *,
    table: Columns | Mapping[str, Any] | None = None,
    missing: str = FILL,
) -> Dataset:
    """Load a dataset by name, or from a folder of pictures or a table; raises as `load` does.

    ``source`` a name, a path, or a frame of pandas or polars; ``label_column`` names the labels of a table; ``name`` is
    what reports call the dataset; ``table`` the columns, as in `Experiment`; ``missing`` "fill" or "refuse".

    >>> digits = load_dataset("digits")
    >>> len(digits), digits.classes[:3], digits.pictures.squares(8).shape
    (1797, ('0', '1', '2'), (1797, 8, 8, 3))
    """
    page, how = read_page("table", Columns, table or {}), MISSING.take("missing", missing)
    if is_frame(source):
        return load_frame(source, Request("", name, label_column, progress, page, how))
    return load(Request(str(source), name, label_column, progress, page, how))


def load(request: Request) -> Dataset:
    """Load a dataset by name or path; a folder that has the name of a dataset is reached as ``./name``.

    Raises `UnknownName` where nothing is called so, and `BadData` where it cannot be learned from.
    """
    source, path = request.source, Path(os.path.expanduser(request.source))
    if not source:
        raise Mistake("No data was named: the first argument is empty. Name a folder, a table or a dataset.")
    if source == STANDARD_INPUT:
        return load_table(request)
    if request.label_column is not None and ending(path.name) not in COLUMNS:
        raise Mistake(
            f"'{printable(source)}' has no columns to choose labels from. Use --label-column with a table such as .csv."
        )
    if source in DATASETS:
        return DATASETS[source](request)
    if os.path.isdir(path):
        return load_folder(request)
    if os.path.exists(path):
        return _file(request, path)
    if os.path.basename(source) != source or source.startswith((".", "~")) or path.suffix:
        raise BadData(
            f"There is no folder or file '{printable(source)}'. Is the path right, seen from '{os.getcwd()}'?"
        )
    return look_up(DATASETS, source, "dataset or folder")(request)


def _file(request: Request, path: Path) -> Dataset:
    if ending(path.name) not in READERS:
        raise BadData(
            f"'{printable(request.source)}' is neither a folder of pictures nor a table that is known here "
            f"({', '.join(READERS)}). Convert it, or name the folder that holds one sub-folder per class."
        )
    return load_table(request)
