"""TensorFlow's flower_photos: 3,670 pictures of five kinds of flowers, CC BY 2.0, fetched into a folder of pictures.

    flowers = fetch(Path("flowers"))
    flowers.counts                                           # {"daisy": 633, "dandelion": 898, …}

The guide's set, ``imsparsh/flowers-dataset`` on Kaggle, was made from it; its training part holds 2,746 of them. The
classes get that set's names (``rose``, not ``roses``); LICENSE.txt, which credits every picture, keeps the old ones.
"""

import os
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from nextlabel.datasets.fetching.download import Archive, download, explain_disk_errors, keep_others_out
from nextlabel.datasets.fetching.unpacking import unpack
from nextlabel.errors import CannotFetch, Mistake
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable

ARCHIVE = Archive(
    "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
    size=228_813_984,
    sha256="4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
)
PICTURES = 3_670
ROOT = "flower_photos"
RENAMES = {"roses": "rose", "sunflowers": "sunflower", "tulips": "tulip"}
CLASSES = ("daisy", "dandelion", "rose", "sunflower", "tulip")


class Flowers(NamedTuple):
    """A folder with one sub-folder per class, how many pictures each holds, and whether they came just now."""

    folder: Path
    counts: Mapping[str, int]
    fetched: bool


def fetch(
    folder: Path,
    archive: Archive = ARCHIVE,
    pictures: int = PICTURES,
    progress: Progress = quiet,
    context: ssl.SSLContext | None = None,
) -> Flowers:
    """Put the flowers into a new folder, whole or not at all; where they are already, they are only counted.

    An interrupted download stays beside the folder and is gone on with by the next call. Raises `Mistake` where the
    folder holds something else, `CannotFetch` and `CannotWrite` where the world says no.
    """
    place = Path(os.path.realpath(os.path.expanduser(folder)))
    if (counts := _find_flowers(place, pictures)) is not None:
        return Flowers(folder, counts, fetched=False)
    part = place.with_name(f"{place.name}-{archive.name}.part")  # a name that nothing but this function gives
    with explain_disk_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    with keep_others_out(part):
        # Once more: somebody who was at it until now may have put them there.
        if (counts := _find_flowers(place, pictures)) is not None:
            return Flowers(folder, counts, fetched=False)
        download(archive, part, progress, context)
        _unpack(part, place, pictures, progress)
        with explain_disk_errors(part):
            part.unlink()
    return Flowers(folder, count_pictures(place), fetched=True)


def _find_flowers(place: Path, pictures: int) -> Mapping[str, int] | None:
    """What the folder holds where that is all the flowers, None where they can be put there, else `Mistake`."""
    with explain_disk_errors(place):
        counts = count_pictures(place)
        if sum(counts.values()) == pictures:
            return counts
        _refuse_others(place, sum(counts.values()), pictures)
    return None


def count_pictures(folder: Path) -> dict[str, int]:
    """How many pictures of each class a folder holds."""
    return {name: sum(1 for _ in (folder / name).glob("*.jpg")) for name in CLASSES}


def _refuse_others(place: Path, count: int, pictures: int) -> None:
    shown = printable(str(place))
    if place == Path.cwd():
        raise Mistake(f"'{shown}' is where you are, so it cannot be put in place whole. Name a folder inside it.")
    if place.is_dir() and not any(place.iterdir()):
        return
    if place.exists():
        what = f"holds {count:,} of the {pictures:,} flowers" if count else "holds something else"
        raise Mistake(
            f"'{shown}' {what}, and nothing is ever put among what is yours. Name a folder that does not exist yet."
        )


def _unpack(part: Path, place: Path, pictures: int, progress: Progress) -> None:
    """Unpack beside the place and move everything there at once, so that nobody ever sees half of it."""
    with explain_disk_errors(place), tempfile.TemporaryDirectory(prefix=f"{place.name}-", dir=place.parent) as scratch:
        whole = Path(scratch) / "whole"
        whole.mkdir()  # with everyday rights: the temporary folder around it is its owner's alone
        unpack(part, ROOT, whole, RENAMES, progress)
        count = sum(count_pictures(whole).values())
        if count != pictures:
            raise CannotFetch(
                f"The archive holds {count:,} pictures of flowers instead of {pictures:,}, so it is not what it should "
                "be. Nothing of it was put in place."
            )
        os.replace(whole, place)
