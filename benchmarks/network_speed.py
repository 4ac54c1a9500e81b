"""What the guide's network costs on this machine: ``python benchmarks/network_speed.py``, with nothing beside it.

Seconds of one round (30 epochs, validation at each, features of all pictures at the end) at three numbers of labels,
one process with two threads, each once; rounds a minute of two processes with one thread each; and the share of the
machine's own rate, that of float32 matrix products, which a training step reaches. ``results/network-speed.json`` holds
them, beside the seconds that the original's published code took for the same rounds on two cores.
"""

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import torch
from run import keep
from scenarios import SCENARIOS
from torch.nn import functional

from nextlabel.engines import ENGINES, run
from nextlabel.models.torch import cnn
from nextlabel.models.torch.augmentation import augment
from nextlabel.seeds import stream
from nextlabel.simulation.parts import Parts, prepare

LABELS = (137, 301, 547)
ORIGINAL = {137: [65, 75], 301: [83, 83], 547: [131, 131]}  # seconds of its code for a round, two cores; from its runs
BATCH = 64


def main() -> None:
    """Measure, print and keep."""
    parts = prepare(SCENARIOS["flowers-cnn"])
    work = partial(seconds, parts)
    alone = {labels: took for (labels, _), took in worked(work, [(labels, 0) for labels in LABELS], jobs=1, threads=2)}
    beside = {labels: pair(work, labels) for labels in (LABELS[0], LABELS[-1])}
    [(_, rates)] = worked(rate, [2], jobs=1, threads=2)
    found = {
        "seconds_a_round": {labels: round(took, 1) for labels, took in alone.items()},
        "original_seconds": ORIGINAL,
        "times_faster": {labels: round(min(ORIGINAL[labels]) / took, 2) for labels, took in alone.items()},
        "rounds_a_minute_two_processes": {labels: round(120 / took, 2) for labels, took in beside.items()},
        **rates,
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "torch": torch.__version__},
    }
    keep("network-speed.json", json.loads(json.dumps(found)))


def worked(work: Callable[[Any], Any], tasks: Sequence[Any], jobs: int, threads: int) -> list[tuple[Any, Any]]:
    """Tasks and their results, from processes of their own: what one sets, no other finds."""
    with ENGINES["processes"](jobs) as engine:
        return list(run(engine, work, tasks, jobs, threads))


def pair(work: Callable[..., Any], labels: int) -> float:
    """Seconds of a round where two are played at once, a thread each."""
    return float(median(took for _, took in worked(work, [(labels, 0), (labels, 1)], jobs=2, threads=1)))


def seconds(parts: Parts, task: tuple[int, int]) -> float:
    """Seconds that one round takes."""
    labels, seed = task
    pool = parts.pool(seed)
    ids = np.random.default_rng(seed).permutation(pool.unlabelled())[: labels - len(pool.labelled())]
    pool = pool.answered(ids, parts.dataset.y[ids])
    trained = parts.make_model({})
    began = time.perf_counter()
    trained.fit(pool, stream(seed, "fit", 0))
    return time.perf_counter() - began


def rate(task: int) -> dict[str, float]:
    """Billions of float32 operations a second: of a large matrix product, and of a step of training."""
    a, b = torch.randn(2, 2048, 2048)
    network = cnn.network(5).train()
    optimizer = torch.optim.AdamW(network.parameters())
    shown, y = torch.randn(BATCH, 3, cnn.SIZE, cnn.SIZE), torch.randint(5, (BATCH,))

    def step() -> None:
        loss = functional.cross_entropy(network(augment(shown)), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    torch.set_num_threads(task)
    product, learned = (middle(work) for work in (lambda: a @ b, step))
    return {
        "sgemm_gflops": round(2 * 2048**3 / product / 1e9, 1),
        "step_gflops": round(operations() / learned / 1e9, 1),
        "share_of_sgemm": round(operations() / learned / (2 * 2048**3 / product), 3),
    }


def middle(work: Callable[[], Any], times: int = 20) -> float:
    """Seconds, the median of several."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return median(took)


def operations() -> int:
    """Multiplications and additions of one step's convolutions and linear layers: forward, and twice that backward.

    The first layer passes nothing back to the pictures, so it has one less.
    """
    total, side, before = 0, cnn.SIZE, 3
    for after in cnn.CHANNELS:
        total += 2 * side**2 * 9 * before * after * (2 if before == 3 else 3)
        side, before = side // 2, after
    total += 3 * 2 * (side**2 * before * cnn.WIDTH + cnn.WIDTH * 5)
    return total * BATCH


if __name__ == "__main__":
    main()
