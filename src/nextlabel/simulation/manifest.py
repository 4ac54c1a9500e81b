"""What a run says of itself: what was run, on what, with what."""

import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.splits import Split, hash_ids
from nextlabel.experiment import Experiment
from nextlabel.pool import Ids
from nextlabel.runs.lines import Row
from nextlabel.simulation.parts import OWN, Parts

PATHS = ("dataset", "split", "embedder")  # knobs that say where something lies, or who turns it into features
LATER = ("groups", "group_column", "min_class")  # knobs of later versions: where they are not set, runs are as before
CPUINFO = Path("/proc/cpuinfo")
LIBRARIES = ("numpy", "scipy", "scikit-learn", "scikit-activeml", "Pillow")


def plain_splits(splits: Mapping[int, Split]) -> list[Row]:
    """Splits as ``splits.json`` and ``--split`` hold them, one per seed."""
    return [
        {"seed": seed} | {part: getattr(found, part).tolist() for part in ("test", "val", "start")}
        for seed, found in splits.items()
    ]


def known_before(experiment: Experiment) -> Row:
    """What of an experiment's identity is known before its data are read; None is what they decide."""
    knobs = {name: value for name, value in experiment.plain().items() if value is not None and name not in PATHS}
    return knobs | ({"oracle": "replay"} if experiment.oracle.startswith("replay:") else {})


def identity(parts: Parts, threads: int) -> Row:
    """What two runs of one experiment share: what its files hold, not where they lie.

    Without the embedder's settings, while nothing is embedded.
    """
    experiment = parts.experiment.plain()
    same: Row = {name: value for name, value in experiment.items() if name not in PATHS}
    for name in LATER:
        if same[name] is None:
            del same[name]
    same["fingerprint"] = parts.dataset.fingerprint
    if parts.features is not None:
        same["embedder"] = dict(parts.features.settings)
    if experiment["oracle"].startswith("replay:"):
        same |= {"oracle": "replay", "answers": _answers(parts)}
    return same | {"splits": _of_splits(parts, hash_ids), "threads": threads, "made_by": _made_by(parts)}


def manifest(parts: Parts, command: Sequence[str], jobs: int, threads: int) -> Row:
    """What was run, on what, with what; ``identity`` is what a resumed run must share."""
    own, sizes, embedder = parts.embedder == OWN, _of_splits(parts, len), dict(parts.embedding.settings)
    return {
        "command": list(command),
        "identity": identity(parts, threads),
        "experiment": parts.experiment.plain(),
        "plan": parts.plan.plain(),
        "dataset": _about(parts.dataset) | {"source": parts.experiment.dataset},
        "embedder": {"name": OWN, "map": embedder} if own else embedder,
        "model": parts.experiment.model,
        "strategies": {name: {"class": kind} for name, kind in _made_by(parts).items()},
        "seeds": _of_splits(parts, hash_ids),
        "sizes": next(iter(sizes.values())),
        "sizes_by_seed": sizes,
        "settings": {},
        "threads": threads,
        "jobs": jobs,
        "made_with": [made_with((*LIBRARIES, "torch") if own else LIBRARIES)],
    }


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


def kernels() -> list[str]:
    """Every BLAS in this process, such as ``openblas 0.3.31 Haswell``: numpy and scipy bring one each."""
    loaded = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = ("internal_api", "version", "architecture")  # one of another kind may leave the last out
    return sorted({" ".join(str(library[name]) for name in names if library.get(name)) for library in loaded})


def processor() -> str:
    """The processor's model, which its kernels are chosen by."""
    try:
        lines = CPUINFO.read_text(errors="replace").splitlines()
    except OSError:  # no Linux
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def _answers(parts: Parts) -> str:
    """A hash of what a file of answers says of every sample: the same under every seed."""
    return hash_ids(next(iter(parts.oracles.values()))(np.arange(len(parts.dataset))))


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
