"""The page: what stands in it, and the template that it stands in."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy.typing as npt

from nextlabel.datasets.base import Dataset
from nextlabel.report.drawing import confusions
from nextlabel.report.drawing.curves import curves_caption, learning_curves
from nextlabel.report.drawing.maps import asking_map
from nextlabel.report.drawing.themes import NEUTRAL, Picture
from nextlabel.report.numbers import percent
from nextlabel.report.of_run import tables
from nextlabel.report.of_run.gallery import gallery
from nextlabel.report.paths import hide_folders
from nextlabel.report.templates import template
from nextlabel.runs.reading import Run, sizes
from nextlabel.statistics.curves import budget, curves, difference_band
from nextlabel.statistics.held import WIDTHS_AT
from nextlabel.statistics.standings import Standing, best
from nextlabel.text import several
from nextlabel.wording.numbers import ENOUGH, metric_words
from nextlabel.wording.verdicts import headline, mark, verdict

MOST_NAMED = 50  # skipped files and groups of duplicates that the page names
MATRICES = 4  # most strategies whose confusion matrices are all shown
WIDE = 12  # most classes for which that many fit


def page(
    run: Run, dataset: Dataset, features: npt.NDArray[Any], found: Sequence[Standing]
) -> tuple[str, list[Picture]]:
    """The page as HTML, and its figures; ``found`` as `standings` gives them for the run's rows."""
    names = [one.strategy for one in found]
    figure = learning_curves(run.rows, names)
    places = asking_map(run, dataset.y, features)
    shown = choose_matrices(found, dataset.classes)
    matrices = confusions.draw_confusion(run.confusions, shown, dataset.classes)
    against = NEUTRAL if NEUTRAL in names and len(names) > 1 else None
    html = template("page.html.j2").render(
        run=run,
        dataset=run.manifest["dataset"],
        model=hide_folders(run.manifest["model"]),
        headline=headline(found),
        lead=lead(run, found),
        verdicts=[(verdict(one), mark(one)) for one in found],
        metric=metric_words(found[0].metric) if found else "accuracy",
        indicative=_seeds_in_words(found) < ENOUGH and not any(one.difference for one in found),
        several=sum(one.difference is not None for one in found) > 1,
        rows=tables.table_rows(run, found),
        groups=tables.head_groups(),
        goals=tables.goal_heads(),
        curves=figure,
        curves_caption=curves_caption(_seeds_in_words(found), against),
        map=places,
        confusion=matrices,
        pairs=_worst_pairs(run, shown, dataset.classes) if matrices else {},
        held=tables.held_rows(run),
        widths_at=WIDTHS_AT,
        shelves=gallery(run, dataset),
        facts=[(word, hide_folders(words)) for word, words in facts(run, found)],
        most=MOST_NAMED,
        warnings=[hide_folders(words) for words in run.manifest["dataset"]["warnings"]],
        skipped=[
            (hide_folders(one["path"]), hide_folders(one["reason"])) for one in run.manifest["dataset"]["skipped"]
        ],
        duplicates=[[_name_in_words(dataset, i) for i in group] for group in dataset.duplicates[:MOST_NAMED]],
        command=command_line(run.manifest),
        seen="pictures" if "map" in run.manifest["embedder"] else hide_folders(run.manifest["embedder"]["name"]),
    )
    return html, [picture for picture in (figure, places[0] if places else None, matrices) if picture]


def _worst_pairs(run: Run, names: Sequence[str], classes: Sequence[str]) -> dict[str, list[tuple[str, str, str]]]:
    """The most frequent confusions by strategy."""
    sums = confusions.sum_matrices(run.confusions)
    return {name: tables.worst_confusions(sums[name], classes) for name in names}


def choose_matrices(found: Sequence[Standing], classes: Sequence[str]) -> list[str]:
    """Whose confusion matrices are shown: everybody's, or, where that is too much, the best one's and random's."""
    names = [one.strategy for one in found]
    if len(names) <= (MATRICES if len(classes) <= WIDE else 2):
        return names
    first = best(found)
    return [name for name in names if name in (NEUTRAL, first.strategy if first else names[0])]


def command_line(manifest: Mapping[str, Any]) -> str:
    """How to run it again, in a shell and beside the data; empty where the run was not started from one."""
    words = list(manifest["command"])
    if not words:
        return ""
    stem = PurePath(words[0]).stem
    words = [hide_folders(word) for word in words[1:]]
    return shlex.join([*(["python", "-m", "nextlabel"] if stem == "__main__" else [stem]), *words])


