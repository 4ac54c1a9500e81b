"""The map: all samples in two dimensions. Where they lie is computed by the worker and kept beside the project."""

import io
import threading
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.files.atomic import write_atomically
from nextlabel.labelling.project import Project
from nextlabel.labelling.trainer import Trainer
from nextlabel.labelling.views import Views
from nextlabel.labelling.wire import unpack_array

Json = dict[str, Any]
FILE = "map.npz"
PATIENCE = 3_600.0  # seconds that a map may take


class Maps:
    """The map of a project."""

    def __init__(self, project: Project, trainer: Trainer, views: Views) -> None:
        self.project, self.trainer, self.views = project, trainer, views
        self._thread: threading.Thread | None = None
        self._held = self._read_file()

    def read(self) -> Json | None:
        """The map as columns; None while it is computed, which this begins."""
        with self.project.lock:
            there = self.project.state.files.askable()
            held = self._held
            lacking = len(there) if held is None else len(there - set(held[0].tolist()))
            if held is None or lacking * 10 > len(there):  # a tenth more: a new map; few more wait for one
                self._begin()
                return None
            return self._columns(*held)

    def _begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._compute, daemon=True, name="map")
            self._thread.start()

    def _compute(self) -> None:
        reply = self.trainer.ask({"do": "map"}, PATIENCE)
        if reply is None or "ids" not in reply:
            return
        ids, places = unpack_array(reply["ids"], np.int32), unpack_array(reply["places"], np.float32).reshape(-1, 2)
        out = io.BytesIO()
        np.savez(out, ids=ids, places=places)
        write_atomically(self.project.home / FILE, out.getvalue())
        with self.project.lock:
            self._held = ids, places
            self.project.announce("progress")

    def _read_file(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
        try:
            with np.load(self.project.home / FILE, allow_pickle=False) as kept:
                return kept["ids"], kept["places"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def _columns(self, held: npt.NDArray[Any], places: npt.NDArray[Any]) -> Json:
        project = self.project
        there = project.state.files.askable()
        rows = [row for row, one in enumerate(held.tolist()) if one in there]
        ids = [int(held[row]) for row in rows]
        guessed = dict(zip(ids, self.views.predicted_classes(ids), strict=True))
        queued = {ask.sample_id for batch in list(project.state.batches.values())[-3:] for ask in batch.asks}
        states = [self._state(one, queued) for one in ids]
        labels = [v.class_id if (v := project.verdicts.get(one)) is not None else None for one in ids]
        return {
            "ids": ids,
            "x": places[rows, 0].round(4).tolist(),
            "y": places[rows, 1].round(4).tolist(),
            "class_id": labels,
            "predicted": [
                guessed[one] if label is None and state != "audit" else None
                for one, label, state in zip(ids, labels, states, strict=True)
            ],
            "state": states,
        }

    def _state(self, sample: int, queued: set[int]) -> str:
        """Nothing tells which audit samples are asked next, or were answered."""
        if self.project.is_audit(sample):
            return "audit"
        verdict = self.project.verdicts.get(sample)
        if verdict is None:
            return "queued" if sample in queued else "open"
        return "disputed" if verdict.disputed else "labelled" if verdict.kind == "label" else "open"
