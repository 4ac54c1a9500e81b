"""What the page needs of a labelling: the contract between `nextlabel.web` and whoever asks and keeps.

Ids are whole numbers, times seconds since 1970 (UTC). What is given back is JSON as Python has it, in the shapes of
`nextlabel.web.shapes`, which check it on its way out; what comes in has been checked by them already.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

Json = dict[str, Any]


class Session(Protocol):
    """One labelling, open: one per server. Its methods may be called from several threads at once.

    They raise `NotThere` for an id that nothing has, `Conflict` for what cannot be done as things stand now, another
    `Mistake` for what can never be, and `CannotGo` where the world says no (a full disk). The sentence of the error
    is shown to the person.
    """

    @property
    def project(self) -> str:
        """The project's own random name: what a browser keeps for one project is never sent to another."""
        ...

    @property
    def root(self) -> Path:
        """The folder of the pictures."""
        ...

    def locate(self, sample: int) -> tuple[str, bool]:
        """The path of a sample's file within ``root``, and whether it is a link that leaves it on purpose."""
        ...

    def overview(self, annotator: int) -> Json:
        """Where the labelling stands: `shapes.Overview`."""
        ...

    def questions(self, annotator: int, count: int) -> list[Json]:
        """The next questions, leased to this annotator; those not answered yet come first again."""
        ...

    def answer(self, annotator: int, answer: Mapping[str, Any]) -> Json:
        """Keep one answer, on the disk before this returns; the same ``client`` twice is kept once."""
        ...

    def undo(self, annotator: int, client: str) -> Json:
        """Take back the annotator's last answer, a grid's answers as one; raises `Conflict` where there is none."""
        ...

    def recent(self, annotator: int, count: int) -> list[Json]:
        """This annotator's last answers that still stand, latest first."""
        ...

    def add_class(self, annotator: int, name: str) -> list[Json]:
        """All classes, with a new one at the end."""
        ...

    def change_class(self, annotator: int, class_id: int, changes: Mapping[str, Any]) -> list[Json]:
        """All classes, one of them with another name, key or description."""
        ...

    def merge_class(self, annotator: int, class_id: int, into: int) -> list[Json]:
        """All classes, one of them merged into another: old answers stay, and count for the other."""
        ...

    def samples(self, query: Mapping[str, Any]) -> Json:
        """A page of the samples that are labelled, or (``grid``) of those the chooser is surest of."""
        ...

    def answer_grid(self, annotator: int, answer: Mapping[str, Any]) -> Json:
        """Keep what a grid was answered with, as one."""
        ...

    def map(self) -> Json | None:
        """All samples in two dimensions, as columns; None while it is computed, which this call begins."""
        ...

    def lasso(self, annotator: int, samples: Sequence[int]) -> int:
        """Put these at the front of the queue; how many come next."""
        ...

    def review(self, annotator: int) -> list[Json]:
        """Labels to look at once more: disputed ones first, then those that are probably wrong."""
        ...

    def settings(self) -> Json:
        """What is set now: `shapes.Settings`."""
        ...

    def change_settings(self, annotator: int, changes: Mapping[str, Any]) -> Json:
        """What is set after some of it was changed, from the next batch on."""
        ...

    def receipt(self) -> Json:
        """What may be said honestly so far: `shapes.Receipt`."""
        ...

    def changes(self, after: int) -> list[Json]:
        """What changed after change number ``after``, each with its ``number``; returns at once."""
        ...

    def invite(self, name: str, digest: str) -> int:
        """Let somebody in: the annotator of that name, new where there is none, with an invitation of that digest."""
        ...

    def redeem(self, digest: str) -> int | None:
        """Whose invitation this is; None where nobody's, or where it was used before: it works once."""
        ...
