"""What a receipt would say in a simulation, beside the truth that nobody who labels can know."""

from typing import Any

import numpy as np

from nextlabel.estimators import estimate
from nextlabel.estimators.base import Figure, History, Look
from nextlabel.estimators.random_arm import STEPS, equal_count
from nextlabel.loop.guesses import Seen, guess_by_chance, guess_by_queue, guess_of
from nextlabel.loop.learner import ActiveLearner
from nextlabel.loop.observer import Aside, Observer
from nextlabel.loop.rounds import Round
from nextlabel.models.base import Fitted
from nextlabel.pool import Ids, Labels
from nextlabel.runs.lines import Arm
from nextlabel.simulation.parts import Parts

LOOKED = frozenset({"new", "rest", "classes", "against_random", "worth"})  # figures of a look: they stand till the next


class Watch:
    """Sees one arm round by round."""

    def __init__(self, parts: Parts, arm: Arm, learner: ActiveLearner) -> None:
        self.parts, self.arm, self.learner = parts, arm, learner
        self.observer = Observer()
        self._side = len(parts.pool(arm.seed).audit)
        self._looks = 0
        self._figures: dict[str, dict[str, Any]] = {}  # those of the last look stand until the next

    def see(self, this: Round) -> dict[str, Any]:
        """A row: the figures that would be shown, each with its truth as far as that is known in this round."""
        seen = Seen(this.pool, this.fitted, this.asked, this.view, self.learner)
        # Nobody knew what they are: they left the population.
        history = self.observer.see(seen, Aside(discarded=self._side - len(this.pool.audit)))
        said, truth = estimate(history), self._truth(seen, history)
        for name, figure in said.items():
            if _speaks(figure) and (name not in LOOKED or len(history.looks) > self._looks):
                self._figures[name] = _plain(figure) | {"truth": truth.get(name)}
            elif not _speaks(figure):
                self._figures.pop(name, None)
        self._looks = len(history.looks)
        return {
            "strategy": self.arm.strategy,
            "seed": self.arm.seed,
            "round": this.k,
            "labelled": len(this.pool.labelled()),
            "audit": history.audit,
            "test": len(self.parts.splits[self.arm.seed].test),
            "figures": dict(self._figures),
            "truth": self._now(seen),
        }

    def _now(self, seen: Seen) -> dict[str, float | None]:
        """How good the model is in this round, on new samples and on the rest, whoever knows it."""
        rest = self._rest(seen)
        test = self._with_answers(self.parts.splits[self.arm.seed].test)
        return {
            "new": self._agreement(seen.fitted, test),
            "rest": self._agreement(seen.fitted, rest),
            "left": len(rest),
        }

    def _rest(self, seen: Seen) -> Ids:
        pool = seen.pool
        return self._with_answers(np.union1d(pool.unlabelled(), pool.audit[pool.y[pool.audit] < 0]))

    def _truth(self, seen: Seen, history: History) -> dict[str, float | None]:
        """The truth of the figures of a look, when it is taken; of what is to come nobody knows it yet."""
        if len(history.looks) == self._looks:
            return {}
        test, k = self._with_answers(self.parts.splits[self.arm.seed].test), equal_count(history.audit)
        found = {"new": self._agreement(seen.fitted, test), "rest": self._agreement(seen.fitted, self._rest(seen))}
        if k in history.looks[-1].queue and len(test):
            answers = self.parts.oracles[self.arm.seed](test)
            beaten = float(np.mean([(one == answers).mean() for one in guess_by_chance(seen, test)]))
            found["against_random"] = 100 * (float((guess_by_queue(seen, k, test) == answers).mean()) - beaten)
            found["worth"] = _reach(seen, history.looks[-1], test, answers, beaten)
        return found

    def _with_answers(self, ids: Ids) -> Ids:
        return ids[self.parts.oracles[self.arm.seed](ids) >= 0]

    def _agreement(self, fitted: Fitted, ids: Ids) -> float | None:
        """With whoever answers: of a noisy one, that is all that audit answers can tell."""
        if not len(ids):
            return None
        found = guess_of(fitted, ids) == self.parts.oracles[self.arm.seed](ids)
        return float(found.mean())


def _reach(seen: Seen, look: Look, test: Ids, answers: Labels, accuracy: float) -> float:
    """How many of the queue's labels a model needs to be so accurate, between the counts that were tried.

    The first of them where it is there at once, and twice the last where it never is: nothing beyond is known.
    """
    before: tuple[int, float] | None = None
    for k in (k for k in sorted(look.queue) if k in STEPS):
        now = float((guess_by_queue(seen, k, test) == answers).mean())
        if now >= accuracy:
            if before is None:
                return float(k)
            return before[0] + (k - before[0]) * (accuracy - before[1]) / (now - before[1])
        before = k, now
    return 2.0 * (before[0] if before else 0)


def _speaks(figure: Figure) -> bool:
    return any(number is not None for number in (figure.value, figure.low, figure.high))


def _plain(figure: Figure) -> dict[str, Any]:
    numbers = {name: getattr(figure, name) for name in ("value", "low", "high", "audit", "labelled")}
    return numbers | {"more": {name: value for name, value in figure.more.items() if isinstance(value, int | float)}}
