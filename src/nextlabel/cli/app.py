"""The command line: parse, call one function, print."""

import functools
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console

from nextlabel.cli.parsing import parse_seeds, split_names
from nextlabel.errors import Mistake, NextlabelError

P = ParamSpec("P")


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Label less, and know how much less.",
)
loud = Console(stderr=True, highlight=False)
STOPPED = "Stopped. What is written stays: a run goes on with --resume, a download with the same command."


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Turn what a command raises on purpose into one sentence and an exit code."""

    @functools.wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        warnings.showwarning = _noted
        try:
            function(*args, **kwargs)
        except NextlabelError as error:
            loud.print(f"Error: {error}", style="red", markup=False)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt:
            loud.print(STOPPED, markup=False)
            raise typer.Exit(130) from None

    return told


def _noted(message: Warning | str, *_: object, **__: object) -> None:
    loud.print(f"Note: {message}", markup=False)


def _version(wanted: bool) -> None:
    if wanted:
        from nextlabel import __version__

        typer.echo(f"nextlabel {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Label less, and know how much less."""


@app.command()
@command
def simulate(
    data: Annotated[
        str,
        typer.Argument(
            help="`digits`, a folder with one sub-folder of pictures per class, or a .svm, .csv or .npz table."
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the run. Without it: a dated one under runs/.")] = None,
    strategies: Annotated[
        str, typer.Option(help="Query strategies, separated by commas; also skactiveml:ClassName(…).")
    ] = "random,margin,badge",
    seeds: Annotated[
        str,
        typer.Option(
            help="`10` is seeds 0 to 9; `3,7` are those two; `10-99` those from 10 to 99, for a second run that "
            "`compare` joins to the first."
        ),
    ] = "10",
    model: Annotated[
        str, typer.Option(help="`linear`, `cnn`, or a classifier such as sklearn:svm.SVC(C=1.0).")
    ] = "linear",
    embedder: Annotated[
        str | None,
        typer.Option(
            help="How pictures become features: `patches`, `pixels`, `dinov2`, or onnx:FILE. "
            "Default: pixels for digits, patches for other pictures."
        ),
    ] = None,
    standardize: Annotated[
        bool, typer.Option("--standardize", help="Scale features on everything but the test set.")
    ] = False,
    test: Annotated[str, typer.Option(help="Test set: 0.2 is a share, 200 a count, 5/class per class.")] = "0.2",
    val: Annotated[str | None, typer.Option(help="Validation set, likewise. Default: what the model needs.")] = None,
    start: Annotated[str, typer.Option(help="Labels to start with, likewise.")] = "2/class",
    batch: Annotated[str, typer.Option(help="Samples asked per round, likewise.")] = "10",
    rounds: Annotated[
        int | None, typer.Option(help="Batches asked. Default: 20, or as many as --budget allows.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Most labels in all: start and asked. A share, count or per class.")
    ] = None,
    cold: Annotated[str, typer.Option(help="Strategy while fewer than two classes are known.")] = "random",
    audit: Annotated[
        float,
        typer.Option(
            help="0.1: hide a tenth of the pool from the strategies, and draw a tenth of each batch from it at random, "
            "as one does to measure accuracy while labelling."
        ),
    ] = 0.0,
    ahead: Annotated[
        int,
        typer.Option(
            help="1: choose each batch while the one before is still unanswered, so that an annotator never waits. "
            "0: once all answers are in."
        ),
    ] = 0,
    oracle: Annotated[str, typer.Option(help="Who answers: `truth`, `noisy:0.1` or `replay:FILE`.")] = "truth",
    split: Annotated[str | None, typer.Option(help="JSON file with test, val and start ids of your own.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of a .csv that holds the labels.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call the dataset in rows and report.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes side by side.")] = 2,
    threads: Annotated[int, typer.Option(help="BLAS threads of each process.")] = 1,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the interrupted run in --out. Give the same options again."),
    ] = False,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html and its figures.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compare query strategies on data whose labels you have, and write rows and a report.

    Example: `nextlabel simulate pictures/ --strategies random,margin,badge --start 0.05 --batch 0.03 --out runs/first`
    """
    from nextlabel.cli.simulate import Telling, carry_out
    from nextlabel.plan import Plan
    from nextlabel.simulation.experiment import Crew, Experiment

    if resume and out is None:
        raise Mistake("--resume goes on with the run in a folder. Name it with --out.")
    plan = Plan(batch, 20 if rounds is None and budget is None else rounds, budget, cold, audit, ahead)
    experiment = Experiment(
        data, split_names(strategies), parse_seeds(seeds), model, embedder, standardize,
        test, val, start, split, oracle, label_column, name, plan,
    )  # fmt: skip
    carry_out(experiment, out, Crew(jobs, threads), resume, Telling(report, json), sys.argv, loud)


@app.command()
@command
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN", help="Folders that simulate wrote, or CSV files: dataset,strategy,seed,labelled,metric."
        ),
    ],
    against: Annotated[str, typer.Option(help="The strategy that the others are measured by.")] = "random",
    margin: Annotated[float, typer.Option(help="Difference of AUBC, as a fraction, that does not matter.")] = 0.0025,
    strategies: Annotated[str | None, typer.Option(help="Compare these only, separated by commas.")] = None,
    families: Annotated[
        Path | None, typer.Option(help='JSON file of datasets that share one vote: {"family": ["dataset", …]}.')
    ] = None,
    aubc: Annotated[
        str, typer.Option(help="`mean` height of a curve, or `lu2023`: the area of Lu, Li and Lin (2023).")
    ] = "mean",
    out: Annotated[Path | None, typer.Option(help="Folder for a report and all numbers as CSV.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
) -> None:
    """Judge query strategies, paired by seed: better, worse, the same, or undecided, and how many seeds would decide.

    Example: `nextlabel compare runs/flowers runs/digits --against random --margin 0.0025 --out runs/verdicts`
    """
    from nextlabel.cli.compare import tell_verdicts
    from nextlabel.comparison import Terms

    terms = Terms(against, margin, None if strategies is None else split_names(strategies), aubc)
    tell_verdicts(runs, terms, families, out, json, loud)


@app.command()
@command
def fetch_flowers(
    folder: Annotated[Path, typer.Argument(metavar="DEST", help="Where to put them: a folder that is new, or empty.")],
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Fetch TensorFlow's flower_photos: 3,670 pictures of five kinds of flowers, 229 MB, CC BY 2.0.

    The guide's set, imsparsh/flowers-dataset on Kaggle, was made from it. An interrupted download goes on with the same
    command; DEST appears when everything is there.

    Example: `nextlabel fetch-flowers flowers`
    """
    from nextlabel.cli.fetch import bring_flowers

    bring_flowers(folder, json, loud)


@app.command()
@command
def select(
    features: Annotated[
        Path, typer.Argument(metavar="FEATURES.npy", help="Features: one row of numbers for each sample.")
    ],
    strategy: Annotated[
        str, typer.Option(help="Query strategy, such as `badge` or `typiclust(k=20)`; also skactiveml:ClassName(…).")
    ] = "auto",
    batch: Annotated[int, typer.Option(help="How many samples to ask for.")] = 10,
    labels: Annotated[
        Path | None,
        typer.Option(help="Labels (.npy): whole numbers with -1, decimals with NaN, or text with '' where one misses."),
    ] = None,
    probabilities: Annotated[
        Path | None,
        typer.Option(help="Class probabilities of your own model (.npy). Without: a linear head learns the labels."),
    ] = None,
    missing: Annotated[str | None, typer.Option(help="The label that says missing, if it is another one.")] = None,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 0,
    out: Annotated[Path | None, typer.Option(help="CSV file to write. Without it: standard output.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Choose the samples to label next: ids (row numbers) out of features, best first.

    Example: `nextlabel select features.npy --strategy badge --batch 1000 --labels y.npy --out ids.csv`
    """
    from nextlabel.cli.select import Files, hand_out

    hand_out(Files(features, labels, probabilities), strategy, batch, seed, missing, out, json, loud)
