"""The loop, written once: learn, ask, be told. Whoever drives it supplies the labels."""

import itertools
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from nextlabel.models.base import Fitted, Model
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.plan import Plan
from nextlabel.pool import NOBODY, Ids, Labels, Pool
from nextlabel.seeds import number, stream
from nextlabel.strategies import strategy as strategy_named
from nextlabel.strategies.door import Question, StrategyEntry


@dataclass(frozen=True)
class Asked:
    """A batch: global ids, best first, and how many of them the door had to draw itself."""

    ids: Ids
    mended: int = 0


@dataclass(frozen=True)
class Round:
    """One round: the model that the labels so far give, and the batch that it asks for (empty at the end)."""

    k: int
    pool: Pool
    fitted: Fitted
    ids: Ids
    mended: int
    fit_s: float
    ask_s: float


Past = Sequence[tuple[Ids, Labels]]  # batches and their answers, from round 0 on


def rounds(
    pool: Pool, model: Model, strategy: StrategyEntry, plan: Plan, seed: int, past: Past = ()
) -> Generator[Round, Labels, None]:
    """Yield a `Round`, receive its labels, until the rounds, the budget or the pool are used up.

    ``plan`` is `Plan.fixed`; ``past`` are rounds that were played before: they are not learned again, and the loop goes
    on just as if it had never stopped. With ``plan.ahead`` a batch is chosen by the model of the round before, which
    knows what is out for an answer but not the answers.
    """
    chooser: tuple[Pool, Fitted] | None = None
    for k, (ids, labels) in enumerate(past):
        if plan.ahead and k == len(past) - 1:
            chooser = pool.without(ids), learn(pool, model, seed, k)
        pool = pool.answered(ids, labels)
    for k in itertools.count(len(past)):
        began = perf_counter()
        fitted = learn(pool, model, seed, k)
        learned = perf_counter()
        seen, knower = chooser or (pool, fitted)
        asked = ask(seen, knower, strategy, plan, seed, k, wanted(pool, plan, k))
        labels = yield Round(k, pool, fitted, asked.ids, asked.mended, learned - began, perf_counter() - learned)
        if not len(asked.ids):
            return
        chooser = (pool.without(asked.ids), fitted) if plan.ahead else None
        pool = pool.answered(asked.ids, labels)


def learn(pool: Pool, model: Model, seed: int, k: int) -> Fitted:
    """The model of round ``k``; while fewer than two classes are known, one that says just what is known."""
    rng = stream(seed, "fit", k)
    if pool.known_classes() > 1:
        return model.fit(pool, rng)
    ids = pool.labelled()
    X = pool.features[ids] if len(ids) else pool.features[:1]
    y = pool.y[ids] if len(ids) else np.array([-1])
    head = LinearHead(classes=range(pool.classes)).fit(X, y)
    return Fitted(pool.features, head, bootstrap(head, X, y, number(rng)))


def wanted(pool: Pool, plan: Plan, k: int) -> int:
    """How many samples round ``k`` may ask: a batch, or what is left of the rounds, the budget and the pool."""
    if plan.rounds is not None and k >= plan.rounds:
        return 0
    return max(0, int(min(plan.size, pool.left(), plan.limit - len(pool.labelled()))))


def ask(pool: Pool, fitted: Fitted, strategy: StrategyEntry, plan: Plan, seed: int, k: int, size: int) -> Asked:
    """The ``size`` samples to ask about in round ``k``: the strategy's choice, and the audit side's next in line."""
    audit = pool.unaudited()
    free = len(pool.unlabelled())
    due = int(plan.audit * (k + 1) * plan.size) - int(plan.audit * k * plan.size)  # the audit's share of this batch
    due = min(max(due, size - free), len(audit), size)
    chosen = choose(pool, fitted, strategy, plan, seed, k, size - due) if size > due else Asked(NOBODY)
    return Asked(np.concatenate([chosen.ids, audit[:due]]), chosen.mended)


def choose(pool: Pool, fitted: Fitted, strategy: StrategyEntry, plan: Plan, seed: int, k: int, size: int) -> Asked:
    """The strategy's choice. The only place where a position is not an id: ``rows[positions]`` are the ids."""
    warm = pool.known_classes() > 1
    rows = np.union1d(pool.labelled()[pool.askable[pool.labelled()]], pool.unlabelled())  # (n,) ascending
    question = Question(
        X=fitted.features if len(rows) == len(pool.y) else fitted.features[rows],
        y=pool.y[rows],
        classes=pool.classes,
        batch=size,
        seed=number(stream(seed, "ask", k)),
        clf=fitted.clf if warm else None,
        committee=fitted.committee if warm else None,
    )
    entry = strategy if warm else strategy_named(plan.cold)
    answer = entry.ask(question, stream(seed, "mend", k))
    return Asked(rows[answer.positions], answer.mended)
