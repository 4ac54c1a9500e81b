"""A folder of features that `embed` wrote and somebody copied into a bucket: what of it comes to this disk.

Vectors are read where they lie by `select`, which wants few of them at a time (`nextlabel.files.shards`); the lists
beside them come here. Whoever needs all of it in memory, such as a simulation, is brought all of it. What was brought
is kept in the cache, by the marks that the store gives its files.
"""

from collections.abc import Sequence
from pathlib import Path

from nextlabel.datasets.feature_folder import ABOUT, SAMPLES
from nextlabel.files import cache, remote
from nextlabel.files.atomic import write_atomically
from nextlabel.files.ranges import FarFile
from nextlabel.files.remote import WEB, Entry, scheme_of, without_secrets
from nextlabel.files.shards import ENDING

LISTS = (ABOUT, SAMPLES)


def is_feature_folder(address: str) -> bool:
    """Did `embed` write what lies at this address? Asked of the store, which may raise `CannotFetch`."""
    return scheme_of(address) not in WEB and _find(f"{address.rstrip('/')}/{ABOUT}") is not None


def fetch_lists(address: str) -> Path:
    """A folder on this disk that holds what stands beside the vectors, if anything does."""
    root = address.removesuffix(f"*{ENDING}").rstrip("/")
    return fetch_files(root, [found for name in LISTS if (found := _find(f"{root}/{name}")) is not None])


def fetch_files(root: str, entries: Sequence[Entry]) -> Path:
    """A folder on this disk that holds these files of a folder of a bucket; those that came before are not asked for.

    Raises `CannotFetch` where they cannot be had, and `CannotWrite` where this disk is full.
    """
    marks = [word for entry in entries for word in (without_secrets(entry.address), entry.mark)]
    folder = cache.folder() / f"brought-{cache.key(*marks)}"
    with cache.on_disk(folder):
        folder.mkdir(exist_ok=True)
    for entry in entries:
        path = folder / entry.address.removeprefix(f"{root}/")
        if not path.exists() or not entry.mark:  # without a mark nobody knows whether it is the same
            with cache.on_disk(folder):
                write_atomically(path, FarFile(entry.address, entry.size).windows())
    return folder


def _find(address: str) -> Entry | None:
    try:
        return remote.stat(address)
    except (FileNotFoundError, PermissionError):
        return None
