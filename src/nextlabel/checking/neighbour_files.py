"""Near-duplicates and outliers as CSV, for whoever looks through them in a spreadsheet."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from nextlabel.checking.neighbours import NearPairs, Outliers
from nextlabel.files.atomic import write_atomically
from nextlabel.files.cells import quote_path
from nextlabel.files.refusals import refusals
from nextlabel.pool import Ids


def write_pairs(out: Path, found: NearPairs, paths: Sequence[str] | None = None) -> None:
    """One row per pair, the nearest first: ``path`` and ``other`` (or ``id``, where samples have no paths), the cosine
    of their features and their distance. Raises `CannotWrite` as the disk does."""
    one, other = (_names(found.ids[:, side], paths) for side in (0, 1))
    numbers = zip(found.cosines, found.distances, strict=True)
    rows = ([*pair, f"{cosine:.6f}", f"{away:.6f}"] for *pair, (cosine, away) in zip(one, other, numbers, strict=True))
    _write(out, [_who(paths), "other", "cosine", "distance"], rows)


def write_outliers(out: Path, found: Outliers, paths: Sequence[str] | None = None) -> None:
    """One row per sample, the farthest from all others first: ``path`` (or ``id``) and score. Raises as above."""
    names = _names(found.ids, paths)
    rows = ([name, f"{score:.6f}"] for name, score in zip(names, found.scores, strict=True))
    _write(out, [_who(paths), "score"], rows)


def _who(paths: Sequence[str] | None) -> str:
    return "id" if paths is None else "path"


def _names(ids: Ids, paths: Sequence[str] | None) -> list[str]:
    return [str(i) if paths is None else quote_path(paths[i]) for i in ids]


def _write(out: Path, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(heads)
    lines.writerows(rows)
    with refusals(out, "Name another place with --out."):
        # Paths may hold bytes that are no UTF-8; they go out as they came in. A link leads to the file that is meant.
        write_atomically(Path(os.path.realpath(out)), text.getvalue().encode("utf-8", "surrogateescape"))
