"""What people say: answers, undone answers, grids; each on the disk before anybody is told that it is kept."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from nextlabel.errors import Conflict, NotThere
from nextlabel.labelling.past import REVIEW
from nextlabel.labelling.project import Project
from nextlabel.labelling.queue import Queue
from nextlabel.labelling.reasons import explain
from nextlabel.store import Ask, Choice, Entry, Event, Question

Json = dict[str, Any]
LONGEST = timedelta(days=30)  # for which an answer may have waited to be sent
GRID = "grid"  # what an entry's data call the grid that it belongs to


class Answers:
    """Takes answers in."""

    def __init__(self, project: Project, queue: Queue) -> None:
        self.project, self.queue = project, queue

    def keep(self, annotator: int, said: Mapping[str, Any]) -> Json:
        """Keep an answer, and say why it was asked; raises `NotThere` for a sample, class or question of nobody's."""
        project = self.project
        with project.lock:
            known = project.tally.by_client.get(said["client"])
            sample = project.sample(said["sample"]).id
            class_id = None if said["class_id"] is None else self._class(said["class_id"])
            if known is None:
                ask = self._ask(annotator, said, sample)
                event = self._append(annotator, said, sample, class_id, ask)
            else:
                self._check_same(known, annotator, said)
                ask, event = self._known_ask(known), known
            # A note and a skip are no answers: whoever reads why before the answer knows an audit question.
            why = self._why(ask) if event.kind in ("label", "discard") else None
            return {"event": event.id, "why": why, "agrees": self._agrees(ask, event)}

    def _check_same(self, known: Event, annotator: int, said: Mapping[str, Any]) -> None:
        """Raise `Conflict` where a client id stands for another answer: that one would be lost without a word."""
        resolve = self.project.state.classes.resolve
        classes = [None if one is None else resolve(one) for one in (known.class_id, said["class_id"])]
        same = (known.kind, known.sample_id, known.annotator_id) == (said["kind"], said["sample"], annotator)
        if not same or classes[0] != classes[1]:
            raise Conflict("An answer with this id is kept already, and it is another one. Send a new id with each.")

    def _append(
        self, annotator: int, said: Mapping[str, Any], sample: int, class_id: int | None, ask: Ask | None
    ) -> Event:
        note = None if said["note"] is None else {"text": said["note"]}
        entry = Entry(
            said["client"],
            said["kind"],
            annotator,
            ask.id if ask else None,
            sample,
            class_id,
            how="button" if said["how"] in ("review", "grid") else said["how"],
            data=note,
            at=self._time(said["answered_at"]),
            shown_at=_moment(said["shown_at"]),
        )
        return self.project.append(entry)[0]

    def _time(self, seconds: float | None) -> datetime | None:
        """When somebody answered, by their own clock as far as ours allows: an answer may have waited in a browser."""
        if seconds is None:
            return None
        now = self.project.now()
        return min(max(datetime.fromtimestamp(seconds, UTC), now - LONGEST), now)

    def _class(self, class_id: int) -> int:
        classes = self.project.state.classes
        if class_id not in classes.by_id:
            raise NotThere(f"There is no class {class_id} in this project.")
        return classes.resolve(class_id)

    def _ask(self, annotator: int, said: Mapping[str, Any], sample: int) -> Ask | None:
        """The question that is answered; what is decided in Review is a question of its own, a correction is none."""
        if said["how"] == "review" and said["kind"] != "note":
            state = self.project.state
            choice = Choice(state.upto, REVIEW, None, state.settings_id, last_batch=self.project.past.last_batch)
            return self.project.add_batch(choice, [Question(sample, "review")]).asks[0]
        ask_id = said["ask"]
        if ask_id is None:
            if said["kind"] != "note":
                self._check_asked(annotator, sample)
            return None
        found = self.queue.find(ask_id)
        if found is None or found.sample_id != sample:
            raise NotThere(f"There is no question {ask_id} about sample {sample} in this project.")
        return found

    def _check_asked(self, annotator: int, sample: int) -> None:
        """Raise `Conflict` for an answer that nobody asked for: audit samples are asked in their order, or not at all.

        For the others as well, or the refusal would tell which is which.
        """
        project = self.project
        known = project.state.files.first(sample) in project.verdicts or self.queue.ask_of(sample) is not None
        if not known and project.state.holder(sample, project.now()) != annotator:
            raise Conflict("Nobody was asked about this sample yet. Answer the questions, or correct an answer.")

    def _known_ask(self, event: Event) -> Ask | None:
        return None if event.ask_id is None else self.queue.find(event.ask_id)

    def _why(self, ask: Ask | None) -> Json | None:
        if ask is None:
            return None
        classes = self.project.state.classes
        names = {one: classes.by_id[classes.resolve(one)].name for one in classes.by_id}
        return {"reason": ask.why, "words": explain(ask, names)}

    def _agrees(self, ask: Ask | None, event: Event) -> bool | None:
        """Did the model expect that? Of audit questions nobody is told."""
        if event.kind != "label" or ask is None or ask.why == "audit" or not ask.probabilities:
            return None
        if event.sample_id is None or self.project.is_audit(event.sample_id):
            return None
        likeliest = max(ask.probabilities, key=lambda one: (ask.probabilities or {})[one])
        resolve = self.project.state.classes.resolve
        return resolve(likeliest) == resolve(event.class_id or 0)

    def undo(self, annotator: int, client: str, of: str | None = None) -> Json:
        """Take back somebody's last answer, a grid's answers as one; raises `Conflict` where there is none.

        ``of`` is the client id of the answer that is meant: with two pages open, the last one may be the other page's.
        """
        project = self.project
        with project.lock:
            known = project.tally.by_client.get(client)
            if known is not None and known.takes_back is not None:
                return self._undone(known, project.tally.events[known.takes_back], annotator, again=True)
            last = self._last(annotator) if of is None else self._meant(annotator, of)
            backs = self._together(annotator, last)
            entries = [
                Entry(client if i == 0 else f"{client}-{i}", "undo", annotator, takes_back=one.id)
                for i, one in enumerate(backs)
            ]
            return self._undone(project.append(*entries)[0], last, annotator, again=False)

    def _last(self, annotator: int) -> Event:
        last = self.project.state.last_answers(annotator)
        if not last:
            raise Conflict("There is nothing to undo.")
        return last[0]

    def _meant(self, annotator: int, client: str) -> Event:
        """The answer of that client id, or one of that grid; raises `Conflict` where it does not stand."""
        project = self.project
        mine = project.state.last_answers(annotator, 20_000)
        grid = next((one for one in mine if (one.data or {}).get(GRID) == client), None)
        event = project.tally.by_client.get(client, grid)
        stands = event is not None and event.sample_id is not None and event in project.state.standing(event.sample_id)
        if event is None or not stands or event.annotator_id != annotator:
            raise Conflict("That answer was taken back already, perhaps on another page, or was never kept.")
        return event

    def _together(self, annotator: int, last: Event) -> list[Event]:
        """What is taken back as one: the answers of a grid, or the last alone."""
        grid = (last.data or {}).get(GRID)
        if grid is None:
            return [last]
        mine = self.project.state.last_answers(annotator, 20_000)
        return [event for event in mine if (event.data or {}).get(GRID) == grid]

    def _undone(self, undo: Event, back: Event, annotator: int, again: bool) -> Json:
        sample = back.sample_id
        assert sample is not None, "an answer is about a sample"
        question = None  # an answer that was corrected holds again: it is asked of nobody
        holds = annotator in self.project.state.opinions(sample)
        if back.how != "grid" and back.kind != "note" and not holds:
            if not again:
                self.queue.show_again(annotator, sample)
            ask = self._known_ask(back) or self.queue.ask_of(sample)
            question = {"ask": ask.id if ask else None, "sample": sample}
        return {"event": undo.id, "sample": sample, "question": question}

    def keep_grid(self, annotator: int, said: Mapping[str, Any]) -> Json:
        """Keep what is right in a grid: what is labelled by now, or of the audit side, stays as it is."""
        project = self.project
        with project.lock:
            class_id, client = self._class(said["class_id"]), said["client"]
            for sample in said["right"]:
                project.sample(sample)
            project.unlike[class_id].update(i for i in said["wrong"] if i < len(project.samples))
            done = [project.tally.by_client.get(f"{client}-{i}") for i in said["right"]]
            if any(done):
                return {"events": [event.id for event in done if event is not None]}
            right = [i for i in dict.fromkeys(said["right"]) if self._may_grid(i)]
            entries = [
                Entry(f"{client}-{i}", "label", annotator, None, i, class_id, how="grid", data={GRID: client})
                for i in right
            ]
            return {"events": [event.id for event in project.append(*entries)] if entries else []}

    def _may_grid(self, sample: int) -> bool:
        first = self.project.state.files.first(sample)
        return first not in self.project.verdicts and not self.project.is_audit(sample)

    def recent(self, annotator: int, count: int) -> list[Json]:
        """Somebody's last answers that stand, the newest first."""
        project = self.project
        with project.lock:
            resolve = project.state.classes.resolve
            return [
                {
                    "event": event.id,
                    "sample": event.sample_id,
                    "kind": event.kind,
                    "class_id": None if event.class_id is None else resolve(event.class_id),
                    "at": event.at.timestamp(),
                    "note": (event.data or {}).get("text"),
                }
                for event in project.state.last_answers(annotator, count)
            ]


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
