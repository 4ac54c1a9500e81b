"""What the page needs of a labelling: the contract between `nextlabel.web` and whoever asks and keeps.

Ids are whole numbers, times seconds since 1970 (UTC). What is given back is JSON as Python has it, in the shapes of
`nextlabel.web.shapes`, which check it on its way out; what comes in has been checked by them already.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from nextlabel.datasets.greys import Scales

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

    @property
    def scales(self) -> Scales:
        """What is black and white in pictures of more than 8 bits, as far as the folder was read: none, in most."""
        ...

    def locate(self, sample: int) -> tuple[str, bool]:
        """The path of a sample's file within ``root``, and whether it is a link that leaves it on purpose."""
        ...

    def overview(self, annotator: int) -> Json:
        """Where the labelling stands: `shapes.Overview`. ``demo`` says whether `answer_demo` can be asked."""
        ...

    def rescan(self, annotator: int) -> Json:
        """Look through the folder again: `shapes.Scan`, files that joined since the last look, and that are gone.

        Returns when the files are known; they are embedded behind it. Raises `Conflict` where there is no folder to
        look through (a demonstration, a table of texts).
        """
        ...

    def questions(self, annotator: int, count: int) -> list[Json]:
        """The next questions, leased to this annotator; those not answered yet come first again.

        ``text`` is whole. ``prediction`` is what the shown model says, as ``{class_id, p}``, where the setting
        ``predictions`` is on, and null everywhere where it is off. It is always null for an audit question, whatever
        is set: nobody may be led there. Null says no more than that; the page shows nothing then, not even a gap.
        """
        ...

    def answer(self, annotator: int, answer: Mapping[str, Any]) -> Json:
        """Keep one answer, on the disk before this returns; the same ``client`` twice is kept once."""
        ...

    def answer_demo(self, annotator: int, count: int) -> int:
        """Let an oracle answer the next ``count`` questions in this annotator's name; how many it answered.

        Fewer where fewer are left; raises `Conflict` where nobody knows the answers, which is everywhere but in a
        demonstration. May take seconds. They are answers like others, taken back one by one.
        """
        ...

    def undo(self, annotator: int, client: str, of: str | None = None) -> Json:
        """Take back the annotator's last answer, a grid's answers as one; raises `Conflict` where there is none.

        ``of`` names another one by its client id: where that does not stand any more, nothing is taken back.
        """
        ...

    def recent(self, annotator: int, count: int) -> list[Json]:
        """This annotator's last answers that still stand, latest first."""
        ...

    def add_class(self, annotator: int, name: str) -> list[Json]:
        """All classes, with a new one at the end."""
        ...

    def change_class(self, annotator: int, class_id: int, changes: Mapping[str, Any]) -> list[Json]:
        """All classes, one of them changed: ``changes`` holds any of ``name``, ``key``, ``description``, ``example``.

        ``example`` is the sample whose picture stands for the class, null for none; any sample of the project may.
        A null ``key`` frees it, a null or empty ``description`` is none.
        """
        ...

    def merge_class(self, annotator: int, class_id: int, into: int) -> list[Json]:
        """All classes, one of them merged into another: old answers stay, and count for the other."""
        ...

    def samples(self, query: Mapping[str, Any]) -> Json:
        """A page of samples: `shapes.Samples`, of which ``total`` counts all that the query finds.

        ``query`` holds ``class_id``, ``annotator`` (a name), ``text`` (within path, note and the sample's own text,
        whatever the case), ``ids`` (all null where not asked for), ``grid``, ``offset`` and ``count``, which is larger
        than any project in an export; ``without_texts`` is true there, for which no text need be read.

        - Without ``grid``: what is labelled, the latest first; ``class_id`` and ``annotator`` are those of the label.
        - With ``grid``: unlabelled ones of the strategy side, the chooser's surest first; ``class_id`` and ``score``
          are the chooser's, or null where there is none yet. The query's ``class_id`` keeps those predicted as it.
        - ``ids`` (drawn around on the map) keeps those alone, in their order. With ``grid`` those of the audit side
          and those that are labelled are left out, silently.
        """
        ...

    def neighbours(self, sample: int) -> Json:
        """Where a sample stands: `shapes.Neighbours`, its own path and whole text, and the samples before and after.

        In the folder's order, which is that of the relative paths; null at either end. To look at: nothing is leased.
        """
        ...

    def oddities(self, kind: str, offset: int, count: int) -> Json | None:
        """A page of ``"near-duplicates"`` or of ``"outliers"``: `shapes.Samples`; None while they are looked for.

        Near-duplicates come pair by pair, the nearest first: the first and the second sample are one pair, and so on;
        ``offset`` and ``count`` are even. A sample may be in several. Nothing of the audit side is there, so no pair
        with one of it; what is labelled is, with its label.
        """
        ...

    def answer_grid(self, annotator: int, answer: Mapping[str, Any]) -> Json:
        """Keep what a grid was answered with, as one; what is labelled by now or of the audit side stays as it is."""
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
        """What is set now: `shapes.Settings`.

        ``strategies`` are the specifications to choose from, the one that is set among them; ``embedder`` is what
        turns samples into features, and is not changed from the page.
        """
        ...

    def change_settings(self, annotator: int, changes: Mapping[str, Any]) -> Json:
        """What is set after some of it was changed, from the next batch on.

        ``changes`` holds what was named alone: any of `shapes.SettingsChanges`. A null ``goal``, ``error_value`` or
        ``label_cost`` unsets it. ``actions`` replaces all that were bound before. Raises a `Mistake` for a strategy
        that cannot be read, and `Conflict` for two actions on one key.
        """
        ...

    def check_rest(self, annotator: int, count: int) -> int:
        """Put questions drawn from all that have no label at the front of the queue; how many there are."""

    def receipt(self) -> Json:
        """What may be said honestly so far: `receipt_shapes.Receipt`.

        ``agreement`` is between people, over samples that two of them labelled: Cohen's kappa with its 95 % interval
        (``low``, ``high``) and the number of such ``pairs``; null where there are too few for an interval.
        """
        ...

    def look_ahead(self) -> None:
        """Begin to look whether asking will go on helping; returns at once.

        Raises `Conflict` where there are too few audit answers to look at. May take a minute, in which nothing else
        waits; a second call meanwhile begins nothing.
        """
        ...

    def outlook(self) -> Json | None:
        """What the last look ahead found: `outlook_shapes.OutlookNow`; None while one is under way."""
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
