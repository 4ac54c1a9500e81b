"""An evaluation from the command line: figures in words, as JSON, and as a page."""

import json
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from nextlabel import report
from nextlabel.classifiers import load_classifier
from nextlabel.cli.notes import data_notes
from nextlabel.cli.pages import Samples
from nextlabel.cli.places import refuse_inputs, refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.cli.projects import find_labels
from nextlabel.cli.train import request_of
from nextlabel.evaluation import Evaluation, evaluate_request
from nextlabel.report.numbers import percent
from nextlabel.report.of_evaluation.page import headline, notes
from nextlabel.text import printable
from nextlabel.wording.numbers import span

MOST_CLASSES = 20  # that the terminal lists


def run_evaluate(model: Path, samples: Samples, out: Path | None, as_json: bool, loud: Console) -> None:
    """Evaluate, write the page, and say what was found."""
    if out is not None:
        refuse_inputs(out, (model, samples.data, *(samples.labels or ())))
        refuse_place(out)
    classifier = load_classifier(model)
    project = find_labels(samples, samples.labels, audit_only=True)
    with show_progress(loud, quiet=as_json) as progress:
        # A test set of one class is one, too.
        request = replace(request_of(samples, progress), unlabelled=True)
        found = evaluate_request(classifier, request if project is None else project.fit(request))
        if out is not None:
            progress("Drawing the page", 0, 0)
            report.write_evaluation(found, out)
    for note in [*data_notes(found.dataset), *notes(found)]:
        loud.print(f"Note: {note}", markup=False)
    if as_json:
        print(json.dumps(found.plain() | {"out": out and str(out)}, allow_nan=False))
    else:
        print(describe(found, out))


def describe(found: Evaluation, out: Path | None) -> str:
    """What was found, class by class, and where the page is."""
    lines = [f"{headline(found)}."]
    for one in sorted(found.by_class(), key=lambda one: one.recall.value or 0)[:MOST_CLASSES]:
        edges = "" if one.recall.value is None else f" {span(one.recall.low, one.recall.high, digits=0)}"
        lines.append(f"  {one.name}: {percent(one.recall.value)} % of {one.recall.total:,} found{edges}")
    if len(found.classes) > MOST_CLASSES:
        lines.append(f"  … and {len(found.classes) - MOST_CLASSES} classes of which more were found")
    if out is not None:
        lines.append(f"Page: {printable(str(out))}")
    return "\n".join(lines)
