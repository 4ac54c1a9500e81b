"""An arm in strides: what a worker is asked for at a time, about a second of work.

An engine sends tasks, and has results. A whole arm would be too much for one: its lines would come at its end, and be
lost until then. So an arm is played stride after stride, each of which names all that it goes on from.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from time import perf_counter
from typing import NamedTuple

from nextlabel.errors import naming
from nextlabel.runs.lines import Arm, Line
from nextlabel.simulation.arm import play
from nextlabel.simulation.parts import Parts

SECONDS = 1.0  # of a stride, which has a round at least: so much work is lost by a kill


class Stride(NamedTuple):
    """The next lines of an arm, after those ``played``, ``until`` there are so many; None: to its end.

    ``which`` counts the experiments that are played side by side.
    """

    arm: Arm
    played: Sequence[Line]
    until: int | None = None
    which: int = 0

    def successor(self, lines: Sequence[Line]) -> "Stride | None":
        """The stride after this one, which gave ``lines``; none where the arm, or its turn, is at its end."""
        # All lines so far travel with the stride, so any worker can take it; Player saves the one that knows the arm
        # the replay.
        played = [*self.played, *lines]
        return None if lines[-1].last or len(played) == self.until else self._replace(played=played)


class Player:
    """Plays strides: work for an engine.

    The arm that was played last waits where it was left. Mostly it is asked for next, and is not replayed up to there,
    which with ``ahead`` would train its last model again; anything else is replayed, to the same lines.
    """

    def __init__(self, parts: Parts, title: str = "") -> None:
        """``title`` stands before what is refused, where several experiments are played."""
        self.parts, self.title = parts, title
        self._left: dict[tuple[Arm, int], Iterator[Line]] = {}  # by arm and how many lines it has; one at most

    def __reduce__(self) -> tuple[type["Player"], tuple[Parts, str]]:
        return Player, (self.parts, self.title)  # what was left stays where it is

    def __call__(self, stride: Stride) -> list[Line]:
        """At least one line, as many as ``SECONDS`` allow."""
        with naming(self.title):
            return self._play(stride)

    def _play(self, stride: Stride) -> list[Line]:
        arm, played, until, _ = stride
        # By the number of lines too: an older stride of the same arm must not go on from a later place.
        loop = self._left.pop((arm, len(played)), None) or play(self.parts, arm, played)
        # Whatever else was left is dropped: a loop holds a pool and a model, and this worker has gone on to another
        # arm.
        self._left.clear()
        lines, began = list[Line](), perf_counter()
        # The time is looked at between rounds: a round is never cut, so a stride gives one line at least.
        for line in islice(loop, None if until is None else until - len(played)):
            lines.append(line)
            if perf_counter() - began > SECONDS:
                break
        self._left[arm, len(played) + len(lines)] = loop
        return lines
