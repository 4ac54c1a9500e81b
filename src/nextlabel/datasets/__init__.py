"""Where samples come from: a name, a folder of pictures or texts, a table in a file, or what is held in Python.

One name, one loader. What else a source may be is a table, too: `KINDS`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from nextlabel.datasets.answers import join_answers, read_all_answers
from nextlabel.datasets.archive import load_archive
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.digits import load_digits
from nextlabel.datasets.feature_folder import holds_features, load_features
from nextlabel.datasets.first_look import open_after
from nextlabel.datasets.folder import list_inside, lists_inside, load_folder
from nextlabel.datasets.held import load_held
from nextlabel.datasets.labels import describe_measured, doubt_numbers, is_measured
from nextlabel.datasets.picture_arrays import holds_pictures, load_picture_file
from nextlabel.datasets.picture_manifest import lists_pictures, load_manifest
from nextlabel.datasets.picture_tables import holds_cells, load_cells
from nextlabel.datasets.remote import load_remote
from nextlabel.datasets.split_lists import load_split_lists
from nextlabel.datasets.tables import COLUMNS, READERS, ending, load_table
from nextlabel.datasets.tables.stream import STANDARD_INPUT
from nextlabel.errors import BadData, Mistake
from nextlabel.files.remote import is_remote, show
from nextlabel.knobs import read_page
from nextlabel.knobs.columns import FILL, MISSING, Columns
from nextlabel.knobs.kinds import FILES, SAMPLES, optional
from nextlabel.progress import Progress, quiet
from nextlabel.specifications import look_up
from nextlabel.text import join_names, printable, quote_few

DATASETS: Mapping[str, Callable[[Request], Dataset]] = {"digits": load_digits}
LABEL, GROUP, TEXT = "label", "group", "text"  # what a column may be named for


class Kind(NamedTuple):
    """A kind of source: ``is_one`` looks at a request and its path, ``load`` reads it, ``columns`` may be named."""

    is_one: Callable[[Request, Path], bool]
    load: Callable[[Request], Dataset]
    columns: Sequence[str] = ()


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
    """Load a dataset by name, from a folder of pictures or a table, or out of arrays; raises as `load` does.

    ``source`` a name, a path, a frame of pandas or polars, or a pair (X, y): X (n, d) features, (n, h, w, 3) pictures,
    a frame of columns or a list of texts, in anything that `select` takes, and y (n,) labels, where -1 in whole
    numbers, NaN in decimals, "" in text and None are missing ones, or None for no labels at all. ``label_column`` names
    the labels of a table; ``name`` is what reports call the dataset; ``table`` the columns, as in `Experiment`;
    ``missing`` "fill" or "refuse". ``labels`` a file of answers (path,label or id,label; Label Studio's JSON), or
    several of which the later ones stand, in the place of what folders or a column say; ``unlabelled=True`` takes data
    of one class, or of none.

    >>> digits = load_dataset("digits")
    >>> len(digits), digits.classes[:3], digits.pictures.squares(8).shape
    (1797, ('0', '1', '2'), (1797, 8, 8, 3))
    >>> plants = load_dataset(([[5.1, 0.2], [7.0, 1.4], [6.3, 2.5]], ["setosa", "virginica", ""]), name="plants")
    >>> plants.y, plants.classes, plants.table.shape
    (array([ 0,  1, -1]), ('setosa', 'virginica'), (3, 2))
    """
    page, how = read_page("table", Columns, table or {}), MISSING.take("missing", missing)
    answers = optional(FILES).take("labels", labels) or ()
    found = SAMPLES.take("source", source)
    return load(
        Request(found, name, label_column, progress, table=page, missing=how, answers=answers, unlabelled=unlabelled)
    )


def load(request: Request) -> Dataset:
    """Load a dataset by name or path; a folder that has the name of a dataset is reached as ``./name``.

    Raises `UnknownName` where nothing is called so, and `BadData` where it cannot be learned from.
    """
    if (relabel := request.relabel) is not None:
        return relabel(_load(replace(request, sink=open_after(relabel, request.sink))))
    if not request.answers:
        return _load(request)
    answers = read_all_answers(request.answers)  # a bad file is told before pictures are read

    def join(dataset: Dataset) -> Dataset:
        joined = join_answers(dataset, answers, request.table.null_words)
        if request.unlabelled:
            return joined
        return replace(joined, warnings=(*joined.warnings, *check_answers(joined, request.answers)))

    return join(_load(replace(request, sink=open_after(join, request.sink))))


def check_answers(dataset: Dataset, files: Sequence[str]) -> list[str]:
    """A note where the answers of these files may be a measured number.

    Raises `BadData` where they tell no two classes apart, or look like such a number.
    """
    if len(dataset.classes) < 2:
        of = f"are all '{dataset.classes[0]}'" if dataset.classes else "say nothing"
        raise BadData(f"The answers in {quote_few(files)} {of}, and two classes are the fewest to tell apart.")
    shown = printable(join_names([os.path.basename(file) for file in files]))
    if is_measured(dataset.y, dataset.classes):
        raise BadData(describe_measured(dataset.y, dataset.classes, shown))
    return doubt_numbers(dataset.classes, shown)


def refuse_source(request: Request) -> None:
    """Raise what `load` would, as far as that is known before anything is read: no such place, or of no kind."""
    if isinstance(request.source, str):
        _kind_of(request)


def _load(request: Request) -> Dataset:
    return _kind_of(request).load(request) if isinstance(request.source, str) else load_held(request)


def _kind_of(request: Request) -> Kind:
    source = request.source
    if not source:
        raise Mistake("No data was named: the first argument is empty. Name a folder, a table or a dataset.")
    path = Path(os.path.expanduser(source))
    kind = next((kind for kind in KINDS if kind.is_one(request, path)), None)
    if kind is None:
        _refuse(source, path)
    _refuse_columns(request, kind)
    return kind


def _refuse_columns(request: Request, kind: Kind) -> None:
    """`Mistake` where columns are named of what has none."""
    wanted = {LABEL: request.label_column, GROUP: request.group_column, TEXT: request.table.text_column}
    for option, column in wanted.items():
        if column is not None and option not in kind.columns:
            raise Mistake(
                f"'{show(request.source)}' has no columns to choose {option}s from. Use --{option}-column with a "
                ".csv file or another table."
            )


def _refuse(source: str, path: Path) -> NoReturn:
    """Says what is wrong with a source that is of no kind."""
    if os.path.exists(path):
        raise BadData(
            f"'{printable(source)}' is neither a folder of pictures nor a table that is known here "
            f"({', '.join(READERS)}). Convert it, or name the folder that holds one sub-folder per class."
        )
    if os.path.basename(source) != source or source.startswith((".", "~")) or path.suffix:
        raise BadData(
            f"There is no folder or file '{printable(source)}'. Is the path right, seen from '{os.getcwd()}'?"
        )
    look_up(DATASETS, source, "dataset or folder")
    raise AssertionError("a name of ours is a kind")


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
    if request.has_other_labels:
        return None
    inner = list_inside(folder)
    return inner if inner is not None and (request.needs_labels or inner.stem == "metadata") else None


def _are_splits_listed(folder: Path, request: Request) -> bool:
    """Has each side of a split its list? Somebody's own answers stand before those, as before the list of a folder."""
    lists = {} if request.has_other_labels else lists_inside(folder)
    return bool(lists) and (request.needs_labels or all(path.stem == "metadata" for path in lists.values()))


def _load_listed(request: Request) -> Dataset:
    """The pictures of a folder by the list in it."""
    inner = _list_of(Path(os.path.expanduser(request.source)), request)
    assert inner is not None, "there was one a moment ago"
    dataset = load_manifest(replace(request, source=str(inner)))
    note = f"The folders in '{printable(request.source)}' are no classes, so labels are read from '{inner.name}' in it."
    return replace(dataset, warnings=(note, *dataset.warnings))


# In the order in which they are asked about: the first that a source is one of reads it.
KINDS: Sequence[Kind] = (
    Kind(lambda request, path: request.source == STANDARD_INPUT, load_table, (LABEL, GROUP, TEXT)),
    Kind(lambda request, path: is_remote(request.source), load_remote, (LABEL, GROUP)),
    Kind(lambda request, path: request.source in DATASETS, _load_named),
    Kind(lambda request, path: os.path.isdir(path) and holds_features(path), load_features, (LABEL, GROUP)),
    Kind(lambda request, path: not _wants_table(request) and holds_cells(path), load_cells, (LABEL, GROUP)),
    Kind(
        lambda request, path: os.path.isdir(path) and _list_of(path, request) is not None, _load_listed, (LABEL, GROUP)
    ),
    Kind(
        lambda request, path: os.path.isdir(path) and _are_splits_listed(path, request),
        load_split_lists,
        (LABEL, GROUP),
    ),
    Kind(lambda request, path: os.path.isdir(path), load_folder),
    Kind(lambda request, path: _is_file(path, ".zip"), load_archive),
    Kind(lambda request, path: _is_file(path, ".npz") and holds_pictures(path), load_picture_file),
    Kind(lambda request, path: _is_file(path, ".npz"), load_table, (GROUP,)),
    Kind(lambda request, path: not _wants_table(request) and lists_pictures(path), load_manifest, (LABEL, GROUP)),
    Kind(lambda request, path: _is_file(path, *COLUMNS), load_table, (LABEL, GROUP, TEXT)),
    Kind(lambda request, path: _is_file(path, *READERS), load_table),
)


def _wants_table(request: Request) -> bool:
    """Does somebody speak of the columns of a table, or of its texts?"""
    page = request.table
    return any(names is not None for names in (page.text_column, page.columns, page.drop, page.keep))


def _is_file(path: Path, *endings: str) -> bool:
    return ending(path.name) in endings and os.path.exists(path)
