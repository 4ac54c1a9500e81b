"""The command line: parse, call one function, print."""

import functools
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console

from nextlabel.cli.model_commands import evaluate, predict, train
from nextlabel.cli.options import Typed, completion, with_options
from nextlabel.cli.pages import (
    DATASETS_HELP,
    FIGURES_HELP,
    Arrays,
    Choice,
    Door,
    Output,
    Samples,
    Source,
    Workers,
    read_figures,
)
from nextlabel.cli.project_commands import backup, export, receipt, status
from nextlabel.errors import Mistake, NextlabelError
from nextlabel.experiment import Crew, Experiment
from nextlabel.files.refusals import FULL, MAKE_ROOM
from nextlabel.knobs import names
from nextlabel.knobs.labelling import Labelling
from nextlabel.knobs.panels import COMPARED, OUTPUT
from nextlabel.knobs.pilot import Pilot
from nextlabel.knobs.terms import Terms
from nextlabel.study import is_study, open_study

P = ParamSpec("P")


app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # a bug shows Python's own traceback, which can be sent on
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Label less, and know how much less.",
)
# All that is said goes to standard error, so that standard output is the result and nothing else. No highlighting: rich
# would colour every number in a sentence.
loud = Console(stderr=True, highlight=False)
STOPPED = "Stopped. What is written stays: a run goes on with --resume, a download with the same command."

Datasets = Annotated[
    list[str],
    typer.Argument(metavar="DATASET", help=DATASETS_HELP, autocompletion=completion(names.DATASET_NAMES)),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=OUTPUT)]


def refuse_in_words(function: Callable[P, None]) -> Callable[P, None]:
    """Turn what a command raises on purpose into one sentence and an exit code."""

    # wraps: typer reads names, types and help through it.
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        warnings.showwarning = print_note  # a warning of ours is a sentence for a person, without file and line
        # Somebody else's, where /dev/shm is full or absent: none of our work is done by joblib's processes.
        warnings.filterwarnings("ignore", message=".*joblib will operate in serial mode")
        try:
            function(*args, **kwargs)
            sys.stdout.flush()  # what does not fit is told here, not by Python at its very end
        except NextlabelError as error:
            # markup=False, here and below: a file called [red].png is a name, no command to rich.
            loud.print(f"Error: {error}", style="red", markup=False)
            raise typer.Exit(error.exit_code) from error
        except OSError as error:
            if error.errno not in FULL:
                raise
            sys.stdout = None  # or Python would try once more, and say so
            loud.print(
                f"Error: Standard output goes to a disk that is full ({error.strerror}). {MAKE_ROOM}",
                style="red",
                markup=False,
            )
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            loud.print(STOPPED, markup=False)
            raise typer.Exit(130) from None  # 128 + SIGINT, as shells have it

    return run


def print_note(message: Warning | str, *_: object, **__: object) -> None:
    """A warning, as a person reads it."""
    loud.print(f"Note: {message}", markup=False)


def print_version(wanted: bool) -> None:
    """What --version says."""
    # Called without --version too.
    if wanted:
        from nextlabel import __version__

        typer.echo(f"nextlabel {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Label less, and know how much less."""


# The order of decorators: typer registers what `command` made safe, and sees the options of `with_options` through it.
@app.command()
@refuse_in_words
@with_options
def simulate(datasets: Datasets, typed: Annotated[Typed, Experiment, Crew], output: Output) -> None:
    """Compare query strategies on data whose labels you have, and write rows and a report.

    Examples:

    `nextlabel simulate pictures/ --strategies random,margin,badge --start 0.05 --batch 0.03 --out runs/first`

    `nextlabel simulate digits wine.csv pictures/ --seeds 20 --out runs/study`

    `nextlabel simulate study.toml --out runs/study`
    """
    study = open_study(datasets, typed)
    if output.resume and output.out is None:
        # Without --out the folder is a new one by the date, in which there is nothing to go on with.
        raise Mistake("--resume goes on with the run in a folder. Name it with --out.")
    # sys.argv stands in the manifest: the report shows how to run it again.
    if is_study(datasets):
        from nextlabel.cli.study import run_study  # each in its command: it loads what no other command needs

        run_study(study, output, sys.argv, loud)
    else:
        from nextlabel.cli.simulate import run_simulate

        run_simulate(study.experiments[0], study.crew, output, sys.argv, loud)


@app.command()
@refuse_in_words
@with_options
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN", help="Folders that simulate wrote, or CSV files: dataset,strategy,seed,labelled,metric."
        ),
    ],
    terms: Terms,
    families: Annotated[
        Path | None,
        typer.Option(
            help='JSON file of datasets that share one vote: {"family": ["dataset", …]}.',
            rich_help_panel=COMPARED,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for a report and all numbers as CSV.", rich_help_panel=OUTPUT)
    ] = None,
    figures: Annotated[str, typer.Option(help=FIGURES_HELP, rich_help_panel=OUTPUT)] = "png",
    json: Json = False,
) -> None:
    """Judge query strategies, paired by seed: better, worse, the same, or undecided, and what could have been seen.

    Example: `nextlabel compare runs/flowers runs/digits --against random --margin 0.0025 --out runs/verdicts`
    """
    from nextlabel.cli.compare import run_compare

    run_compare(runs, terms, families, out, read_figures(figures), json, loud)


