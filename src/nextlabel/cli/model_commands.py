"""The commands of a model to take away: train it, ask it, judge it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from nextlabel.cli.options import with_options
from nextlabel.cli.pages import Samples
from nextlabel.knobs.course import Course
from nextlabel.knobs.panels import OUTPUT

loud = Console(stderr=True, highlight=False)  # as in `app`

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=OUTPUT)]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="A file that `train` wrote.")]


@with_options
def train(
    samples: Samples,
    course: Course,
    out: Annotated[Path, typer.Option(metavar="MODEL", help="File to write the model to.", rich_help_panel=OUTPUT)],
    onnx: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.onnx",
            help="Write the model as one ONNX graph, too, which onnxruntime runs without nextlabel.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Train a classifier on the labels that there are, and write it to one file, for `predict` and `evaluate`.

    Examples:

    `nextlabel train pictures/ --out flowers.safetensors`

    `nextlabel train pictures/ --labels answers.csv --random-labels --out flowers.safetensors --onnx flowers.onnx`

    `nextlabel train pictures/ --model "cnn(epochs=20)" --out flowers.safetensors`
    """
    from nextlabel.engines.imports import without

    with without("torch", "skorch", "pandas"):  # `cnn` loads torch when it is wanted, and nothing else needs it
        from nextlabel.cli.train import run_train

    run_train(samples, course, out, onnx, json, loud)


def predict(
    model: Model,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A picture, a folder, an archive or a list of pictures, or `-` for paths on standard input, one a "
            "line; for a model of a table a table, or `-` for one on standard input; for one of texts .txt files or a "
            "table.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="CSV file to write. Without it: standard output.", rich_help_panel=OUTPUT
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help="How many classes to name, likeliest first.", rich_help_panel=OUTPUT)
    ] = 1,
    to: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            metavar="folders DEST",
            help="Sort the pictures into one folder per class below DEST.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copies in those folders, instead of links.", rich_help_panel=OUTPUT)
    ] = False,
    json: Json = False,
) -> None:
    """Say of each picture or text in a folder, or of each row of a table, what a trained model takes it for.

    Examples:

    `nextlabel predict flowers.safetensors garden/ --out predictions.csv --top 3`

    `nextlabel predict flowers.safetensors garden/ --to folders sorted/`

    `find garden -name '*.jpg' | nextlabel predict flowers.safetensors -`
    """
    from nextlabel.engines.imports import without

    with without("torch", "skorch", "pandas"):  # as in `train`
        from nextlabel.cli.predict import Wish, run_predict

    run_predict(Wish(model, data, out, top, to, copy), json, loud)


@with_options
def evaluate(
    model: Model,
    samples: Samples,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Page to write, whole in one file.", rich_help_panel=OUTPUT)
    ] = None,
    json: Json = False,
) -> None:
    """Say how good a trained model is, on labelled pictures or rows that it has not learned.

    What it has learned is known by its content, and left out: pictures, texts, and rows of the same values.

    Example: `nextlabel evaluate flowers.safetensors test/ --out evaluation.html`
    """
    from nextlabel.engines.imports import without

    with without("torch", "skorch", "pandas"):  # as in `train`
        from nextlabel.cli.evaluate import run_evaluate

    run_evaluate(model, samples, out, json, loud)
