"""Near-duplicates and outliers, to look through: found by the worker once for the samples that are there."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.labelling.people import People
from nextlabel.labelling.project import Project
from nextlabel.labelling.trainer import Trainer
from nextlabel.labelling.views import Views
from nextlabel.labelling.wire import unpack_array

Json = dict[str, Any]
PATIENCE = 3_600.0  # seconds that a look may take


class Oddities:
    """The near-duplicates and the outliers of a project, of the strategy's side alone."""

    def __init__(self, project: Project, trainer: Trainer, views: Views, people: People) -> None:
        self.project, self.trainer, self.views, self.people = project, trainer, views, people
        self._is_looking = False
        self._looked_at = 0  # samples whose vectors were there at the last look
        self._found: dict[str, npt.NDArray[Any]] | None = None

    def read(self, kind: str, offset: int, count: int) -> Json | None:
        """A page of them, as `Views.samples` gives rows; None while they are looked for, which this begins."""
        with self.project.lock:
            if self._found is None or self._is_old():
                self._begin()
                return None
            groups = list(self._list_groups(self._found[kind]))
            each = 2 if kind == "near-duplicates" else 1
            ids = [one for group in groups[offset // each : (offset + count) // each] for one in group]
            rows = self.views.rows(ids, self.people.by_id())
        return {
            "total": each * len(groups),
            "samples": [{**row, "text": self.views.text(row["sample"])} for row in rows],
        }

    def _list_groups(self, found: npt.NDArray[Any]) -> Iterator[list[int]]:
        """Pairs, or single ones, none of which is of the audit side, put aside or gone; a pair whole or not at all."""
        files, project = self.project.state.files, self.project
        for group in found.tolist():
            verdicts = [project.verdicts.get(files.first(one)) for one in group]  # a copy has its first's
            is_put_aside = any(one is not None and one.kind == "discard" for one in verdicts)
            is_there = all(files.is_there(one) for one in group)
            if is_there and not is_put_aside and not any(project.is_audit(one) for one in group):
                yield group

    def _is_old(self) -> bool:
        """Were many samples read since the last look? As of the map: a tenth more; few more wait for a new one."""
        done = self.trainer.done
        return done >= self.trainer.total and done > 1.1 * self._looked_at

    def _begin(self) -> None:
        if not self._is_looking and self.trainer.is_ready:
            self._is_looking = True
            threading.Thread(target=self._look, daemon=True, name="oddities").start()

    def _look(self) -> None:
        reply = self.trainer.ask({"do": "oddities"}, PATIENCE) or {}
        with self.project.lock:
            self._is_looking = False
            if "pairs" in reply:
                pairs, far = (unpack_array(reply[name], np.int32) for name in ("pairs", "outliers"))
                self._found = {"near-duplicates": pairs.reshape(-1, 2), "outliers": far.reshape(-1, 1)}
                self._looked_at = int(reply["samples"])
