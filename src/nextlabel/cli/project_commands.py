"""The commands for a labelling project that is there: how far it is, its labels, a copy of it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from nextlabel.cli.options import with_options
from nextlabel.cli.pages import Contents
from nextlabel.knobs.panels import DATA, OUTPUT

loud = Console(stderr=True, highlight=False)  # as in `app`

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=OUTPUT)]
Project = Annotated[
    Path, typer.Argument(metavar="PROJECT", help="The folder or table that `nextlabel label` was given.")
]
Home = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="Where its answers are, if not in the folder.", rich_help_panel=DATA),
]
Database = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="Where they are in a database: postgresql://…", rich_help_panel=DATA),
]


def status(place: Project, project: Home = None, store: Database = None, json: Json = False) -> None:
    """Say how far a labelling project is: counts, speed, the last answer, and whether its page is open.

    Example: `nextlabel status holiday/`
    """
    from nextlabel.cli.status import run_status

    run_status(place, project, store, json)


@with_options
def export(
    place: Project,
    to: Annotated[
        str, typer.Option(metavar="KIND", help="`csv`, `folders`, `label-studio` or `parquet`.", rich_help_panel=OUTPUT)
    ],
    out: Annotated[
        Path, typer.Option(metavar="DEST", help="File to write; for folders a new folder.", rich_help_panel=OUTPUT)
    ],
    contents: Contents,
    project: Home = None,
    store: Database = None,
    json: Json = False,
) -> None:
    """Write the labels of a project to a file, or its pictures into one folder per class.

    Every row says whose label it is. `docs/label.md` has what the columns mean.

    Examples:

    `nextlabel export holiday/ --to csv --out holiday.csv`

    `nextlabel export holiday/ --to folders --out sorted/ --predictions --threshold 0.9`
    """
    from nextlabel.engines.imports import without

    with without("torch", "skorch", "pandas"):  # as in `train`
        from nextlabel.cli.export import Order, run_export

    run_export(Order(place, to, out, project, store), contents, json, loud)


def receipt(
    place: Project,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Page to write: one HTML file.", rich_help_panel=OUTPUT)
    ] = None,
    project: Home = None,
    store: Database = None,
    json: Json = False,
) -> None:
    """Say how good the model of a labelling project is, what more labels would bring, and whether one may stop.

    Only what may honestly be said, from the answers to audit questions (docs/receipt.md), while its page is open or
    not.

    Example: `nextlabel receipt holiday/ --out receipt.html`
    """
    from nextlabel.engines.imports import without

    with without("torch", "skorch", "pandas"):  # as in `train`
        from nextlabel.cli.receipt import run_receipt

    run_receipt(place, (project, store), out, json, loud)


def backup(
    place: Project,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write: a new one.", rich_help_panel=OUTPUT)],
    project: Home = None,
    store: Database = None,
) -> None:
    """Copy everything that a project keeps to one file, while its page is open or not.

    Example: `nextlabel backup holiday/ --out holiday-backup.sqlite`
    """
    from nextlabel.cli.status import run_backup

    run_backup(place, out, project, store)
