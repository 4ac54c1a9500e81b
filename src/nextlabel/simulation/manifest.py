"""What a run says of itself: what was run, on what, with what."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.splits import Split, digest
from nextlabel.embedders.base import Features
from nextlabel.loop.oracles import oracle
from nextlabel.runs.lines import Row
from nextlabel.simulation.parts import OWN, Setup
from nextlabel.strategies.replicas import strategy

LIBRARIES = ("numpy", "scipy", "scikit-learn", "scikit-activeml", "Pillow")


def plain_splits(splits: Mapping[int, Split]) -> list[Row]:
    """Splits as ``splits.json`` and ``--split`` hold them, one per seed."""
    return [
        {"seed": seed} | {part: getattr(found, part).tolist() for part in ("test", "val", "start")}
        for seed, found in splits.items()
    ]


def manifest(setup: Setup, features: Features, command: Sequence[str], jobs: int, threads: int) -> dict[str, Any]:
    """What was run, on what, with what; ``identity`` is what a resumed run must share."""
    experiment = setup.experiment.plain()
    hashes = {
        str(seed): {part: digest(getattr(found, part)) for part in ("test", "val", "start", "pool")}
        for seed, found in setup.splits.items()
    }
    sizes = {
        str(seed): {part: len(getattr(found, part)) for part in ("test", "val", "start", "pool")}
        for seed, found in setup.splits.items()
    }
    knobs = {name: value for name, value in experiment.items() if name not in ("dataset", "split", "embedder")}
    data, own = _about(setup.dataset), setup.embedder == OWN
    same = {"fingerprint": data["fingerprint"], "embedder": dict(features.settings)}  # what they hold, not their paths
    if experiment["oracle"].startswith("replay:"):
        same |= {"oracle": "replay", "answers": _answers(setup)}
    libraries = (*LIBRARIES, "torch") if own else LIBRARIES
    made_by = {name: strategy(name).implementation for name in setup.experiment.strategies}
    return {
        "nextlabel": version("nextlabel"),
        "command": list(command),
        "identity": knobs | same | {"splits": hashes, "threads": threads, "made_by": made_by},
        "experiment": experiment,
        "plan": setup.plan.plain(),
        "dataset": data | {"source": setup.experiment.dataset},
        "embedder": {"name": OWN, "map": dict(features.settings)} if own else dict(features.settings),
        "model": setup.experiment.model,
        "strategies": {name: {"class": kind} for name, kind in made_by.items()},
        "seeds": hashes,
        "sizes": next(iter(sizes.values())),
        "sizes_by_seed": sizes,
        "settings": {},
        "threads": threads,
        "jobs": jobs,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in libraries},
        "machine": {"system": platform.system(), "processor": platform.machine()},
    }


def _answers(setup: Setup) -> str:
    """A hash of what a file of answers says of every sample."""
    known = oracle(setup.experiment.oracle, setup.dataset, 0)
    return digest(known(np.arange(len(setup.dataset))))


def _about(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "n": len(dataset),
        "classes": list(dataset.classes),
        "counts": [int((dataset.y == code).sum()) for code in range(len(dataset.classes))],
        "kind": "table" if dataset.pictures is None else "pictures",
        "fingerprint": dataset.fingerprint,
        "skipped": [{"path": item.path, "reason": item.reason} for item in dataset.skipped],
        "duplicates": [list(group) for group in dataset.duplicates],
        "warnings": list(dataset.warnings),
    }
