"""The data of an experiment, and the split of every seed: drawn, or the folders', or somebody's own file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

import numpy as np

from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.cuts import Sizes, cut, folder_parts, leave_out_small
from nextlabel.datasets.first_look import open_after
from nextlabel.datasets.groups import describe_groups, group_by_path, torn_groups
from nextlabel.datasets.layout import TEST, TRAIN, VAL
from nextlabel.datasets.split_files import read_split
from nextlabel.datasets.splits import Split
from nextlabel.datasets.twins import Twins, find_text_twins, find_twins
from nextlabel.embedders import sink
from nextlabel.errors import Mistake
from nextlabel.experiment import Experiment
from nextlabel.plan import Amount
from nextlabel.pool import Labels
from nextlabel.progress import Progress
from nextlabel.text import several

MANY_TWINS = 0.02  # of the test pictures: scores move by less than their own error below that
FOLDERS, RANDOM = "folders", "random"


def load_wanted(experiment: Experiment, progress: Progress, check: Callable[[Dataset], object]) -> Dataset:
    """The dataset as the experiment wants it: with its groups, and without the classes that are too small.

    Its pictures are embedded while they are read, unless ``check`` raises at the first sight of the samples.
    """

    def look(dataset: Dataset) -> Dataset:
        check(suit(dataset, experiment))
        return dataset

    request = request_for(experiment)
    dataset = load(
        replace(request, progress=progress, sink=open_after(look, sink(experiment.embedder, device=experiment.device)))
    )
    if experiment.labels is not None:
        dataset = replace(dataset, warnings=(*dataset.warnings, *_say_unlabelled(dataset)))
    return suit(dataset, experiment)


def request_for(experiment: Experiment) -> Request:
    """What an experiment asks to be loaded."""
    if experiment.groups is not None and experiment.group_column is not None:
        raise Mistake("Both --groups and --group-column name groups. Use one of them.")
    return Request(
        experiment.dataset,
        experiment.name,
        experiment.label_column,
        group_column=experiment.group_column,
        table=experiment.table,
        missing=experiment.missing,
        answers=experiment.labels or (),
        fate="left out of the simulation",
    )


def suit(dataset: Dataset, experiment: Experiment) -> Dataset:
    """The dataset with the groups of the experiment, and without the classes that are too small for it."""
    if experiment.groups is not None:
        dataset = group_by_path(dataset, experiment.groups)
    if experiment.min_class is not None:
        dataset = leave_out_small(dataset, experiment.min_class)
    return dataset


def _say_unlabelled(dataset: Dataset) -> Iterator[str]:
    """Says how many samples a file of labels leaves open; what folders and columns leave open, their readers say."""
    left = int((dataset.y < 0).sum())
    if left:
        have, take = ("has", "it takes") if left == 1 else ("have", "they take")
        yield f"{left:,} of {several(len(dataset), 'sample')} {have} no label, so {take} no part in the simulation."


def default_split(dataset: Dataset) -> str | None:
    """The folders' where they show one of labelled samples; nothing where it is drawn anew for each seed."""
    sides = set() if dataset.sides is None else set(dataset.sides[dataset.y >= 0].tolist())
    return FOLDERS if TRAIN in sides and sides & {VAL, TEST} else None


def is_file(split: str | None) -> TypeGuard[str]:
    """Does a file say how samples are divided?"""
    return split not in (None, FOLDERS, RANDOM)


def split_all(experiment: Experiment, dataset: Dataset) -> tuple[Mapping[int, Split], list[str]]:
    """The split of every seed, and what a person should know of it."""
    folders = experiment.split == FOLDERS
    if not is_file(experiment.split):
        sizes = Sizes(*(Amount.read(each or 0) for each in (experiment.test, experiment.val, experiment.start)))
        splits = {seed: cut(dataset, sizes, seed, folders) for seed in experiment.seeds}
    else:
        found = read_split(Path(experiment.split), dataset, experiment.seeds)
        splits = dict(zip(experiment.seeds, found, strict=True))
    notes = list(_say_folders(experiment, dataset)) if folders else []
    return splits, notes + list(_say_groups(experiment, dataset, splits))


