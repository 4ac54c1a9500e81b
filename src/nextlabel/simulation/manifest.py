"""What a run says of itself: what was run, on what, with what."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.splits import Split, digest
from nextlabel.runs.lines import Row
from nextlabel.simulation.parts import OWN, Parts

CPUINFO = Path("/proc/cpuinfo")
LIBRARIES = ("numpy", "scipy", "scikit-learn", "scikit-activeml", "Pillow")


def plain_splits(splits: Mapping[int, Split]) -> list[Row]:
    """Splits as ``splits.json`` and ``--split`` hold them, one per seed."""
    return [
        {"seed": seed} | {part: getattr(found, part).tolist() for part in ("test", "val", "start")}
        for seed, found in splits.items()
    ]


def manifest(parts: Parts, command: Sequence[str], jobs: int, threads: int) -> dict[str, Any]:
    """What was run, on what, with what; ``identity`` is what a resumed run must share."""
    experiment = parts.experiment.plain()
    hashes = {
        str(seed): {part: digest(getattr(found, part)) for part in ("test", "val", "start", "pool")}
        for seed, found in parts.splits.items()
    }
    sizes = {
        str(seed): {part: len(getattr(found, part)) for part in ("test", "val", "start", "pool")}
        for seed, found in parts.splits.items()
    }
    knobs = {name: value for name, value in experiment.items() if name not in ("dataset", "split", "embedder")}
    data, own = _about(parts.dataset), parts.embedder == OWN
    same = {
        "fingerprint": data["fingerprint"],
        "embedder": dict(parts.embedded.settings),
    }  # what they hold, not their paths
    if experiment["oracle"].startswith("replay:"):
        same |= {"oracle": "replay", "answers": _answers(parts)}
    libraries = (*LIBRARIES, "torch") if own else LIBRARIES
    made_by = {name: entry.implementation for name, entry in parts.entries.strategies.items()}
    return {
        "command": list(command),
        "identity": knobs | same | {"splits": hashes, "threads": threads, "made_by": made_by},
        "experiment": experiment,
        "plan": parts.plan.plain(),
        "dataset": data | {"source": parts.experiment.dataset},
        "embedder": {"name": OWN, "map": dict(parts.embedded.settings)} if own else dict(parts.embedded.settings),
        "model": parts.experiment.model,
        "strategies": {name: {"class": kind} for name, kind in made_by.items()},
        "seeds": hashes,
        "sizes": next(iter(sizes.values())),
        "sizes_by_seed": sizes,
        "settings": {},
        "threads": threads,
        "jobs": jobs,
        "made_with": [made_with(libraries)],
    }


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
    return digest(next(iter(parts.oracles.values()))(np.arange(len(parts.dataset))))


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
