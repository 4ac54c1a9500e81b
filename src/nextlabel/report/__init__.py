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
            (run.folder / f"{picture.name}.png").write_bytes(picture.light)
        (run.folder / "curves.csv").write_text(curves_csv(run.rows), encoding="utf-8", newline="")
        path = run.folder / "report.html"
        path.write_text(html, encoding="utf-8")
    return path
