"""The page: what stands in it, and the template that it stands in."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy.typing as npt

from nextlabel.datasets.base import Dataset
from nextlabel.report.drawing import confusions
from nextlabel.report.drawing.curves import learning_curves
from nextlabel.report.drawing.maps import asking_map
from nextlabel.report.drawing.themes import NEUTRAL, Picture
from nextlabel.report.of_run import tables
from nextlabel.report.of_run.gallery import gallery
from nextlabel.report.templates import template
from nextlabel.runs.reading import Run, sizes
from nextlabel.statistics.curves import budget, curves
from nextlabel.statistics.standings import Standing, best, standings
from nextlabel.text import several
from nextlabel.wording.numbers import ENOUGH, spoken
from nextlabel.wording.verdicts import headline, mark, verdict

LISTED = 50  # skipped files and groups of duplicates that the page names
MATRICES = 4  # most strategies whose confusion matrices are all shown
WIDE = 12  # most classes for which that many fit


def page(run: Run, dataset: Dataset, features: npt.NDArray[Any]) -> tuple[str, list[Picture]]:
    """The page as HTML, and its figures."""
    found = standings(run.rows, run.manifest["dataset"]["counts"])
    names = [one.strategy for one in found]
    drawn = learning_curves(run.rows, names)
    asked = asking_map(run, dataset.y, features)
    shown = matrices_shown(found, dataset.classes)
    confusion = confusions.confusion(run.confusions, shown, dataset.classes)
    html = template("page.html.j2").render(
        run=run,
        dataset=run.manifest["dataset"],
        headline=headline(found),
        lead=lead(run, found),
        verdicts=[(verdict(one), mark(one)) for one in found],
        metric=spoken(found[0].metric) if found else "accuracy",
        indicative=_seeds(found) < ENOUGH and not any(one.difference for one in found),
        single=_seeds(found) == 1,
        several=sum(one.difference is not None for one in found) > 1,
        against=NEUTRAL if NEUTRAL in names else None,
        lines=tables.lines(run, found),
        heads=tables.heads(),
        groups=tables.groups(),
        curves=drawn,
        asked=asked,
        confusion=confusion,
        confused={name: tables.confused(confusions.summed(run.confusions)[name], dataset.classes) for name in shown}
        if confusion
        else {},
        shelves=gallery(run, dataset),
        facts=facts(run, found),
        duplicates=[[_called(dataset, i) for i in group] for group in dataset.duplicates[:LISTED]],
        listed=LISTED,
        command=command(run.manifest),
        seen="pictures" if "map" in run.manifest["embedder"] else run.manifest["embedder"]["name"],
    )
    return html, [picture for picture in (drawn, asked[0] if asked else None, confusion) if picture]


def matrices_shown(found: Sequence[Standing], classes: Sequence[str]) -> list[str]:
    """Whose confusion matrices are shown: everybody's, or, where that is too much, the best one's and random's."""
    names = [one.strategy for one in found]
    if len(names) <= (MATRICES if len(classes) <= WIDE else 2):
        return names
    first = best(found)
    return [name for name in names if name in (NEUTRAL, first.strategy if first else names[0])]


def command(manifest: Mapping[str, Any]) -> str:
    """How to run it again, in a shell; empty where the run was not started from one."""
    words = list(manifest["command"])
    if not words:
        return ""
    stem = PurePath(words[0]).stem
    return shlex.join([*(["python", "-m", "nextlabel"] if stem == "__main__" else [stem]), *words[1:]])


def lead(run: Run, found: Sequence[Standing]) -> str:
    """One sentence on where the budget ended, and on what was spent; only who differs from random is set beside it."""
    labels = round(budget(curves(run.rows, "labelled")))
    spent = f"{labels:,} labels out of {run.manifest['dataset']['n']:,} samples, {several(_seeds(found), 'seed')}"
    first = best(found)
    named = [one for one in found if one.strategy == NEUTRAL or one is first]
    if first and first.strategy != NEUTRAL and first.difference and first.side <= 0:
        named.remove(first)
    ends = [f"{one.strategy} {tables.percent(end)} %" for one in named if (end := one.at["accuracy"][-1]) is not None]
    return f"Accuracy with the whole budget: {', '.join(ends)}. {spent[0].upper()}{spent[1:]}." if ends else f"{spent}."