@app.command()
@refuse_in_words
@with_options
def label(
    page: Labelling,
    door: Door,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER", help="A folder of pictures or texts, sorted or not; or a table with --text-column."
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="No folder: label scikit-learn's digits, to see how it is.")
    ] = False,
) -> None:
    """Label pictures or texts on a page in the browser, as few as possible. Started again, it goes on where it was.

    Examples:

    `nextlabel label holiday/`

    `nextlabel label plants/ --classes daisy,rose,tulip`

    `nextlabel label letters.csv --text-column body`

    `nextlabel label --demo`
    """
    from nextlabel.cli.label import run_label

    run_label(folder, page, door, demo, loud)


def print_trust(wanted: bool) -> None:
    """What --about says."""
    if wanted:
        from nextlabel.cli.check import print_about

        print_about()
        raise typer.Exit


@app.command()
@refuse_in_words
@with_options
def check(
    samples: Samples,
    terms: Pilot,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Page to write, whole in one file.", rich_help_panel=OUTPUT)
    ] = None,
    near_duplicates: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="List of near-duplicates to write, as pairs.", rich_help_panel=OUTPUT),
    ] = None,
    outliers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="List of samples to write, the most outlying first.", rich_help_panel=OUTPUT
        ),
    ] = None,
    about: Annotated[
        bool,
        typer.Option(
            "--about",
            callback=print_trust,
            is_eager=True,
            help="How the forecast is made, and how far it can be trusted.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Say beforehand whether asking will help: on a pilot of labels drawn at random, or on vectors alone.

    Examples:

    `nextlabel check pictures/ --budget 400 --out check.html`

    `nextlabel check holiday/ --labels answers.csv --labels-are-random`

    `nextlabel check --about`
    """
    from nextlabel.engines.imports import without

    with without("torch", "skorch", "pandas"):  # as in `train`
        from nextlabel.cli.check import Places, run_check

    run_check(samples, terms, Places(out, near_duplicates, outliers), json, loud)


for command in (status, receipt, export, backup):
    app.command()(refuse_in_words(command))


@app.command()
@refuse_in_words
def fetch_flowers(
    folder: Annotated[Path, typer.Argument(metavar="DEST", help="Where to put them: a folder that is new, or empty.")],
    json: Json = False,
) -> None:
    """Fetch TensorFlow's flower_photos: 3,670 pictures of five kinds of flowers, 229 MB, CC BY 2.0.

    The guide's set, imsparsh/flowers-dataset on Kaggle, was made from it. An interrupted download goes on with the same
    command; DEST appears when everything is there.

    Example: `nextlabel fetch-flowers flowers`
    """
    from nextlabel.cli.fetch import run_fetch

    run_fetch(folder, json, loud)


@app.command()
@refuse_in_words
@with_options
def embed(
    source: Source,
    workers: Workers,
    out: Annotated[
        Path, typer.Option(help="Folder to write: a new one, or one that embed wrote.", rich_help_panel=OUTPUT)
    ],
    json: Json = False,
) -> None:
    """Turn pictures or texts into features: a folder of .npy files, and samples.csv with key, path and label.

    Labels are not needed. Vectors are kept as they come: stopped and started again, nothing is computed twice. The
    folder is read wherever a table is.

    Example: `nextlabel embed pictures/ --out features/`

    Example: `nextlabel embed letters.csv --text-column body --out features/`

    Example: `nextlabel embed s3://bucket/pictures --out features/ --jobs 4`
    """
    from nextlabel.cli.embed import run_embed

    run_embed(source, workers, out, json, loud)


@app.command()
@refuse_in_words
@with_options
def select(
    arrays: Arrays,
    choice: Choice,
    workers: Workers,
    out: Annotated[
        Path | None,
        typer.Option(help="CSV file to write. Without it: standard output.", rich_help_panel=OUTPUT),
    ] = None,
    json: Json = False,
) -> None:
    """Choose the samples to label next, best first: out of pictures, a table, or features of your own.

    Example: `nextlabel select pictures/ --batch 20 --labels answers.csv --out batch.csv`

    Example: `nextlabel select features.npy --strategy badge --batch 1000 --labels y.npy --out ids.csv`

    Example: `nextlabel select features/ --strategy margin --batch 1000 --labels answers.csv --jobs 4`
    """
    from nextlabel.engines.imports import without

    with without("torch", "skorch", "pandas"):  # nothing that select knows needs them, and they take 2 s to load
        from nextlabel.cli.select import run_select

    run_select(arrays, choice, workers, out, json, loud)


for command in (train, predict, evaluate):
    app.command()(refuse_in_words(command))
