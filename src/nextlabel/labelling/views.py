"""What may be looked at: samples by class, by annotator, by words; a grid of what the chooser is surest of."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from nextlabel.labelling.project import Project
from nextlabel.labelling.trainer import Trainer
from nextlabel.store import Event, Verdict

Json = dict[str, Any]


class Guess(NamedTuple):
    """What the chooser takes a sample for; nothing, where it has said nothing yet."""

    sample: int
    class_id: int | None = None
    score: float | None = None


class Views:
    """Reads a project; writes nothing."""

    def __init__(self, project: Project, trainer: Trainer) -> None:
        self.project, self.trainer = project, trainer
        self._order: tuple[int, list[int]] = (-1, [])  # the samples that are there by path, as of an event

    def text(self, sample: int) -> str | None:
        """A sample's text, where samples are texts; what cannot be read is empty."""
        project = self.project
        if project.source.kind == "picture":
            return None
        try:
            return project.source.text(project.path(sample), project.may_link_out(sample)) or ""
        except (OSError, ValueError):
            return ""

    def samples(self, query: Mapping[str, Any], names: Mapping[int, str]) -> Json:
        """A page of samples, as `nextlabel.web.base.Session.samples` says."""
        with self.project.lock:
            guesses = self._surest(query) if query["grid"] else []
            labels = [] if query["grid"] else list(self._labelled(query, names))
            if (ids := query["ids"]) is not None:
                place = {one: i for i, one in enumerate(ids)}
                guesses = sorted((one for one in guesses if one.sample in place), key=lambda one: place[one.sample])
                labels = sorted((row for row in labels if row["sample"] in place), key=lambda row: place[row["sample"]])
            page = slice(query["offset"], query["offset"] + query["count"])
            total = len(labels) + len(guesses)
            wanted = slice(None) if query["text"] else page  # a search looks at all of them
            rows = labels[wanted] or [self._guess_row(one) for one in guesses[wanted]]
        # Texts are read from the disk: whoever answers meanwhile waits for none of them.
        if query["text"]:
            words = query["text"].casefold()
            rows = [row for row in rows if self._says(row, words)]
            rows, total = rows[page], len(rows)
        if query.get("without_texts"):
            return {"total": total, "samples": rows}
        return {"total": total, "samples": [{**row, "text": self.text(row["sample"])} for row in rows]}

    def _says(self, row: Json, words: str) -> bool:
        texts = (row["path"], row.get("note") or "", self.text(row["sample"]) or "")
        return any(words in text.casefold() for text in texts)

    def _labelled(self, query: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[Json]:
        """What is labelled, the latest first."""
        project = self.project
        labels = [(v.event_id or 0, i, v) for i, v in project.verdicts.items() if v.kind == "label"]
        for event_id, sample, verdict in sorted(labels, reverse=True):
            event = project.tally.events[event_id]
            who = names.get(event.annotator_id or -1, "imported")
            if query["class_id"] not in (None, verdict.class_id) or query["annotator"] not in (None, who):
                continue
            yield self._row(sample, verdict, event, who)

    def _row(self, sample: int, verdict: Verdict, event: Event, who: str) -> Json:
        notes = [str((one.data or {}).get("text")) for one in self.project.state.notes(sample)]
        return {
            "sample": sample,
            "path": self.project.path(sample),
            "class_id": verdict.class_id,
            "annotator": who,
            "note": notes[-1] if notes else None,
            "at": event.at.timestamp(),
        }

    def _surest(self, query: Mapping[str, Any]) -> list[Guess]:
        """Unlabelled samples of the strategy's side; the surest first, then those of which nothing is known yet."""
        found, wanted = self.trainer.predicted, query["class_id"]
        guesses: list[Guess] = []
        if found is not None:
            columns = (found.samples.tolist(), found.classes.tolist(), found.scores.tolist())
            guesses = [Guess(*row) for row in zip(*columns, strict=True) if self._is_open(row[0])]
        if wanted is not None:
            resolve = self.project.state.classes.resolve
            unlike = self.project.unlike[wanted]
            own = (one for one in guesses if one.class_id is not None and resolve(one.class_id) == wanted)
            return [one for one in own if one.sample not in unlike]
        known = {one.sample for one in guesses}
        others = self.in_order() if query["ids"] is None else query["ids"]
        return [*guesses, *(Guess(i) for i in others if i not in known and self._is_open(i))]

    def rows(self, samples: list[int], names: Mapping[int, str]) -> list[Json]:
        """These, in their order: with their label, or what the chooser takes them for; a copy as its first is."""
        project = self.project
        firsts = [project.state.files.first(sample) for sample in samples]
        found = []
        for sample, first, guess in zip(samples, firsts, self.predicted_classes(firsts), strict=True):
            verdict = project.verdicts.get(first)
            if verdict is not None and verdict.kind == "label":
                event = project.tally.events[verdict.event_id or 0]
                found.append(self._row(sample, verdict, event, names.get(event.annotator_id or -1, "imported")))
            else:
                found.append(self._guess_row(Guess(sample, guess)))
        return found

    def _guess_row(self, guess: Guess) -> Json:
        class_id = None if guess.class_id is None else self.project.state.classes.resolve(guess.class_id)
        score = None if guess.score is None else min(max(guess.score, 0.0), 1.0)
        return {
            "sample": guess.sample,
            "path": self.project.path(guess.sample),
            "class_id": class_id,
            "score": score,
        }

    def _is_open(self, sample: int) -> bool:
        """Is it unlabelled, and on the side that a person may pick from?"""
        project, files = self.project, self.project.state.files
        return (
            files.is_there(sample)
            and sample not in files.copies
            and sample not in project.verdicts
            and not project.is_audit(sample)
        )

    def in_order(self) -> list[int]:
        """The samples that are there, in the order of their paths; of a table, of its rows."""
        project = self.project
        if self._order[0] != project.last_scan:
            by_row = project.settings.text_column is not None
            there = sorted(
                project.state.files.there,
                key=lambda i: int(project.path(i)) if by_row else project.path(i),
            )
            self._order = project.last_scan, there
        return self._order[1]

    def neighbours(self, sample: int) -> Json:
        """A sample's place in the folder's order."""
        with self.project.lock:
            path, order = self.project.path(sample), self.in_order()
            place = order.index(sample) if sample in order else -1
            before = order[place - 1] if place > 0 else None
            after = order[place + 1] if 0 <= place < len(order) - 1 else None
            return {
                "sample": sample,
                "path": path,
                "text": self.text(sample),
                "previous": before,
                "next": after,
            }

    def predicted_classes(self, ids: list[int]) -> list[int | None]:
        """What the chooser takes each of these for; None where it says nothing."""
        found = self.trainer.predicted
        if found is None:
            return [None] * len(ids)
        resolve = self.project.state.classes.resolve
        order = np.argsort(found.samples)
        samples, classes = found.samples[order], found.classes[order]
        places = np.minimum(np.searchsorted(samples, ids), max(len(samples) - 1, 0))
        return [
            resolve(int(classes[place])) if len(samples) and samples[place] == one else None
            for one, place in zip(ids, places.tolist(), strict=True)
        ]
