"""Report: what a run found, as one HTML file that needs nothing beside it, with its figures and numbers as files.

    path = report.write(run, dataset, features)

It lies in the run's folder: report.html, and beside it curves.png, map.png, confusion.png and curves.csv.
"""

from pathlib import Path

import numpy as np

from nextlabel.comparison import Comparison
from nextlabel.datasets.base import Dataset
from nextlabel.errors import OtherRun
from nextlabel.files.atomic import write_atomically
from nextlabel.files.strict_json import dump
from nextlabel.report.of_comparison.page import verdict_page
from nextlabel.report.of_comparison.tables import every_curve_csv, numbers_csv, penalties_csv, votes_csv
from nextlabel.report.of_run.page import page
from nextlabel.report.of_run.tables import curves_csv
from nextlabel.runs.reading import Run
from nextlabel.runs.recorder import writing

CSV = {"numbers": numbers_csv, "curves": every_curve_csv, "families": votes_csv, "penalties": penalties_csv}

NAMES = ("verdicts.json", "report.html", *(f"{name}.csv" for name in CSV))  # files of a comparison, beside its figures

__all__ = ["NAMES", "write", "write_verdicts"]


def write(run: Run, dataset: Dataset, features: np.ndarray) -> Path:
    """Write the report of a run into its folder and return the page's path; ``features`` (N, d) are for the map.

    Raises `CannotWrite` where the disk is full or the folder may not be written to. The same run gives the same files.
    """
    html, pictures = page(run, dataset, features)
    with writing(run.folder):
        for picture in pictures:
            write_atomically(run.folder / f"{picture.name}.png", picture.light)
        write_atomically(run.folder / "curves.csv", curves_csv(run.rows).encode())
        write_atomically(run.folder / "report.html", html.encode())
    return run.folder / "report.html"


def write_verdicts(found: Comparison, folder: Path) -> Path:
    """Write the report of a comparison, with its figures and numbers, and return the page's path.

    ``folder`` is new, or holds an older comparison, which this one replaces; raises `OtherRun` where it holds anything
    else, and `CannotWrite` as `write` does.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        if others and "verdicts.json" not in others:
            raise OtherRun(
                f"'{folder}' is not empty and holds no comparison ({', '.join(others[:3])}). Choose another --out."
            )
        html, pictures = verdict_page(found)
        records = dump(found.records(), indent=1) + "\n"
        write_atomically(folder / "verdicts.json", records.encode())  # first: it says whose folder this is
        for picture in pictures:
            write_atomically(folder / f"{picture.name}.png", picture.light)
        for name, table in CSV.items():
            write_atomically(folder / f"{name}.csv", table(found).encode())
        write_atomically(folder / "report.html", html.encode())
    return folder / "report.html"