def _seeds(found: Sequence[Standing]) -> int:
    return min((one.seeds for one in found), default=0)


def facts(run: Run, found: Sequence[Standing]) -> list[tuple[str, str]]:
    """What was run, as pairs of a word and a sentence."""
    told, sizes, plan = run.manifest, run.manifest["sizes"], run.manifest["plan"]
    labels, batches = round(budget(curves(run.rows, "labelled"))), max(_rounds(run), default=0)
    beside = (
        f"; beside it {several(sizes['val'], 'validation label')}"
        if sizes["val"]
        else "; no validation labels beside it"
    )
    spent = f"{sizes['start']} to start with, then {plan['batch']} a round, {several(batches, 'round')}"
    return [
        ("Dataset", _dataset_said(told["dataset"])),
        ("Split", "{test} test, {val} validation, {start} to start with, {pool} pool".format(**sizes)),
        (
            "Budget",
            f"{several(labels, 'label')}: {spent}{beside}",
        ),
        ("Loop", _loop_said(told)),
        ("Model", model_said(told)),
        ("Embedder", _embedder_said(told["embedder"])),
        ("Strategies", ", ".join(f"{one.strategy} ({_class(told, one.strategy)})" for one in found)),
        ("Seeds", ", ".join(sorted({str(row["seed"]) for row in run.rows}, key=int))),
        ("Made with", "; later with ".join(_pairs(one) for one in run.environments)),
        ("Processes", f"--jobs {told['jobs']} --threads {told['threads']}"),
    ]


def _rounds(run: Run) -> list[int]:
    return [row["round"] + 1 for row in run.picks if row["ids"]]


def _dataset_said(told: Mapping[str, Any]) -> str:
    source = "" if told["source"] == told["name"] else f" from {told['source']}"
    unlabelled = told["n"] - sum(told["counts"])
    rest = f", {unlabelled} of them without a label" if unlabelled else ""
    what = "samples" if told["kind"] == "table" else "pictures"
    return (
        f"{told['name']}{source}: {told['n']:,} {what} in {len(told['classes'])} classes "
        f"({min(told['counts'])} to {max(told['counts'])} each){rest}; fingerprint {told['fingerprint']}"
    )


def model_said(told: Mapping[str, Any]) -> str:
    """The model, and whether it had validation samples to choose its epoch by."""
    blind = [seed for seed, found in sizes(told).items() if not found["val"]]
    if "map" not in told["embedder"] or not blind:  # a model that learns its own features watches validation samples
        return str(told["model"])
    where = f" under {several(len(blind), 'seed')} ({', '.join(blind)})" if len(blind) < len(told["seeds"]) else ""
    return f"{told['model']}; without validation labels{where}, its last epoch was kept, not its best one"


def _loop_said(told: Mapping[str, Any]) -> str:
    plan = told["plan"]
    parts = [f"answers by {told['experiment']['oracle']}", f"{plan['cold']} while fewer than two classes are known"]
    if plan["audit"]:
        parts.append(f"{100 * plan['audit']:g} % of the samples on the audit side")
    if plan["ahead"]:
        parts.append("each batch chosen before the last one was answered")
    return "; ".join(parts)


def _embedder_said(told: Mapping[str, Any]) -> str:
    if "map" in told:
        return f"none: the model learns features of its own. For the map: {_embedder_said(told['map'])}"
    settings = f" ({_pairs(told['settings'])})" if told.get("settings") else ""
    how = "; transductive: fitted once on all samples, test samples too, without labels" if told["transductive"] else ""
    return f"{told['name']}, {told['d']} features{settings}{how}"


def _class(told: Mapping[str, Any], name: str) -> str:
    return str(told["strategies"].get(name, {}).get("class", "class unknown"))


def _pairs(words: Mapping[str, Any]) -> str:
    return ", ".join(f"{word} {value}" for word, value in words.items())


def _called(dataset: Dataset, i: int) -> str:
    return dataset.paths[i] if dataset.paths else f"sample {i}"
