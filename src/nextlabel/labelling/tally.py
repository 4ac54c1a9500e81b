"""What is counted while the log is followed: how fast people answer, and what a client id was used for."""

from collections import defaultdict, deque
from datetime import datetime

from nextlabel.store import Event

BREAK = 60.0  # seconds without an answer that are no work any more
RECENT = 20  # answers that a pace is read from
FEWEST = 5


class Tally:
    """Times and clients of all answers."""

    def __init__(self) -> None:
        self.seconds = 0.0  # that people spent answering
        self.events: dict[int, Event] = {}  # answers and notes, by id
        self.by_client: dict[str, Event] = {}
        self._last: dict[int | None, datetime] = {}  # when each annotator answered last
        self._gaps: defaultdict[int | None, deque[float]] = defaultdict(lambda: deque(maxlen=RECENT))

    def add(self, event: Event) -> None:
        """Follow one event."""
        if event.kind in ("label", "skip", "discard", "note", "undo"):
            self.by_client[event.client_id] = event
        if event.kind not in ("label", "skip", "discard", "note"):
            return
        self.events[event.id] = event
        if event.how in ("import", "grid") or event.kind == "note":
            return
        last = self._last.get(event.annotator_id)
        # What waited in another tab to be sent comes late, and takes no time that was counted already.
        self._last[event.annotator_id] = max(last or event.at, event.at)
        if last is not None:
            gap = min(max((event.at - last).total_seconds(), 0.0), BREAK)
            self.seconds += gap
            self._gaps[event.annotator_id].append(gap)

    def sample_of(self, event: Event) -> int | None:
        """The sample that an event is about; of an undo, that of the answer that it takes back."""
        if event.kind != "undo":
            return event.sample_id
        back = self.events.get(event.takes_back or 0)
        return None if back is None else back.sample_id

    def pace(self, annotator: int) -> float | None:
        """Answers a minute, of late; None where it is too early to say."""
        gaps = self._gaps.get(annotator, ())
        total = sum(gaps)
        return 60 * len(gaps) / total if len(gaps) >= FEWEST and total > 0 else None
