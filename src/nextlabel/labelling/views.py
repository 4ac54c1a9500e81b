"""What may be looked at: samples by class, by annotator, by words; a grid of what the chooser is surest of."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nextlabel.labelling.project import Project
from nextlabel.labelling.trainer import Trainer
from nextlabel.store import Event, Verdict

Json = dict[str, Any]


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
            return project.source.text(project.path(sample)) or ""
        except (OSError, ValueError):
            return ""

    def samples(self, query: Mapping[str, Any], names: Mapping[int, str]) -> Json:
        """A page of samples, as `nextlabel.web.base.Session.samples` says."""
        with self.project.lock:
            rows = list(self._surest(query) if query["grid"] else self._labelled(query, names))
            if (ids := query["ids"]) is not None:
                place = {one: i for i, one in enumerate(ids)}
                rows = sorted((row for row in rows if row["sample"] in place), key=lambda row: place[row["sample"]])
            if query["text"]:
                rows = [row for row in rows if self._says(row, query["text"].casefold())]
            page = rows[query["offset"] : query["offset"] + query["count"]]
            return {"total": len(rows), "samples": [{**row, "text": self.text(row["sample"])} for row in page]}

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

    def _surest(self, query: Mapping[str, Any]) -> Iterator[Json]:
        """Unlabelled samples of the strategy's side; the surest first."""
        project, found = self.project, self.trainer.predicted
        known = set[int]()
        resolve = project.state.classes.resolve
        if found is not None:
            for sample, class_id, score in zip(
                found.samples.tolist(), found.classes.tolist(), found.scores.tolist(), strict=True
            ):
                known.add(sample)
                if query["class_id"] in (None, resolve(class_id)) and self._is_open(sample):
                    yield {
                        "sample": sample,
                        "path": project.path(sample),
                        "class_id": resolve(class_id),
                        "score": min(max(score, 0.0), 1.0),
                    }
        if query["class_id"] is None:
            for sample in query["ids"] if query["ids"] is not None else self.in_order():
                if sample not in known and self._is_open(sample):
                    yield {"sample": sample, "path": project.path(sample), "class_id": None, "score": None}

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
        upto = project.state.settings_id or 0, len(project.state.files.there)
        if self._order[0] != hash(upto):
            by_row = project.settings.text_column is not None
            there = sorted(
                project.state.files.there,
                key=lambda i: int(project.path(i)) if by_row else project.path(i),
            )
            self._order = hash(upto), there
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
