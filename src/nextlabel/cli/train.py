"""A classifier from the command line: what it learned from, and where it is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from nextlabel.classifiers import save_classifier
from nextlabel.classifiers.onnx import export_onnx, refuse_texts
from nextlabel.cli.notes import data_notes
from nextlabel.cli.pages import Samples
from nextlabel.cli.places import refuse_inputs, refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.cli.projects import find_labels, suit_project
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.embedders import default
from nextlabel.embedders.onnx.session import import_extra
from nextlabel.knobs.course import Course
from nextlabel.labelling.labels import ProjectLabels
from nextlabel.progress import Progress
from nextlabel.statistics.audit_looks import LOOKS, share_at_look
from nextlabel.text import join_names, printable, several
from nextlabel.training import Audited, train, train_audited
from nextlabel.training.calibration import FEWEST
from nextlabel.training.crossfit import CrossFit
from nextlabel.training.learners import sink
from nextlabel.wording.numbers import points, span

SHOWN = 6  # most classes whose counts are named
RANDOM = "with --random-labels they would be calibrated."
AUDIT = f"{FEWEST} audit answers calibrate them. Label on."


def run_train(samples: Samples, course: Course, out: Path, onnx: Path | None, as_json: bool, loud: Console) -> None:
    """Train, write the files, and say what they are."""
    read = (samples.data, *(samples.labels or ()))
    refuse_inputs(out, read)
    refuse_place(out)
    if onnx is not None:
        refuse_inputs(onnx, (*read, out), "--onnx")
        refuse_place(onnx)
        import_extra("onnxruntime", "--onnx")  # what is written is tried
    project = find_labels(samples, samples.labels)
    if project is not None:
        course = suit_project(course, project)
    with show_progress(loud, quiet=as_json) as progress:
        request = replace(request_of(samples, progress), sink=sink(course), fate="not learned")
        dataset = load(request if project is None else project.fit(request))
        if onnx is not None and dataset.texts is not None:
            raise refuse_texts(course.embedder or default(dataset))
        found = _learn(dataset, course, project, progress)
        save_classifier(found.classifier, out)
        if onnx is not None:
            export_onnx(found.classifier, onnx)
    for note in data_notes(dataset):
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps(to_json(found, out), allow_nan=False) if as_json else describe(found, out, project is not None))


def _learn(dataset: Dataset, course: Course, project: ProjectLabels | None, progress: Progress) -> Audited:
    if project is None:
        return Audited(train(dataset, course, progress), None)
    return train_audited(dataset, course, project.audit_rows(dataset), progress)


def request_of(samples: Samples, progress: Progress) -> Request:
    """What was typed, as those who load want it."""
    answers = samples.labels or ()
    return Request(samples.data, None, samples.label_column, progress, table=samples.table, answers=answers)


def to_json(made: Audited, out: Path) -> dict[str, Any]:
    """What ``--json`` prints; ``audit`` only of a project that has answers to audit questions."""
    classifier, found = made.classifier, made.classifier.calibration
    look = None if made.audit is None else share_at_look(made.audit.right().tolist())
    more = {} if made.audit is None else {"audit": None if look is None else look._asdict()}
    return {
        "out": str(out),
        "classes": list(classifier.classes),
        "labels": classifier.about["labels"],
        "confidence": classifier.confidence,
        "calibration": None if found is None else vars(found),
        **more,
    }


def describe(made: Audited, out: Path, of_project: bool = False) -> str:
    """What was learned, how good it is, how far its numbers are to be trusted, and what to do next."""
    classifier = made.classifier
    counts = classifier.about["labels"]
    named = join_names([f"{count:,} {name}" for name, count in counts.items()]) if len(counts) <= SHOWN else ""
    shown = printable(str(out))
    lines = [
        f"Learned {several(sum(counts.values()), 'label')} of {several(len(counts), 'class')}"
        f"{f': {named}' if named else ''}. The model: '{shown}'."
    ]
    if made.audit is not None:
        lines.append(say_audit(made.audit))
    if (found := classifier.calibration) is not None:
        lines.append(
            f"Calibrated on {several(found.labels, 'label')} that the model had not seen: the gap between its "
            f"probabilities and how often it is right was {points(found.before)} points, and is {points(found.after)}."
        )
    else:  # where they were said to be random and are too few, a note has said so
        hint = "" if classifier.about["random_labels"] else f": {RANDOM}"
        lines.append(f"Its numbers are scores, no probabilities{f': {AUDIT}' if of_project else hint or '.'}")
    return "\n".join(lines)


def say_audit(audit: CrossFit) -> str:
    """How far the model agrees with the answers that were drawn at random, as of the last look at them."""
    look = share_at_look(audit.right().tolist())
    if look is None:
        return f"Too early to say how good it is: {len(audit.y)} of {LOOKS[0]} audit answers."
    return (
        f"Agrees with {look.hits:,} of {several(look.total, 'audit answer')}, each asked of a model that had not "
        f"learned it: {points(look.value or 0)} % {span(look.low, look.high)} on new samples like these."
    )
