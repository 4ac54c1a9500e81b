"""Report: what a run found, as one HTML file that needs nothing beside it, with its figures and numbers as files.

    path = report.write(run, dataset, features)

It lies in the run's folder: report.html, and beside it curves.png, map.png, confusion.png (or their like in other kinds
of files), curves.csv and numbers.csv.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.comparison import Comparison
from nextlabel.datasets.base import Dataset
from nextlabel.errors import OtherRun
from nextlabel.evaluation.base import Evaluation
from nextlabel.files.atomic import write_atomically
from nextlabel.files.refusals import refusals
from nextlabel.files.strict_json import dump
from nextlabel.report.drawing.themes import KINDS, Picture, check_kinds
from nextlabel.report.of_check.page import check_page
from nextlabel.report.of_comparison.page import verdict_page
from nextlabel.report.of_comparison.tables import every_curve_csv, penalties_csv, verdicts_csv, votes_csv
from nextlabel.report.of_evaluation.page import evaluation_page
from nextlabel.report.of_receipt.page import receipt_page
from nextlabel.report.of_run.page import page
from nextlabel.report.of_run.tables import curves_csv
from nextlabel.report.of_run.tables import numbers_csv as run_numbers_csv
from nextlabel.runs.reading import Run
from nextlabel.runs.recorder import disk_refusals
from nextlabel.statistics.standings import standings
from nextlabel.text import show_path

CSV = {"numbers": verdicts_csv, "curves": every_curve_csv, "families": votes_csv, "penalties": penalties_csv}

REPORT_FILES = (
    "verdicts.json",
    "report.html",
    *(f"{name}.csv" for name in CSV),
)  # files of a comparison, beside its figures

FIGURES = ("png",)  # kinds of files that figures are written as, unless others are asked for

__all__ = [
    "FIGURES",
    "REPORT_FILES",
    "check_kinds",
    "write",
    "write_check",
    "write_evaluation",
    "write_receipt",
    "write_verdicts",
]


def write(run: Run, dataset: Dataset, features: np.ndarray, figures: Sequence[str] = FIGURES) -> Path:
    """Write the report of a run into its folder and return the page's path; ``features`` (N, d) are for the map.

    ``figures`` are the kinds of files that figures are written as: "png", "svg", "pdf", one or several; the page holds
    its own, and files of other kinds from an earlier report go. Raises `UnknownName` for any other kind, and
    `CannotWrite` where the disk is full or the folder may not be written to. The same run gives the same files.
    """
    check_kinds(figures)
    found = standings(run.rows, run.manifest["dataset"]["counts"])
    html, pictures = page(run, dataset, features, found)
    with disk_refusals(run.folder):
        _write_figures(run.folder, pictures, figures)
        write_atomically(run.folder / "numbers.csv", run_numbers_csv(run, found).encode())
        write_atomically(run.folder / "curves.csv", curves_csv(run.rows).encode())
        write_atomically(run.folder / "report.html", html.encode())
    return run.folder / "report.html"


def _write_figures(folder: Path, pictures: Sequence[Picture], kinds: Sequence[str]) -> None:
    """Write each figure as every kind; its files of other kinds, which an earlier report left, would show old rows."""
    for picture in pictures:
        for kind in kinds:
            write_atomically(folder / f"{picture.name}.{kind}", picture.file(kind))
        for kind in KINDS.keys() - set(kinds):
            (folder / f"{picture.name}.{kind}").unlink(missing_ok=True)


def write_evaluation(found: Evaluation, path: Path) -> Path:
    """Write the page of an evaluation to one HTML file; raises `CannotWrite` where the disk says no."""
    with refusals(path, "Name another file with --out."):
        write_atomically(path, evaluation_page(found).encode())
    return path


def write_receipt(found: Mapping[str, Any], path: Path) -> Path:
    """Write the page of a receipt to one HTML file; raises `CannotWrite` where the disk says no."""
    with refusals(path, "Name another file with --out."):
        write_atomically(path, receipt_page(found).encode())
    return path


def write_check(found: Mapping[str, Any], path: Path) -> Path:
    """Write the page of a check to one HTML file; raises `CannotWrite` where the disk says no."""
    with refusals(path, "Name another file with --out."):
        write_atomically(path, check_page(found).encode())
    return path


def write_verdicts(found: Comparison, folder: Path, figures: Sequence[str] = FIGURES) -> Path:
    """Write the report of a comparison, with its figures and numbers, and return the page's path.

    ``folder`` is new, or holds an older comparison, which this one replaces; raises `OtherRun` where it holds anything
    else, and what `write` does; ``figures`` as there.
    """
    check_kinds(figures)
    with disk_refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        if others and "verdicts.json" not in others:
            raise OtherRun(
                f"'{show_path(folder)}' is not empty and holds no comparison ({', '.join(others[:3])}). "
                "Choose another --out."
            )
        html, pictures = verdict_page(found)
        records = dump(found.records(), indent=1) + "\n"
        write_atomically(folder / "verdicts.json", records.encode())  # first: it says whose folder this is
        _write_figures(folder, pictures, figures)
        for name, table in CSV.items():
            write_atomically(folder / f"{name}.csv", table(found).encode())
        write_atomically(folder / "report.html", html.encode())
    return folder / "report.html"
