"""What a run says of itself: what was run, on what, with what."""

import platform
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from importlib.metadata import version
from typing import Any

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.splits import hash_ids
from nextlabel.engines.machine import kernels, processor
from nextlabel.experiment import Crew, Experiment
from nextlabel.files.remote import without_secrets
from nextlabel.pool import Ids
from nextlabel.runs.lines import Row
from nextlabel.simulation.parts import OWN, Parts

PATHS = ("dataset", "split", "embedder", "labels")  # knobs that say where something lies, or who turns it into features
LATER = ("groups", "group_column", "min_class")  # knobs of later versions: where they are not set, runs are as before
# Their versions can change a row's digits; torch joins them where a network learns.
LIBRARIES = ("numpy", "scipy", "scikit-learn", "scikit-activeml", "Pillow")


def plain_samples(dataset: Dataset) -> list[Row]:
    """Who an id of this run is, in ``samples.jsonl``: its class, and of picture or text a digest, and its path.

    An id means something only in this run's listing of the data; path and digest find the picture in any other.
    """
    labels = [dataset.classes[code] if code >= 0 else None for code in dataset.y]
    columns: dict[str, Sequence[Any]] = {"id": range(len(dataset)), "label": labels}
    if dataset.table is None:
        columns["digest"] = dataset.content
    if dataset.paths is not None:
        columns["path"] = dataset.paths
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def known_before(experiment: Experiment) -> Row:
    """What of an experiment's identity is known before its data are read; None is what they decide."""
    # None is left out, for it may still be open: val is up to the model, standardize to the data.
    knobs = {name: value for name, value in experiment.plain().items() if value is not None and name not in PATHS}
    return knobs | ({"oracle": "replay"} if experiment.oracle.startswith("replay:") else {})


def identity(parts: Parts, threads: int) -> Row:
    """What two runs of one experiment share: what its files hold, not where they lie.

    Without the embedder's settings, while nothing is embedded.
    """
    experiment = parts.experiment.plain()
    # A folder that was moved is the same data: its fingerprint stands for its path, hashes for the split's file.
    same: Row = {name: value for name, value in experiment.items() if name not in PATHS}
    for name in LATER:
        if same[name] is None:
            del same[name]
    same["fingerprint"] = parts.dataset.fingerprint
    if parts.features is not None:
        same["embedder"] = dict(parts.features.settings)
    if experiment["oracle"].startswith("replay:"):
        same |= {"oracle": "replay", "answers": _answers(parts)}  # not the file's path
    # Threads belong to it, since BLAS sums in another order with another number; jobs do not, for no row hangs on them.
    return same | {"splits": _of_splits(parts, hash_ids), "threads": threads, "made_by": _made_by(parts)}


def manifest(parts: Parts, command: Sequence[str], crew: Crew, workers: Executor) -> Row:
    """What was run, on what, with what; ``identity`` is what a resumed run must share."""
    # A network sees pixels; an embedder beside it serves the report's map alone, and the manifest says so.
    own, sizes, embedder = parts.embedder == OWN, _of_splits(parts, len), dict(parts.embedding.settings)
    return {
        "command": [without_secrets(word) for word in command],
        "identity": identity(parts, crew.threads),
        "experiment": parts.experiment.plain(),
        "plan": parts.plan.plain(),
        "dataset": _about(parts.dataset) | {"source": parts.experiment.dataset},
        "embedder": {"name": OWN, "map": embedder} if own else embedder,
        "model": parts.experiment.model,
        "strategies": {name: {"class": kind} for name, kind in _made_by(parts).items()},
        "seeds": _of_splits(parts, hash_ids),
        # Of the first seed, as manifests without `sizes_by_seed` had it. With a split file, seeds may differ.
        "sizes": next(iter(sizes.values())),
        "sizes_by_seed": sizes,
        # Filled in once they are chosen. `made_with` is a list, for a session that goes on adds its own.
        "settings": {},
        "threads": crew.threads,
        "jobs": getattr(workers, "room", crew.jobs),
        "made_with": [made_with((*LIBRARIES, "torch") if own else LIBRARIES) | _elsewhere(workers)],
    }


def _elsewhere(workers: Executor) -> dict[str, str]:
    """Of an engine on other machines: how many workers compute with which kernels, where these are not ours alone."""
    found: dict[str, int] = getattr(workers, "processors", dict)()
    ours = set(kernels())
    # Whoever has loaded torch has a BLAS more.
    if all((theirs := set(names.split(", "))) <= ours or ours <= theirs for names in found):
        return {}
    return {"workers": "; ".join(f"{count} with {names}" for names, count in sorted(found.items()))}


def _of_splits(parts: Parts, what: Callable[[Ids], Any]) -> dict[str, dict[str, Any]]:
    """Something of every part of the split of every seed: how many there are, or a hash of them."""
    return {
        str(seed): {part: what(getattr(found, part)) for part in ("test", "val", "start", "pool")}
        for seed, found in parts.splits.items()
    }


def _made_by(parts: Parts) -> dict[str, str]:
    return {name: entry.implementation for name, entry in parts.entries.strategies.items()}


def made_with(libraries: Sequence[str]) -> dict[str, str]:
    """What this process computes with: versions, the kernels of linear algebra that are loaded, the processor."""
    return {
        "nextlabel": version("nextlabel"),
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
        "kernels": ", ".join(kernels()),
        "processor": processor(),
        "system": platform.system(),
    }


def _answers(parts: Parts) -> str:
    """A hash of what a file of answers says of every sample: the same under every seed."""
    return hash_ids(next(iter(parts.oracles.values()))(np.arange(len(parts.dataset))))


def _about(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "n": len(dataset),
        "classes": list(dataset.classes),
        # int: JSON does not take numpy's numbers.
        "counts": [int((dataset.y == code).sum()) for code in range(len(dataset.classes))],
        "kind": dataset.kind,
        "fingerprint": dataset.fingerprint,
        "skipped": [{"path": item.path, "reason": item.reason} for item in dataset.skipped],
        "duplicates": [list(group) for group in dataset.duplicates],
        "warnings": list(dataset.warnings),
    }
