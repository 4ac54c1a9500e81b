"""Where samples come from: a name, a folder of pictures or texts, or a table in a file. One name, one loader."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nextlabel.datasets.answers import join_answers, read_all_answers
from nextlabel.datasets.archive import load_archive
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.digits import load_digits
from nextlabel.datasets.feature_folder import holds_features, load_features
from nextlabel.datasets.first_look import open_after
from nextlabel.datasets.folder import list_inside, load_folder
from nextlabel.datasets.picture_arrays import holds_pictures, load_picture_file
from nextlabel.datasets.picture_manifest import ENDINGS, lists_pictures, load_manifest
from nextlabel.datasets.tables import COLUMNS, READERS, ending, load_frame, load_table
from nextlabel.datasets.tables.frames import is_frame
from nextlabel.datasets.tables.stream import STANDARD_INPUT
from nextlabel.errors import BadData, Mistake
from nextlabel.knobs import read_page
from nextlabel.knobs.columns import FILL, MISSING, Columns
from nextlabel.knobs.kinds import FILES, optional
from nextlabel.progress import Progress, quiet
from nextlabel.specifications import look_up
from nextlabel.text import printable, quote_few

DATASETS: Mapping[str, Callable[[Request], Dataset]] = {"digits": load_digits}


def load_dataset(
    source: Any,
    label_column: str | None = None,
    name: str | None = None,
    progress: Progress = quiet,
    *,
    table: Columns | Mapping[str, Any] | None = None,
    missing: str = FILL,
    labels: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    unlabelled: bool = False,
) -> Dataset:
    """Load a dataset by name, or from a folder of pictures or a table; raises as `load` does.

    ``source`` a name, a path, or a frame of pandas or polars; ``label_column`` names the labels of a table; ``name`` is
    what reports call the dataset; ``table`` the columns, as in `Experiment`; ``missing`` "fill" or "refuse". ``labels``
    a file of answers (path,label or id,label; Label Studio's JSON), or several of which the later ones stand, in the
    place of what folders or a column say;
    ``unlabelled=True`` takes data of one class, or of none.

    >>> digits = load_dataset("digits")
    >>> len(digits), digits.classes[:3], digits.pictures.squares(8).shape
    (1797, ('0', '1', '2'), (1797, 8, 8, 3))
    """
    page, how = read_page("table", Columns, table or {}), MISSING.take("missing", missing)
    answers = optional(FILES).take("labels", labels) or ()
    where = "" if is_frame(source) else str(source)
    request = Request(
        where, name, label_column, progress, table=page, missing=how, answers=answers, unlabelled=unlabelled
    )
    return load_frame(source, request) if is_frame(source) else load(request)


def load(request: Request) -> Dataset:
    """Load a dataset by name or path; a folder that has the name of a dataset is reached as ``./name``.

    Raises `UnknownName` where nothing is called so, and `BadData` where it cannot be learned from.
    """
    if not request.answers:
        return _load(request)
    answers = read_all_answers(request.answers)  # a bad file is told before pictures are read

    def join(dataset: Dataset) -> Dataset:
        joined = join_answers(dataset, answers, request.table.null_words)
        if not request.unlabelled:
            check_answers(joined, request.answers)
        return joined

    return join(_load(replace(request, sink=open_after(join, request.sink))))


def check_answers(dataset: Dataset, files: Sequence[str]) -> None:
    """`BadData` where the answers of these files tell no two classes apart."""
    if len(dataset.classes) < 2:
        of = f"are all '{dataset.classes[0]}'" if dataset.classes else "say nothing"
        raise BadData(f"The answers in {quote_few(files)} {of}, and two classes are the fewest to tell apart.")


def _load(request: Request) -> Dataset:
    source, path = request.source, Path(os.path.expanduser(request.source))
    if not source:
        raise Mistake("No data was named: the first argument is empty. Name a folder, a table or a dataset.")
    if source == STANDARD_INPUT:
        return load_table(request)
    if source not in DATASETS and os.path.isdir(path) and (inner := _list_of(path, request)) is not None:
        return _load_listed(request, inner)
    wanted = {"label": request.label_column, "group": request.group_column, "text": request.table.text_column}
    for option, column in wanted.items():
        if column is not None and ending(path.name) not in (*COLUMNS, *ENDINGS):
            raise Mistake(
                f"'{printable(source)}' has no columns to choose {option}s from. Use --{option}-column with a .csv "
                "file or another table."
            )
    if source in DATASETS:
        return _load_named(request)
    if os.path.isdir(path):
        return load_features(request) if holds_features(path) else load_folder(request)
    if os.path.exists(path):
        return _file(request, path)
    if os.path.basename(source) != source or source.startswith((".", "~")) or path.suffix:
        raise BadData(
            f"There is no folder or file '{printable(source)}'. Is the path right, seen from '{os.getcwd()}'?"
        )
    return look_up(DATASETS, source, "dataset or folder")(request)


def _load_named(request: Request) -> Dataset:
    """A dataset of ours; somebody's own folder of that name is told how it is reached."""
    dataset = DATASETS[request.source](request)
    if not os.path.isdir(request.source):
        return dataset
    note = f"'{request.source}' is the dataset of that name; the folder here is read as './{request.source}'."
    return replace(dataset, warnings=(*dataset.warnings, note))


def _list_of(folder: Path, request: Request) -> Path | None:
    """The list by which the pictures of a folder are read, if there is one.

    Somebody's own answers, which name some of the pictures, may lie there, too: they are no list of all.
    """
    if request.answers or holds_features(folder):
        return None
    inner = list_inside(folder)
    return inner if inner is not None and (request.needs_labels or inner.stem == "metadata") else None


def _load_listed(request: Request, inner: Path) -> Dataset:
    """The pictures of a folder by the list in it."""
    dataset = load_manifest(replace(request, source=str(inner)))
    note = f"The folders in '{printable(request.source)}' are no classes, so labels are read from '{inner.name}' in it."
    return replace(dataset, warnings=(note, *dataset.warnings))


def _file(request: Request, path: Path) -> Dataset:
    kind = path.suffix.lower()
    if kind == ".zip":
        return load_archive(request)
    if kind == ".npz" and holds_pictures(path):
        return load_picture_file(request)
    if request.table.text_column is None and lists_pictures(path):
        return load_manifest(request)
    if request.group_column is not None and request.table.text_column is None:
        raise Mistake(
            f"'{printable(request.source)}' is a table of features, and groups are only kept together for pictures "
            "and texts. Leave --group-column out, or cut the table yourself with --split FILE."
        )
    if ending(path.name) not in READERS:
        raise BadData(
            f"'{printable(request.source)}' is neither a folder of pictures nor a table that is known here "
            f"({', '.join(READERS)}). Convert it, or name the folder that holds one sub-folder per class."
        )
    return load_table(request)
