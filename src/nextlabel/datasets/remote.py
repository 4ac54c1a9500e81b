"""Pictures and texts in a bucket (s3://, gs://), in class folders as on a disk: listed, then read one by one.

Nothing is copied to this disk but what becomes of them. An object's bytes have a digest, as any file's; which digest an
address had is remembered by what the store says of it (ETag, size, time), so a second look reads what changed since.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from nextlabel.datasets.archive import load_archive
from nextlabel.datasets.base import Dataset, Request, Skipped
from nextlabel.datasets.feature_folder import ABOUT, load_features
from nextlabel.datasets.folder import found_in
from nextlabel.datasets.formats import SUFFIXES
from nextlabel.datasets.listing import Listing, is_ignored
from nextlabel.datasets.picture_manifest import ENDINGS, load_remote_list
from nextlabel.datasets.picture_tables import ARROW, PARQUET, load_remote_cells
from nextlabel.datasets.pictures import MOST_BYTES, File
from nextlabel.datasets.remote_features import fetch_files
from nextlabel.datasets.remote_file import RemoteFile, name_of_address
from nextlabel.datasets.scanning import read_found
from nextlabel.datasets.text_files import ENDING
from nextlabel.errors import BadData, Mistake
from nextlabel.files import remote
from nextlabel.files.remote import WEB, Entry, scheme_of, show, without_secrets
from nextlabel.text import printable


def load_remote(request: Request) -> Dataset:
    """What lies behind an address: an archive, a list of pictures, shards that hold pictures, or a folder of a bucket.

    Raises `BadData` where nothing can be learned from it, `CannotFetch` where nothing answers, and `MissingExtra`.
    """
    ending = PurePosixPath(without_secrets(request.source).lower()).suffix
    if ending == ".zip":
        _refuse_columns(request)
        return load_archive(request)
    if ending in (PARQUET, ARROW):
        return load_remote_cells(request, [request.source])
    if ending in ENDINGS or scheme_of(request.source) in WEB:
        return load_remote_list(request)
    return _load_bucket(request)


def _load_bucket(request: Request) -> Dataset:
    """Read a folder of a bucket as if it lay here; raises `BadData` where there is nothing to learn from."""
    root = without_secrets(request.source).rstrip("/")
    entries = remote.find(request.source)
    if not entries:
        raise BadData(
            f"Nothing lies below '{printable(root)}'. Is the folder's name right, capitals too? Buckets have no empty "
            "folders."
        )
    if any(one.address == f"{root}/{ABOUT}" for one in entries):
        return load_features(replace(request, source=str(fetch_files(root, entries))))
    shards = [one.address for one in entries if one.address.endswith((ARROW, PARQUET))]
    if shards and not any(os.path.splitext(one.address)[1].lower() in SUFFIXES for one in entries):
        return load_remote_cells(request, shards)
    _refuse_columns(request)
    return read_found(request, found_in(root, list_entries(root, entries), name_of_address(root), request))


def _refuse_columns(request: Request) -> None:
    if request.label_column is not None or request.group_column is not None:
        raise Mistake(
            f"'{show(request.source)}' has no columns to choose from: its folders are its classes. Name a list of "
            "pictures (.csv) instead."
        )


def list_entries(root: str, entries: Iterable[Entry]) -> Listing:
    """What lies below an address, but for what is hidden. What is a picture is told by its ending alone: a look at its
    first bytes would cost a request for each."""
    found, texts, folders = Listing([], [], [], [], []), list[tuple[str, File]](), dict[str, None]()
    for entry in entries:
        name = entry.address[len(root) + 1 :]
        parts = name.split("/")
        if not name or any(is_ignored(part) for part in parts):
            continue
        if len(parts) > 1:
            folders[printable(parts[0])] = None
        file = RemoteFile(entry.address, entry.mark)
        if entry.size > MOST_BYTES:
            found.skipped.append(Skipped(printable(name), "is larger than 2 GB"))
        elif os.path.splitext(name)[1].lower() in SUFFIXES:
            found.pictures.append((name, file))
        else:
            found.others.append(printable(name))
            texts += [(name, file)] if name.lower().endswith(ENDING) else []
    return found._replace(texts=texts, folders=list(folders))
