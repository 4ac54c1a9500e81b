"""Will asking go on helping? Looked at when somebody asks, by the worker; what it found last is kept in memory."""

import threading
from typing import Any

from nextlabel.errors import Conflict
from nextlabel.labelling.project import Project
from nextlabel.labelling.trainer import Trainer

Json = dict[str, Any]
FIRST = 30  # audit answers, from which on it may be asked
PATIENCE = 3_600.0  # seconds that a look may take
BROKE_OFF = "The look ahead broke off. Look ahead again."
NOT_READ = "Not everything is read yet, so there is nothing to look at. Look ahead again when it is."


class Outlooks:
    """The outlook of a project: one at a time, and the last one that there was."""

    def __init__(self, project: Project, trainer: Trainer) -> None:
        self.project, self.trainer = project, trainer
        self._is_looking = False
        self._found: Json | None = None
        self._silent: str | None = None  # why the last look found nothing

    def begin(self) -> None:
        """Begin to look ahead, unless somebody does already. Raises `Conflict` before there is enough to look at."""
        with self.project.lock:
            audit = count_audit(self.project)
            if audit < FIRST:
                raise Conflict(f"It takes {FIRST} audit answers to look ahead, and there are {audit}. Answer on.")
            if not self._is_looking:
                self._is_looking = True
                threading.Thread(target=self._look, daemon=True, name="outlook").start()

    def read(self) -> Json | None:
        """What was found last, and how many audit answers there are by now; None while it is looked for."""
        with self.project.lock:
            if self._is_looking:
                return None
            audit = count_audit(self.project)
            return {"audit": audit, "lacking": max(0, FIRST - audit), "outlook": self._found, "silent": self._silent}

    def _look(self) -> None:
        ready = self.trainer.is_ready
        reply = self.trainer.ask({"do": "outlook"}, PATIENCE) or {}
        with self.project.lock:
            self._found = reply.get("outlook", self._found)
            self._silent = None if "outlook" in reply else reply.get("silent", BROKE_OFF if ready else NOT_READ)
            self._is_looking = False
            self.project.announce("receipt")


def count_audit(project: Project) -> int:
    """How many audit answers there are: labels of that side that somebody was asked for, and no imports."""
    labels = [i for i, verdict in project.verdicts.items() if verdict.kind == "label"]
    return sum(project.is_audit(i) and project.past.was_asked(i) for i in labels)
