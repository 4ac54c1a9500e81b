"""A check from the command line: what may be expected of asking here, before anybody pays for it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from nextlabel import report
from nextlabel.checking import Outlook, check
from nextlabel.checking.forecast import about
from nextlabel.checking.neighbour_files import write_outliers, write_pairs
from nextlabel.checking.neighbours import NEAR, NearPairs, Outliers, chance, near_pairs, outliers
from nextlabel.cli.notes import data_notes
from nextlabel.cli.pages import Samples
from nextlabel.cli.places import refuse_inputs, refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.cli.projects import find_labels
from nextlabel.cli.train import request_of
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.layout import TEST
from nextlabel.embedders import TABLE, embedder, sink
from nextlabel.knobs.pilot import Pilot
from nextlabel.labelling.labels import ProjectLabels
from nextlabel.pool import Floats, Ids
from nextlabel.progress import Progress
from nextlabel.report.of_run.gallery import thumbnails
from nextlabel.seeds import stream
from nextlabel.selection.samples import make_features
from nextlabel.statistics.audit_looks import LOOKS
from nextlabel.text import printable, several
from nextlabel.wording.checking import describe_check, headline

SHOWN = 12  # near-duplicates and outliers on the page
MEASURES = ("mae", "brier", "sign", "regret")


@dataclass(frozen=True)
class Places:
    """What is written: the page, and the two lists."""

    out: Path | None = None
    near_duplicates: Path | None = None
    outliers: Path | None = None

    def options(self) -> list[tuple[str, Path]]:
        """Each with the option that names it."""
        found = (("--out", self.out), ("--near-duplicates", self.near_duplicates), ("--outliers", self.outliers))
        return [(option, path) for option, path in found if path is not None]


@dataclass(frozen=True)
class Checked:
    """A check with the pool that it is about: ``ids`` (n,) of its samples in the dataset."""

    dataset: Dataset
    ids: Ids
    outlook: Outlook
    near: NearPairs
    outliers: Outliers
    margin: float
    notes: Sequence[str]

    def paths(self) -> list[str] | None:
        """The pool's paths, if its samples have any."""
        return None if self.dataset.paths is None else [self.dataset.paths[i] for i in self.ids.tolist()]


def run_check(samples: Samples, terms: Pilot, places: Places, as_json: bool, loud: Console) -> None:
    """Read, check, write, and say what was found."""
    for option, path in places.options():
        refuse_inputs(path, (samples.data, *(samples.labels or ())), option)
        refuse_place(path)
    with show_progress(loud, quiet=as_json) as progress:
        found = read_and_check(samples, terms, progress)
        progress("writing", 0, 0)
        write(found, places)
    for note in [*data_notes(found.dataset), *found.notes]:
        loud.print(f"Note: {note}", markup=False)
    plain = to_json(found)
    if as_json:
        print(json.dumps(plain | {option.lstrip("-"): str(path) for option, path in places.options()}, allow_nan=False))
    else:
        print("\n".join(describe(plain, places)))


def read_and_check(samples: Samples, terms: Pilot, progress: Progress) -> Checked:
    """The pool with its features and its pilot, and what they say."""
    project = find_labels(samples, samples.labels)
    name = terms.embedder or (project.record.settings.embedder if project else None)
    if name not in (None, TABLE):
        embedder(name)  # a wrong name is told before anything is read
    request = replace(request_of(samples, progress), sink=sink(name), unlabelled=True)
    dataset = load(request if project is None else project.fit(request))
    ids = pool_of(dataset)
    pilot, notes = draw_pilot(dataset, ids, terms) if project is None else audit_pilot(dataset, project)
    X = make_features(dataset, name, None, progress)[ids]
    places = np.searchsorted(ids, pilot)
    outlook = check(X, places, dataset.y[pilot], dataset.classes, terms, progress)
    progress("looking for near-duplicates and outliers", 0, 0)
    return Checked(dataset, ids, outlook, *neighbours_of(dataset, X), terms.margin, [*notes, *outlook.notes])


def pool_of(dataset: Dataset) -> Ids:
    """All samples but those of a test folder, which nobody will be asked about."""
    ids = np.arange(len(dataset))
    return ids if dataset.sides is None else ids[dataset.sides != TEST]


def draw_pilot(dataset: Dataset, ids: Ids, terms: Pilot) -> tuple[Ids, list[str]]:
    """Ids of the pilot, ascending, and what should be known of how it came about."""
    known = ids[dataset.y[ids] >= 0]
    if not terms.pilot or not len(known):
        return known[:0], [] if not terms.pilot else [f"No labels, so the vectors alone are looked at. {_how(dataset)}"]
    if len(known) < len(ids) and not terms.labels_are_random:
        return known[:0], [
            f"{len(known):,} of {several(len(ids), dataset.noun)} have labels, and nobody says how these were chosen, "
            f"so they are no pilot: the vectors alone speak. If they were drawn at random: --labels-are-random. "
            f"{_how(dataset)}"
        ]
    drawn = stream(terms.seed, "check", "pilot").permutation(known)[: terms.pilot]
    return np.sort(drawn), []


