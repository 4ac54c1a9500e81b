"""What `select` chooses from where it is larger than memory: shards of vectors, whose labels are a list."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nextlabel.cli.found import Found
from nextlabel.cli.pages import Arrays, Choice, Workers
from nextlabel.datasets.feature_folder import holds_features
from nextlabel.engines import Team, engine
from nextlabel.errors import CannotGo, Mistake
from nextlabel.files.ranges import DiskFile
from nextlabel.files.remote import without_secrets
from nextlabel.files.shards import Shards
from nextlabel.progress import Progress
from nextlabel.selection import check_batch
from nextlabel.selection.arrays import open_array
from nextlabel.selection.stored import StoredOrder, Walk, choose_stored
from nextlabel.selection.stored_labels import Known, read_answers_of, read_array_labels, read_column, read_paths
from nextlabel.strategies import strategy
from nextlabel.text import show_path


def choose_of_store(arrays: Arrays, choice: Choice, workers: Workers, progress: Progress) -> Found:
    """What was typed, checked, and chosen."""
    entry, place = strategy(choice.strategy), arrays.place
    shards = Shards.open(place if isinstance(place, str) else place.absolute())  # workers may stand in another folder
    lists = _fetch_lists(place) if isinstance(place, str) else place
    table = None if arrays.probabilities is None else _open_table(arrays.probabilities, len(shards))
    known = _read_labels(arrays, lists, shards, None if table is None else table.width)
    batch = check_batch(choice.batch, len(shards), len(known.ids))
    embedded = holds_features(lists)
    standardize = not embedded if arrays.standardize is None else arrays.standardize
    order = StoredOrder(
        shards, known.ids, known.y, known.classes, entry, choice.strategy, batch, choice.seed, table, standardize,
        scored=embedded,
    )  # fmt: skip
    with _open_team(workers, shards) as team:
        answer, notes = choose_stored(order, Walk(team, progress))
    paths = read_paths(lists, answer.ids)
    return Found(answer, choice.strategy, choice.seed, paths, [*known.notes, *notes])


def _read_labels(arrays: Arrays, lists: Path, shards: Shards, width: int | None) -> Known:
    count, shown = len(shards), show_path(without_secrets(arrays.data))
    for option in ("embedder", "project", "store"):
        if getattr(arrays, option) is not None:
            raise Mistake(f"'{shown}' holds features already, so --{option} is not for it.")
    if arrays.label_array is not None:
        return read_array_labels(open_array(arrays.label_array), count, width, arrays.missing)
    if arrays.missing is not None:
        raise Mistake("--missing is for labels in .npy, and there are none. Leave it out.")
    if arrays.labels:
        return read_answers_of(lists, count, arrays.label_files, width)
    if arrays.label_column is not None and not lists.is_dir():
        raise Mistake(f"'{shown}' holds features alone, so --label-column is not for it.")
    return read_column(lists, count, arrays.label_column or "label", width)


def _open_table(path: Path, count: int) -> Shards:
    table = Shards.open(path)
    if len(table) != count or table.width < 2:
        raise Mistake(
            f"The probabilities in '{show_path(path)}' are {len(table):,} rows of {table.width:,}, and there are "
            f"{count:,} rows of features. Pass those of all samples, in the same order, with a column for each class."
        )
    return table


def _fetch_lists(address: str) -> Path:
    from nextlabel.datasets.remote_features import fetch_lists  # here, for most vectors lie on a disk

    return fetch_lists(address)


@contextmanager
def _open_team(workers: Workers, shards: Shards) -> Iterator[Team]:
    jobs = workers.jobs or 1
    with engine(jobs, workers.cluster) as opened:
        sees: Any = getattr(opened, "sees", None)
        first = shards.shards[0].file
        if sees is not None and isinstance(first, DiskFile) and not sees(first.path):
            raise CannotGo(
                f"The cluster's workers do not see '{first}'. Put the vectors on a disk that all machines "
                "share, under the same path, or into a bucket (s3://, gs://)."
            )
        yield Team(opened, jobs, workers.threads)