def lead(run: Run, found: Sequence[Standing]) -> str:
    """One sentence on where the budget ended, and on what was spent.

    The best strategy is set beside random only where it is better over the whole curve and ahead at its end.
    """
    labels = round(budget(curves(run.rows, "labelled")))
    spent = (
        f"{labels:,} labels out of {run.manifest['dataset']['n']:,} samples, {several(_seeds_in_words(found), 'seed')}"
    )
    first = best(found)
    told = [one for one in found if one.strategy == NEUTRAL or one is first]
    if first and first.difference and not (first.side > 0 and _ends_ahead(run, first)):
        # The best mean alone, of luck perhaps, is no reason to set it beside random.
        told.remove(first)
    ends = [f"{one.strategy} {percent(end)} %" for one in told if (end := one.at["accuracy"][-1]) is not None]
    return f"Accuracy with the whole budget: {', '.join(ends)}. {spent[0].upper()}{spent[1:]}." if ends else f"{spent}."


def _ends_ahead(run: Run, one: Standing) -> bool:
    """Whether the interval of the difference in accuracy with the whole budget lies above zero."""
    found = curves(run.rows, "accuracy")
    gap = difference_band(found[one.strategy], found[one.against])
    return gap is not None and bool(gap.low[-1] > 0)


def _seeds_in_words(found: Sequence[Standing]) -> int:
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
        ("Dataset", _dataset_words(told["dataset"])),
        ("Split", "{test} test, {val} validation, {start} to start with, {pool} pool".format(**sizes)),
        (
            "Budget",
            f"{several(labels, 'label')}: {spent}{beside}",
        ),
        ("Loop", _loop_words(told)),
        ("Model", model_words(told)),
        ("Embedder", _embedder_words(told["embedder"])),
        ("Strategies", ", ".join(f"{one.strategy} ({_class(told, one.strategy)})" for one in found)),
        ("Seeds", ", ".join(sorted({str(row["seed"]) for row in run.rows}, key=int))),
        ("Made with", "; later with ".join(_pairs(one) for one in run.environments)),
        ("Processes", f"--jobs {told['jobs']} --threads {told['threads']}"),
    ]


def _rounds(run: Run) -> list[int]:
    return [row["round"] + 1 for row in run.picks if row["ids"]]


def _dataset_words(told: Mapping[str, Any]) -> str:
    source = "" if told["source"] == told["name"] else f" from {told['source']}"
    unlabelled = told["n"] - sum(told["counts"])
    rest = f", {unlabelled} of them without a label" if unlabelled else ""
    what = "samples" if told["kind"] == "table" else told["kind"]
    return (
        f"{told['name']}{source}: {told['n']:,} {what} in {len(told['classes'])} classes "
        f"({min(told['counts'])} to {max(told['counts'])} each){rest}; fingerprint {told['fingerprint']}"
    )


def model_words(told: Mapping[str, Any]) -> str:
    """The model, and whether it had validation samples to choose its epoch by."""
    blind = [seed for seed, found in sizes(told).items() if not found["val"]]
    if "map" not in told["embedder"] or not blind:  # a model that learns its own features watches validation samples
        return str(told["model"])
    where = f" under {several(len(blind), 'seed')} ({', '.join(blind)})" if len(blind) < len(told["seeds"]) else ""
    return f"{told['model']}; without validation labels{where}, its last epoch was kept, not its best one"


def _loop_words(told: Mapping[str, Any]) -> str:
    plan = told["plan"]
    parts = [f"answers by {told['experiment']['oracle']}", f"{plan['cold']} while fewer than two classes are known"]
    if plan["audit"]:
        parts.append(f"{100 * plan['audit']:g} % of the samples and of the questions on the audit side")
    if plan["ahead"]:
        parts.append("each batch chosen before the last one was answered")
    return "; ".join(parts)


def _embedder_words(told: Mapping[str, Any]) -> str:
    if "map" in told:
        return f"none: the model learns features of its own. For the map: {_embedder_words(told['map'])}"
    settings = f" ({_pairs(told['settings'])})" if told.get("settings") else ""
    how = "; transductive: fitted once on all samples, test samples too, without labels" if told["transductive"] else ""
    return f"{told['name']}, {told['d']} features{settings}{how}"


def _class(told: Mapping[str, Any], name: str) -> str:
    return str(told["strategies"].get(name, {}).get("class", "class unknown"))


def _pairs(words: Mapping[str, Any]) -> str:
    return ", ".join(f"{word} {value}" for word, value in words.items())


def _name_in_words(dataset: Dataset, i: int) -> str:
    return dataset.paths[i] if dataset.paths else f"sample {i}"