def _say_folders(experiment: Experiment, dataset: Dataset) -> Iterator[str]:
    test, val = folder_parts(dataset, validate=Amount.read(experiment.val or 0).value > 0)
    assert dataset.sides is not None, "folder_parts has looked"
    which = "validation" if dataset.sides[test[0]] == VAL else "test"
    rest = ""
    if which == "test" and ((dataset.sides == VAL) & (dataset.y >= 0)).any():
        rest = (
            ", and its validation folder validates" if len(val) else ", and its validation folder belongs to the pool"
        )
    yield (
        f"The test set of every seed is the {which} folder of '{dataset.name}' "
        f"({several(len(test), 'picture')}){rest}. --split random draws one for each seed instead."
    )


def say_twins(dataset: Dataset, parts: Split, seed: int) -> Iterator[str]:
    """Says how many test samples have a near-duplicate among those learned from, where no groups are named."""
    twins = _find_twins(dataset, parts)
    if twins is None or twins.example is None:
        return
    noun = dataset.noun
    share = (
        f"{twins.having:,} of {several(twins.asked, f'test {noun}')} ({twins.having / twins.asked:.1%}) of seed {seed}"
    )
    one, other = (f"'{dataset.paths[i]}'" if dataset.paths else f"sample {i}" for i in twins.example)
    have = "has a near-duplicate" if twins.having == 1 else "have a near-duplicate"
    advice = ""
    if twins.having >= MANY_TWINS * twins.asked:
        such = "a video, a patient" if noun == "picture" else "a thread, an author"
        option = "--groups 'REGEX of the path'" if dataset.paths else "--group-column COLUMN"
        advice = (
            f" So scores are probably too good. If {noun}s belong together ({such}), keep them on one side: {option}."
        )
    yield f"{share} {have} among the {noun}s that are learned from, e.g. {one} and {other}.{advice}"


def _find_twins(dataset: Dataset, parts: Split) -> Twins | None:
    """None where nobody can tell, or groups are named."""
    if dataset.groups is not None:
        return None
    learned = np.concatenate([parts.start, parts.pool])
    if dataset.texts is not None:
        return find_text_twins(dataset.texts, parts.test, learned)
    if dataset.pictures is None or dataset.pictures.grey_side is not None:
        return None
    return find_twins(dataset.pictures, parts.test, learned)


def _say_groups(experiment: Experiment, dataset: Dataset, splits: Mapping[int, Split]) -> Iterator[str]:
    """Says how groups lie in splits: those that are drawn keep them together, others may not."""
    groups = dataset.groups
    if groups is None:
        return
    drawn = experiment.split in (None, RANDOM)
    torn = {seed: _count_torn(groups, parts) for seed, parts in splits.items()}
    seed = next((seed for seed, count in torn.items() if count), None)
    yield f"{describe_groups(groups)} {_say_sides(drawn) if seed is None else _say_torn(experiment, torn[seed], seed)}"
    first, parts = next(iter(splits.items()))
    empty = set(range(len(dataset.classes))) - set(dataset.y[parts.test].tolist())
    if empty:
        named = ", ".join(f"'{dataset.classes[code]}'" for code in sorted(empty)[:3])
        why = ": its groups would not leave any to learn from" if drawn else ""
        yield f"The test set of seed {first} holds no sample of {named}{why}."


def _count_torn(groups: Labels, parts: Split) -> int:
    learned = np.concatenate([parts.start, parts.pool])
    return len(list(torn_groups(groups, [parts.test, parts.val, learned])))


def _say_sides(drawn: bool) -> str:
    return f"Each is on one side of every split{', so shares are as near as groups allow' if drawn else ''}."


def _say_torn(experiment: Experiment, count: int, seed: int) -> str:
    folders = experiment.split == FOLDERS
    where = "the folders' split" if folders else f"the split of seed {seed}"
    advice = " --split random draws one for each seed that keeps groups together." if folders else ""
    return (
        f"{count:,} of them {'lies' if count == 1 else 'lie'} on both sides of {where}, which was made without them, "
        f"so scores may be too good.{advice}"
    )
