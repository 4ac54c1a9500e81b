"""Review: labels to look at once more. What two people say differently comes first, then what is probably wrong."""

from typing import Any

from nextlabel.labelling.people import People
from nextlabel.labelling.project import Project
from nextlabel.labelling.trainer import Trainer

Json = dict[str, Any]
PATIENCE = 30.0  # seconds
MOST = 200


class Review:
    """The labels of a project that deserve another look."""

    def __init__(self, project: Project, trainer: Trainer, people: People) -> None:
        self.project, self.trainer, self.people = project, trainer, people
        self._held: tuple[int, list[tuple[int, int, float]]] = (-1, [])

    def read(self) -> list[Json]:
        """Disputed ones, then doubtful ones, the worst first; what was decided here already is left out."""
        project = self.project
        with project.lock:
            disputed = [i for i, v in project.verdicts.items() if v.disputed]
            first = [self._row(i, None, None) for i in disputed]
        doubts = self._doubts()
        with project.lock:
            rows = [self._row(i, class_id, score) for i, class_id, score in doubts if self._is_doubtful(i, class_id)]
            return (first + [row for row in rows if row["sample"] not in disputed])[:MOST]

    def _doubts(self) -> list[tuple[int, int, float]]:
        classes = self.project.state.classes.by_id.values()
        upto = hash((len(self.project.tally.by_client), tuple(one.merged_into for one in classes)))
        if self._held[0] != upto:
            reply = self.trainer.ask({"do": "review", "upto": self.project.state.upto}, PATIENCE)
            if reply is None or "doubts" not in reply:
                return self._held[1]
            self._held = upto, [(int(i), int(class_id), float(score)) for i, class_id, score in reply["doubts"]]
        return self._held[1]

    def _is_doubtful(self, sample: int, model: int) -> bool:
        """Is it still labelled, otherwise than the model says, and not decided in Review?"""
        verdict = self.project.verdicts.get(sample)
        if verdict is None or verdict.kind != "label" or verdict.class_id == model:
            return False
        return not any(self.project.state.is_decision(event) for event in self.project.state.standing(sample))

    def _row(self, sample: int, model: int | None, score: float | None) -> Json:
        """Of audit samples the model's answer is not told: it would lead whoever looks."""
        project, resolve = self.project, self.project.state.classes.resolve
        opinions = project.state.opinions(sample)
        return {
            "sample": sample,
            "path": project.path(sample),
            "answers": [
                {"annotator": self.people.name(who) if who is not None else "imported", "class_id": resolve(one)}
                for who, event in opinions.items()
                if (one := event.class_id) is not None
            ],
            "model": None if project.is_audit(sample) else model,
            "score": None if project.is_audit(sample) else score,
        }
