"""The receipt of a labelling: its log is looked at batch by batch, as the loop went, and estimators say what holds.

    receipts = Receipts(world, dataset)
    history = receipts.follow(visit)           # all batches that are in the store; later those that came since
    said = write_receipt(history, "picture", {0: "beach", 1: "mountain"})

A function of the log alone: whoever opens the project again, or asks on the command line, is told the same.
"""

import copy
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, NamedTuple, cast

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.estimators import estimate
from nextlabel.estimators.audit import audit
from nextlabel.estimators.base import Frozen, History
from nextlabel.labelling.aside import read_aside
from nextlabel.labelling.choosing import make_learner
from nextlabel.labelling.past import ASIDE, CHECK, LATE, Past, World, is_round
from nextlabel.labelling.settings import Settings
from nextlabel.loop.asking import Asked, Why
from nextlabel.loop.guesses import Seen, guess_of
from nextlabel.loop.learner import ActiveLearner, View, learn
from nextlabel.loop.observer import Observer
from nextlabel.pool import NOBODY
from nextlabel.store import Batch, Visit
from nextlabel.wording.receipt import ReceiptLine, describe_receipt


class Receipts:
    """Follows one log, in a world whose samples stay: whoever reads the folder anew begins again."""

    def __init__(self, world: World, dataset: Dataset) -> None:
        self.world, self.dataset = world, dataset
        self.past, self.now = Past(), Past()  # as far as batches have been seen, and to the end of the log
        self.observer = Observer(worth=False)
        self._seen = 0  # the last batch that was
        self._last: Seen | None = None
        self._check: _Check | None = None
        self._learner: tuple[Settings, ActiveLearner] | None = None

    def follow(self, visit: Visit) -> History:
        """The history with all that the store holds by now."""
        for batch in visit.batches(self._seen):
            self._seen = batch.id
            if is_round(batch):
                self.past.follow(visit, batch.choice.upto, batch.choice.last_batch + 1)
                self._last = self._show(self.past, self._read_batch(batch))
                self.observer.see(self._last, read_aside(self.past, self.world, self._last.pool))
            elif batch.choice.strategy == CHECK:
                self.past.follow(visit, batch.choice.upto, batch.choice.last_batch + 1)
                self._check = self._freeze(batch)
            elif batch.choice.strategy not in (*ASIDE, LATE) and self._last is not None:
                more = replace(self._last, asked=self._read_batch(batch))  # what the same chooser would have asked next
                self.observer.send(more, read_aside(self.past, self.world, more.pool))
        self.now.follow(visit)  # perhaps a batch further: one may have come meanwhile, and is seen the next time
        return self._end()

    def _end(self) -> History:
        """What holds now; where nothing is out, with all answers in, for no batch may follow."""
        known, settings = self.now.build_pool(self.world), self.now.settings
        aside = read_aside(self.now, self.world, known.pool)
        if self._last is not None and not len(known.out) and self.now.state.upto > self.past.state.upto:
            # By another observer: a batch that comes after all is seen as if nobody had looked here.
            found = copy.deepcopy(self.observer).see(self._show(self.now, Asked(NOBODY)), aside)
        else:
            found = self.observer.history(known.pool, aside)
        frozen = None if self._check is None else self._count(self._check)
        return replace(found, frozen=frozen, error_value=settings.error_value, label_cost=settings.label_cost)

    def _freeze(self, batch: Batch) -> "_Check":
        """What the model says, now that a check begins, of what was drawn for it."""
        seen, state = self._show(self.past, self._read_batch(batch)), self.past.state
        classes = np.array(self.past.classes() or (0,))[guess_of(seen.fitted, seen.asked.ids)]
        drawn = dict(zip(self.world.ids[seen.asked.ids].tolist(), classes.tolist(), strict=True))
        rest = [one for one in self.world.ids.tolist() if state.verdict(one).kind == "open"]
        return _Check(drawn, len(rest), len(seen.pool.labelled()))

    def _count(self, check: "_Check") -> Frozen:
        """How a check stands; who is not sure of a sample has not agreed with the model."""
        state = self.now.state
        verdicts = {one: state.verdict(one) for one in check.drawn if state.files.is_there(one)}
        said = {one: found for one, found in verdicts.items() if found.kind in ("label", "skip")}
        resolve = state.classes.resolve
        hits = sum(one.kind == "label" and one.class_id == resolve(check.drawn[i]) for i, one in said.items())
        waiting = sum(one.kind == "open" for one in verdicts.values())
        return Frozen(hits, len(said) - hits, check.rest, waiting, check.labelled)

    def _show(self, past: Past, asked: Asked) -> Seen:
        """A round as an observer sees it: models that know what was answered when its batch was chosen."""
        known, learner, k = past.build_pool(self.world), self._learn_with(past.settings), max(past.rounds() - 1, 0)
        view = View.of(known.pool, learner, k, out=known.out)  # as in `choose`
        return Seen(known.pool, learn(known.pool, learner, k), asked, view, learner)

    def _read_batch(self, batch: Batch) -> Asked:
        """A batch by rows; those of its samples that are gone are in no world."""
        there = [ask for ask in batch.asks if len(self.world.rows(np.array([ask.sample_id])))]
        rows = self.world.rows(np.array([ask.sample_id for ask in there], dtype=np.int64))
        scores = np.array([np.nan if ask.score is None else ask.score for ask in there], dtype=np.float64)
        return Asked(rows, tuple(cast(Why, ask.why) for ask in there), None if np.isnan(scores).all() else scores)

    def _learn_with(self, settings: Settings) -> ActiveLearner:
        """The learner of these settings; the same as before where they are, for it remembers what it would repeat."""
        if self._learner is None or self._learner[0] != settings:
            self._learner = settings, make_learner(settings, self.dataset)
        return self._learner[1]


class _Check(NamedTuple):
    """What was drawn, and what a model took it for: class ids by sample; of how many; after how many labels."""

    drawn: Mapping[int, int]
    rest: int
    labelled: int


def write_receipt(history: History, noun: str, names: Mapping[int, str]) -> dict[str, Any]:
    """The receipt as JSON: its lines, answers by class, and the curve of all looks; ``names`` of classes by id."""
    looks, figures = history.looks, estimate(history)
    curve = [audit(replace(history, looks=looks[: i + 1]))["new"] for i in range(len(looks))]
    lines = describe_receipt(figures, noun, history.joined)
    found = figures["classes"].more
    return {
        "audit": history.audit,
        "lines": [_plain_line(line) for line in lines],
        "classes": [
            {"name": names.get(row["class"], "?"), **{key: row[key] for key in ("answers", "hits", "low", "high")}}
            for row in found.get("classes", ())
        ],
        "confusions": [
            {"name": names.get(a, "?"), "taken_for": names.get(b, "?"), "times": times}
            for a, b, times in found.get("confusions", ())
        ],
        "curve": [
            {name: getattr(one, name) for name in ("audit", "labelled", "value", "low", "high")} for one in curve
        ],
    }


def _plain_line(line: ReceiptLine) -> dict[str, Any]:
    figure = asdict(line.figure)
    return {"name": line.name, "title": line.title, "words": line.words, "made_of": line.made_of} | {
        name: figure[name] for name in ("unit", "value", "low", "high", "audit", "labelled", "silent", "more")
    }
