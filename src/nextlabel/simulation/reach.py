"""What the workers of a cluster can open: files on a disk that all machines share, or arrays that travel to them."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import numpy as np

from nextlabel.datasets.pictures import FolderPictures
from nextlabel.errors import CannotGo
from nextlabel.files.arrays import file_of
from nextlabel.simulation.parts import OWN, Parts
from nextlabel.text import show_path


def bring_within_reach(parts: Parts, engine: Executor) -> Parts:
    """The parts as the engine's workers can open them: features that lie in a file they do not see travel as an array.

    An engine on this machine sees what this process sees, and takes them as they are.
    """
    sees, path = _eyes(engine), parts.embedding.path
    if sees is None or path is None or sees(path):
        return parts
    array = np.array(parts.embedding.array)  # a copy in memory: once at the scheduler, and once at each worker
    table = parts.dataset.table
    # One array, not two: of a table the features are the table itself.
    dataset = parts.dataset if table is None or file_of(table) is None else replace(parts.dataset, table=array)
    return replace(parts, dataset=dataset, features=replace(parts.embedding, source=array))


def refuse_out_of_reach(parts: Parts, engine: Executor) -> None:
    """Raise `CannotGo` where a model learns from pictures that the engine's workers do not see."""
    sees, pictures = _eyes(engine), parts.dataset.pictures
    if sees is None or parts.embedder != OWN or not isinstance(pictures, FolderPictures):
        return
    if isinstance(first := pictures.files[0], str) and not sees(Path(first)):
        raise CannotGo(
            f"'{parts.experiment.model}' learns from the pictures themselves, and the cluster's workers do not see "
            f"'{show_path(Path(first))}'. Put the folder on a disk that all machines share, under the same path; or "
            "learn from features of an embedder, which travel."
        )


def _eyes(engine: Executor) -> Callable[[Path], bool] | None:
    """Does a file lie under the same path at all workers? None where they are on this machine."""
    return getattr(engine, "sees", None)
