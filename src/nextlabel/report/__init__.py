"""Report: what a run found, as one HTML file that needs nothing beside it, with its figures and numbers as files.

    path = report.write(run, dataset, features)

It lies in the run's folder: report.html, and beside it curves.png, map.png, confusion.png and curves.csv.
"""

from pathlib import Path

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.recording import writing
from nextlabel.report.page import page
from nextlabel.report.tables import curves_csv
from nextlabel.runs import Run

__all__ = ["write"]


def write(run: Run, dataset: Dataset, features: np.ndarray) -> Path:
    """Write the report of a run into its folder and return the page's path; ``features`` (N, d) are for the map.

    Raises `CannotWrite` where the disk is full or the folder may not be written to. The same run gives the same files.
    """
    html, pictures = page(run, dataset, features)
    with writing(run.folder):
        for picture in pictures:
            _put(run.folder / f"{picture.name}.png", picture.light)
        _put(run.folder / "curves.csv", curves_csv(run.rows).encode())
        return _put(run.folder / "report.html", html.encode())


def _put(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all: a full disk must not take the report that was there."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(data)
    return draft.replace(path)
