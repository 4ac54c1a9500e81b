"""A classifier from the command line: what it learned from, and where it is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from nextlabel.classifiers import Classifier, save_classifier
from nextlabel.classifiers.onnx import export_onnx, refuse_texts
from nextlabel.cli.notes import data_notes
from nextlabel.cli.pages import Samples
from nextlabel.cli.places import refuse_inputs, refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.embedders import default
from nextlabel.embedders.onnx.session import import_extra
from nextlabel.knobs.course import Course
from nextlabel.progress import Progress
from nextlabel.text import join_names, printable, several
from nextlabel.training import train
from nextlabel.training.learners import sink
from nextlabel.wording.numbers import points

SHOWN = 6  # most classes whose counts are named


def run_train(samples: Samples, course: Course, out: Path, onnx: Path | None, as_json: bool, loud: Console) -> None:
    """Train, write the files, and say what they are."""
    read = (samples.data, *(samples.labels or ()))
    refuse_inputs(out, read)
    refuse_place(out)
    if onnx is not None:
        refuse_inputs(onnx, (*read, out), "--onnx")
        refuse_place(onnx)
        import_extra("onnxruntime", "--onnx")  # what is written is tried
    with show_progress(loud, quiet=as_json) as progress:
        dataset = load(replace(request_of(samples, progress), sink=sink(course), fate="not learned"))
        if onnx is not None and dataset.texts is not None:
            raise refuse_texts(course.embedder or default(dataset))
        classifier = train(dataset, course, progress)
        save_classifier(classifier, out)
        if onnx is not None:
            export_onnx(classifier, onnx)
    for note in data_notes(dataset):
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps(classifier_to_json(classifier, out), allow_nan=False) if as_json else describe(classifier, out))


def request_of(samples: Samples, progress: Progress) -> Request:
    """What was typed, as those who load want it."""
    answers = samples.labels or ()
    return Request(samples.data, None, samples.label_column, progress, table=samples.table, answers=answers)


def classifier_to_json(classifier: Classifier, out: Path) -> dict[str, Any]:
    """What ``--json`` prints."""
    found = classifier.calibration
    return {
        "out": str(out),
        "classes": list(classifier.classes),
        "labels": classifier.about["labels"],
        "confidence": classifier.confidence,
        "calibration": None if found is None else vars(found),
    }


def describe(classifier: Classifier, out: Path) -> str:
    """What was learned, how far its numbers are to be trusted, and what to do next."""
    counts = classifier.about["labels"]
    named = join_names([f"{count:,} {name}" for name, count in counts.items()]) if len(counts) <= SHOWN else ""
    shown = printable(str(out))
    lines = [
        f"Learned {several(sum(counts.values()), 'label')} of {several(len(counts), 'class')}"
        f"{f': {named}' if named else ''}. The model: '{shown}'."
    ]
    if (found := classifier.calibration) is not None:
        lines.append(
            f"Calibrated on {several(found.labels, 'label')} that the model had not seen: the gap between its "
            f"probabilities and how often it is right was {points(found.before)} points, and is {points(found.after)}."
        )
    else:  # where they were said to be random and are too few, a note has said so
        hint = "" if classifier.about["random_labels"] else ": with --random-labels they would be calibrated"
        lines.append(f"Its numbers are scores, no probabilities{hint}.")
    return "\n".join(lines)