def _how(dataset: Dataset) -> str:
    return f"For a pilot: nextlabel select … --strategy random --batch 100, label these {dataset.noun}s, check again."


def audit_pilot(dataset: Dataset, project: ProjectLabels) -> tuple[Ids, list[str]]:
    """The audit answers of a project: these were drawn at random."""
    rows = np.sort(project.audit_rows(dataset))
    if len(rows) < LOOKS[0]:
        return rows[:0], [f"{len(rows)} of {LOOKS[0]} audit answers: till then the vectors alone speak. Label on."]
    return rows, []


def neighbours_of(dataset: Dataset, X: Floats) -> tuple[NearPairs, Outliers]:
    """Near-duplicates and outliers of the pool; columns of a table are near by chance, which counts for nothing."""
    columns = dataset.table is not None and dataset.embedding is None
    return near_pairs(X, min(NEAR, chance(X)) if columns else NEAR), outliers(X)


def write(found: Checked, places: Places) -> None:
    """The files that were wished for."""
    if places.near_duplicates is not None:
        write_pairs(places.near_duplicates, found.near, found.paths())
    if places.outliers is not None:
        write_outliers(places.outliers, found.outliers, found.paths())
    if places.out is not None:
        report.write_check(to_json(found) | pictures_of(found), places.out)


def to_json(found: Checked) -> dict[str, Any]:
    """All that was found, as JSON holds it."""
    near = {"share": found.near.share, "pairs": found.near.count, "compared": found.near.compared}
    names = {"name": found.dataset.name, "noun": found.dataset.noun, "margin": found.margin}
    return names | found.outlook.plain() | {"notes": list(found.notes), "near_duplicates": near}


def pictures_of(found: Checked) -> dict[str, Any]:
    """The first near-duplicates and outliers, with small pictures where they are pictures."""
    pairs, far = found.ids[found.near.ids[:SHOWN]], found.ids[found.outliers.ids[:SHOWN]]
    wanted = [*pairs.ravel().tolist(), *far.tolist()]
    small = thumbnails(found.dataset, sorted(set(wanted))) if found.dataset.pictures is not None else []
    uris = {i: one.source for i, one in zip(sorted(set(wanted)), small, strict=False)}
    paths = found.dataset.paths or [str(i) for i in range(len(found.dataset))]
    near = [
        {"first": paths[i], "second": paths[j], "cosine": float(cosine), "pictures": [uris.get(i), uris.get(j)]}
        for (i, j), cosine in zip(pairs.tolist(), found.near.cosines, strict=False)
    ]
    scores = found.outliers.scores[:SHOWN].tolist()
    out = [
        {"sample": paths[i], "score": score, "picture": uris.get(i)}
        for i, score in zip(far.tolist(), scores, strict=True)
    ]
    return {"near": near, "outliers": out}


def describe(found: dict[str, Any], places: Places) -> list[str]:
    """The headline, the reasons, and where files are."""
    labels = f", {several(found['pilot'], 'label')} of a pilot" if found["pilot"] else ""
    some = f", {found['looked_at']:,} of them looked at" if found["looked_at"] < found["samples"] else ""
    lines = [f"{several(found['samples'], found['noun'])} in '{printable(found['name'])}'{some}{labels}."]
    lines.append(headline(found, 100 * found["margin"]))
    for reason in describe_check(found):
        lines.append(f"  {reason.title} {reason.words} {reason.advice}".rstrip())
    near = found["near_duplicates"]
    if near["pairs"]:
        share, pairs = 100 * near["share"], several(near["pairs"], "pair")
        of = f"{near['compared']:,} that were compared" if near["compared"] < found["samples"] else f"{found['noun']}s"
        lines.append(f"  Near-duplicates: {share:.1f} % of the {of} have one ({pairs}).")
    lines += [f"{option}: {printable(str(path))}" for option, path in places.options()]
    return lines


def print_about() -> None:
    """How the forecast is made, and how far it was off on families that it had not seen."""
    kept = about()
    found = kept["validation"]
    weighed = ", ".join(kept["gain"]["weights"])
    print(
        f"The gain is foretold from: {weighed}. Fitted to {found['families']} families, {found['settings']} settings."
    )
    print("Off, each family by a rule made without it [95 % over families]:")
    for row in found["table"]:
        print(f"  {row['rule']}: {', '.join(_say_measure(row, key) for key in MEASURES if key in row)}")
    print("mae, regret: points of AUBC. brier: of the chance. sign: share on the right side of .25 points.")
    print(f"Made again by: {found['command']}")


def _say_measure(row: dict[str, Any], key: str) -> str:
    middle, low, high = row[key]
    return f"{key} {middle:.2f} [{low:.2f}, {high:.2f}]"
