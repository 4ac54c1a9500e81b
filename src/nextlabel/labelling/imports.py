"""Labels that exist already: from class folders, or from files of answers. They are no audit answers."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from nextlabel.datasets.answers import Samples, read_all_answers
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.labels import read_names
from nextlabel.datasets.layout import read_layout
from nextlabel.errors import BadData, Mistake
from nextlabel.labelling.classes import LabelClasses
from nextlabel.labelling.project import Project
from nextlabel.store import Entry
from nextlabel.store.classes import fold_name
from nextlabel.text import several, shorten

FOLDERS = "folders"
AT_ONCE = 1_000  # entries in one transaction


def import_labels(project: Project, wanted: Sequence[str]) -> list[str]:
    """Take labels in, each once however often it is imported; sentences on what came of it.

    ``wanted`` is ``folders``, or files of answers. Raises `BadData` where a file cannot be read or is about other
    samples.
    """
    if FOLDERS in wanted and len(wanted) > 1:
        raise Mistake("--labels takes 'folders', or files of answers, and not both at once.")
    paths = {one.id: one.path for one in project.samples if one.gone is None}
    found, notes = _of_folders(project, paths) if FOLDERS in wanted else _of_files(wanted, paths, project.place.name)
    classes = _classes(project, found)
    wished = {sample: classes[fold_name(name)] for sample, name in found.items()}
    entries = [entry for sample, class_id in wished.items() if (entry := _entry(project, sample, class_id)) is not None]
    for start in range(0, len(entries), AT_ONCE):
        project.append(*entries[start : start + AT_ONCE])
    known = len(found) - len(entries)
    before = f", {known:,} of them known already" if known else ""
    return [
        f"{several(len(found), 'label')} of {several(len(set(classes.values())), 'class')} taken in{before}.",
        *notes,
    ]


def _of_folders(project: Project, paths: dict[int, str]) -> tuple[dict[int, str], list[str]]:
    ids = list(paths)
    layout = read_layout([paths[i] for i in ids], project.settings.kind)
    labels = dict(zip(ids, layout.labels, strict=True))
    found = {i: label for i, label in labels.items() if label is not None}
    if not found:
        raise BadData("No class folders lie here, so --labels folders finds no label. Leave it out, or name a file.")
    return found, list(layout.notes)


def _of_files(wanted: Sequence[str], paths: dict[int, str], name: str) -> tuple[dict[int, str], list[str]]:
    answers, ids = read_all_answers(wanted), list(paths)
    # A table of nothing: samples are found by their names alone.
    table, y = np.zeros((len(ids), 1), np.float32), np.full(len(ids), -1, dtype=np.int64)
    samples = Samples(Dataset(name, y, (), "", table=table, paths=tuple(paths[i] for i in ids)))
    found: dict[int, str] = {}
    lost = []
    for answer in answers:
        place = samples.find(answer.sample)
        if place is None:
            lost.append(answer.sample)
        elif answer.label is None:
            found.pop(ids[place], None)
        else:
            found[ids[place]] = answer.written
    if answers and len(lost) == len(answers):
        raise BadData(
            f"None of the {several(len(lost), 'answer')} is about a sample here: the first names "
            f"'{shorten(lost[0])}', and samples are called like '{next(iter(paths.values()), '')}'."
        )
    named = read_names([found[i] for i in found], None)
    kept = {i: label for i, label in zip(found, named.names, strict=True) if label is not None}
    notes = (
        [f"{several(len(lost), 'answer')} about samples that are not here, e.g. '{shorten(lost[0])}'."] if lost else []
    )
    return kept, [*notes, *named.notes]


def _classes(project: Project, found: dict[int, str]) -> dict[str, int]:
    """Ids of the classes by their folded names; those that are new are added."""
    for name in sorted(set(found.values())):
        if fold_name(name) not in dict(_known(project)):
            LabelClasses(project).add(None, name)
    return dict(_known(project))


def _known(project: Project) -> Iterator[tuple[str, int]]:
    classes = project.state.classes
    for one in classes.by_id.values():
        yield fold_name(one.name), classes.resolve(one.id)


def _entry(project: Project, sample: int, class_id: int) -> Entry | None:
    """An import; None where the last one of this very file said the same."""
    classes, standing = project.state.classes, project.state.standing(sample)
    before = [one.class_id or 0 for one in standing if one.how == "import" and one.sample_id == sample]
    if before and classes.resolve(before[-1]) == class_id:
        return None
    client = hashlib.blake2b(f"import {sample} {class_id} {len(before)}".encode(), digest_size=16).hexdigest()
    return Entry(f"import-{client}", "label", None, None, sample, class_id, how="import")
