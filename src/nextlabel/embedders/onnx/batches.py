"""A network over many pictures: one by one on every core, or batch by batch on a GPU."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from nextlabel.datasets.base import Squares
from nextlabel.datasets.pictures import cores
from nextlabel.embedders.base import Features32, Report
from nextlabel.knobs.names import CPU

A_TASK = 16  # pictures: few, so that the cores end at about the same time


def batch_on(device: str) -> int:
    """How many pictures a network takes together: a core is no slower with one, a GPU many times."""
    return 1 if device == CPU else A_TASK


def run_batches(
    run: Callable[[Squares], Features32], pictures: Squares, batch: int, device: str, report: Report
) -> Features32:
    """Features (m, d) of pictures (m, size, size, 3): ``run`` takes ``batch`` of them, and gives as many vectors.

    A batch is always full, if need be of black pictures: another shape might be computed by another kernel, and a
    picture's vector must not hang on how many there were beside it.
    """
    step = max(A_TASK // batch, 1) * batch

    def work(start: int) -> Features32:
        return np.concatenate(
            [
                run(_fill_up(pictures[i : i + batch], batch))[: len(pictures) - i]
                for i in range(start, min(start + step, len(pictures)), batch)
            ]
        )

    parts = []
    with ThreadPoolExecutor(cores() if device == CPU else 1) as threads:
        for part in threads.map(work, range(0, len(pictures), step)):
            parts.append(part)
            report(len(part))
    return np.concatenate(parts)


def _fill_up(pictures: Squares, batch: int) -> Squares:
    missing = batch - len(pictures)
    return np.pad(pictures, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else pictures
