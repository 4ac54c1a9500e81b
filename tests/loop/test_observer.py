"""The observer against a slow twin, which recomputes all that it keeps from the rounds alone."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from nextlabel.estimators.random_arm import equal_count, steps
from nextlabel.loop.asking import Asked
from nextlabel.loop.audit import draws, order_side
from nextlabel.loop.guesses import Seen, guess_by_chance, guess_by_queue
from nextlabel.loop.learner import ActiveLearner
from nextlabel.loop.observer import Aside, Observer
from nextlabel.loop.rounds import drive, rounds, step
from nextlabel.models.linear import Linear
from nextlabel.plan import Plan
from nextlabel.pool import Pool
from nextlabel.seeds import stream
from nextlabel.statistics.audit_looks import LOOKS
from nextlabel.strategies import strategy

N, C, BATCH, LAST = 320, 3, 16, 11
RNG = stream(1, "problem")
TRUTH = RNG.integers(C, size=N)
X = (RNG.normal(size=(N, 4)) + 1.5 * np.eye(4)[TRUTH]).astype(np.float32)
SETTINGS = {"C": [(2, 0.3)]}
IMPORTED = (0, 3, 7, 11, 20)  # labels that were there before: on either side, and nobody was asked


def open_pool(share=0.4, given=None):
    places = draws([f"{i}.jpg" for i in range(N)], seed=0)
    side = order_side(places, np.arange(N), share)
    y, askable = np.full(N, -1), np.ones(N, dtype=bool)
    y[list(IMPORTED)], askable[side] = TRUTH[list(IMPORTED)], False
    return Pool(X, y, askable, C, audit=side, draws=places, given=given)


def make_learner(name="margin", share=0.4, **more):
    plan = Plan(batch=BATCH, rounds=LAST, audit=share, cold="random", **more)
    return ActiveLearner(Linear(SETTINGS), strategy(name), strategy("random"), plan.resolve(N, C), 0)


def play(learner, pool=None):
    return list(drive(rounds(pool or open_pool(), learner), TRUTH.__getitem__))


def look_on(played, learner, asides=None):
    """The history after each round."""
    observer = Observer()
    asides = asides or [None] * len(played)
    return [
        observer.see(Seen(this.pool, this.fitted, this.asked, this.view, learner), aside)
        for this, aside in zip(played, asides, strict=True)
    ]


def fit(pool, ids):
    """A head of its own on these labels, by the model's own door."""
    return Linear(SETTINGS).fit(pool.only(ids), stream(0, "fit")).clf


def predict(pool, ids, wanted):
    return fit(pool, ids).predict(X[wanted]).astype(int).tolist()


def answers(this):
    """Ids that were answered to questions: of the audit side in its order, of the strategy's as they were asked."""
    asked = [i for i in this.pool.asked.tolist() if this.pool.y[i] >= 0]
    side = set(this.pool.audit.tolist())
    return [i for i in this.pool.audit.tolist() if i in asked], [i for i in asked if i not in side]


def slow_alive(played, k, audit):
    """Would a batch before this round, chosen by margin, have taken it?"""
    alive = dict.fromkeys(audit, True)
    for this in played[:k]:
        own = [i for i, why in zip(this.asked.ids.tolist(), this.asked.why, strict=True) if why == "strategy"]
        if not own:
            continue
        P = np.sort(this.view.fitted.clf.predict_proba(X), axis=1)
        gap = P[:, -1] - P[:, -2]
        deepest = max(gap[i] for i in own)
        for i in audit:
            alive[i] &= not gap[i] < deepest
    return list(alive.values())


def slow_look(played, k):
    """The look of round ``k``, from scratch."""
    this = played[k]
    pool, y = this.pool, this.pool.y
    audit, own = answers(this)
    known = [i for i in range(N) if y[i] >= 0]
    others = [i for i in known if i not in audit and i not in own]
    guess, by_chance = {}, {}
    for fold in range(5):
        out = [i for place, i in enumerate(audit) if place % 5 == fold]
        rest = [i for i in known if i not in out]
        guess |= dict(zip(out, predict(pool, np.array(rest), out), strict=True))
        if len(audit) >= 59:
            four_fifths = sorted({*others, *audit} - {*out})
            by_chance |= dict(zip(out, predict(pool, np.array(four_fifths), out), strict=True))
    ks = [n for n in steps(len(audit), len(own)) if n <= len(own)] if len(audit) >= 59 else []
    side = set(pool.audit.tolist())
    return {
        "labelled": len(audit) + len(own),
        "truth": [int(TRUTH[i]) for i in audit],
        "guess": [guess[i] for i in audit],
        "alive": slow_alive(played, k, audit),
        "rest": (sum(y[i] < 0 for i in side), sum(y[i] < 0 for i in range(N) if i not in side)),
        "learned": len(known),
        "by_chance": [by_chance[i] for i in audit] if by_chance else [],
        "queue": {n: predict(pool, np.array(sorted({*others, *own[:n]})), audit) for n in ks},
    }


def plain(look):
    """A look without arrays."""
    found = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in asdict(look).items()}
    return found | {"queue": {k: guess.tolist() for k, guess in look.queue.items()}}


def slow_checks(played):
    """Models of now and of a hundred answers ago or more, on what is unlabelled of the audit side."""
    found = []
    for this in played:
        n = sum(len(part) for part in answers(this))
        before = [one for one in played if sum(len(part) for part in answers(one)) <= n - 100]
        waiting = [i for i in this.pool.audit.tolist() if this.pool.y[i] < 0]
        if not before or not waiting:
            continue
        gap = n - sum(len(part) for part in answers(before[-1]))
        now, then = (one.fitted.clf.predict(X[waiting]) for one in (this, before[-1]))
        labels = [int(TRUTH[i]) for i in range(N) if this.pool.y[i] >= 0]
        queue = [
            (i, one.view.fitted.clf.predict(X[[i]])[0] == TRUTH[i])
            for one in played[: this.k]
            for i, why in zip(one.asked.ids, one.asked.why, strict=True)
            if why == "strategy"
        ][-100:]
        found.append(
            {
                "labelled": n,
                "changed": int((now != then).sum()),
                "seen": len(waiting),
                "gap": gap,
                "fewest": min(labels.count(code) for code in range(C)),
                "audit": len(answers(this)[0]),
                "left": int((this.pool.y < 0).sum()),
                "known": sum(bool(hit) for _, hit in queue),
                "asked": len(queue),
            }
        )
    return found


@pytest.fixture(scope="module")
def margin():
    """An arm by margin, a batch ahead: its rounds, and its learner."""
    learner = make_learner(ahead=1)
    return play(learner), learner


@pytest.fixture(scope="module")
def histories(margin):
    """What an observer says of it after each round."""
    return look_on(*margin)


def test_looks_and_checks_are_those_of_a_slow_twin(margin, histories):
    played, _ = margin
    seen = [len(history.looks) for history in histories]
    taken = [k for k in range(len(played)) if seen[k] > (seen[k - 1] if k else 0)]
    audits = [len(answers(played[k])[0]) for k in taken]
    # One look for each number that was reached, at the first round that reached it.
    assert audits == [32, 39, 52, 64]
    assert len({max(look for look in LOOKS if look <= m) for m in audits}) == len(audits)
    for k, look in zip(taken, histories[-1].looks, strict=True):
        found = plain(look)
        expected = slow_look(played, k)
        assert {name: found[name] for name in expected} == expected
        assert look.survivors
        assert found["alive"] != [True] * look.m  # the strategy did take what is like them
    assert equal_count(64) in histories[-1].looks[-1].queue
    assert [asdict(check) for check in histories[-1].checks] == slow_checks(played)
    assert len(histories[-1].checks) > 3


def test_the_same_rounds_give_the_same_history(histories):
    """Whoever saw each round as it came, and whoever plays and sees them all later, says the same."""
    learner = make_learner(ahead=1)
    again = look_on(play(learner), learner)
    for k in (8, -1):
        assert [plain(look) for look in histories[k].looks] == [plain(look) for look in again[k].looks]
        assert histories[k].checks == again[k].checks


def test_where_no_score_chose_nobody_knows_who_survived():
    learner = make_learner("badge")
    look = look_on(play(learner), learner)[-1].looks[-1]
    assert not look.survivors
    assert look.alive.all()


def test_scores_after_batches_without_one_tell_and_before_one_do_not(margin):
    played, learner = margin
    half = len(played) // 2

    def mixed(scored):
        seen = [this if scored(this.k) else replace(this, asked=replace(this.asked, scores=None)) for this in played]
        return look_on(seen, learner)[-1].looks[-1].survivors

    assert mixed(lambda k: k >= half)  # what covers takes no hard ones away
    assert not mixed(lambda k: k < half)


def test_a_batch_of_which_nothing_was_answered_took_nothing(margin, histories):
    """It lies ready; what it would have taken is still there."""
    played, learner = margin
    observer, nobody = Observer(), played[5].pool.unlabelled()[-BATCH:]  # not asked until then
    for this in played[:6]:
        seen = Seen(this.pool, this.fitted, this.asked, this.view, learner)
        history = observer.see(seen)
        deep = None if this.asked.scores is None else np.full(BATCH, 0.01)  # would take nearly all of the audit side
        observer.send(replace(seen, asked=Asked(nobody, ("strategy",) * BATCH, deep)), Aside())
    assert history.looks[-1].alive.tolist() == histories[5].looks[-1].alive.tolist()
    assert history.looks[-1].survivors


def test_who_is_away_while_a_batch_is_chosen_is_taken_by_it_all_the_same(margin):
    """Skipped audit samples: once they are answered, they are alive where no batch would have taken them."""
    played, learner = margin
    audit = answers(played[-1])[0]
    before, after = (slow_alive(played, k, audit) for k in (4, 7))
    away = np.array([i for i, was, now in zip(audit, before, after, strict=True) if was and not now])
    assert len(away) > 1  # batches 4 to 6 would have taken them, and no other one
    skips = [len(away) if 4 <= k < 7 else 0 for k in range(len(played))]
    without = [
        replace(this, pool=replace(this.pool, audit=np.setdiff1d(this.pool.audit, away))) if skip else this
        for this, skip in zip(played, skips, strict=True)
    ]
    look = look_on(without, learner, [Aside(away=away) if skip else None for skip in skips])[-1].looks[-1]
    k = next(this.k for this in played if len(answers(this)[0]) == look.m)
    assert look.alive.tolist() == slow_alive(played, k, answers(played[k])[0])


def test_a_receipt_trains_only_what_it_shows(margin, histories):
    """Nothing else of a look changes."""
    played, learner = margin
    observer = Observer(worth=False)
    for this in played:
        history = observer.see(Seen(this.pool, this.fitted, this.asked, this.view, learner))
    for look, whole in zip(history.looks, histories[-1].looks, strict=True):
        k = equal_count(look.m)
        assert len(whole.queue) > 1 or not whole.queue
        assert plain(look) == plain(replace(whole, queue={n: one for n, one in whole.queue.items() if n == k}))
    assert list(history.looks[-1].queue) == [equal_count(history.looks[-1].m)]


def test_while_samples_joined_no_look_is_taken(margin, histories):
    """The last one stands; the next is taken once the audit has caught up."""
    asides = [Aside(joined=5 if 6 <= k <= 8 else 0) for k in range(len(margin[0]))]
    found = look_on(*margin, asides)
    assert [history.looks[-1].m for history in histories[5:10]] == [32, 39, 39, 52, 52]
    assert [history.looks[-1].m for history in found[5:10]] == [32, 32, 32, 32, 58]
    assert found[8].joined == 5


def count_checks(margin, names, merged=None):
    """Checks by round, of a labelling that knows classes by these names, and ``merged`` some in round 8."""
    asides = [Aside(np.array(names(k)), (merged or {}) if k >= 8 else {}) for k in range(len(margin[0]))]
    return [len(history.checks) for history in look_on(*margin, asides)]


def test_a_new_class_silences_the_change_of_the_model_for_a_hundred_answers(margin, histories):
    usual = [len(history.checks) for history in histories]
    late = count_checks(margin, lambda k: (4, 7, 9) if k < 8 else (4, 7, 12))  # a model before does not know twelve
    assert late[:8] == usual[:8]
    assert usual[7] > 0
    assert late[8:] == [0] * len(late[8:])  # not even what was said before


def test_a_merge_is_no_new_class(margin, histories):
    merged = count_checks(margin, lambda k: (4, 7, 9) if k < 8 else (4, 7, 7), {9: 7})
    assert merged == [len(history.checks) for history in histories]


def test_without_an_audit_side_there_is_nothing_to_see():
    """Classes whose labels were all taken back among them: they have a code, and nobody of that name."""
    there = np.where(TRUTH == 1, 2, TRUTH)
    pool = replace(open_pool(share=0.0, given=0), y=np.full(N, -1))
    learner = make_learner(share=0.0)
    this, observer = step(pool, learner, 0), Observer()
    for k in range(1, 5):
        history = observer.see(Seen(this.pool, this.fitted, this.asked, this.view, learner))
        pool = pool.answered(this.asked.ids, there[this.asked.ids])
        this = step(pool, learner, k)
    assert (history.audit, history.side, history.looks) == (0, 0, ())


class Memory:
    """A network at its worst: what it makes of a sample that it learned is the label, of any other its neighbour's."""

    def fit(self, pool, rng):
        ids = pool.labelled()
        near = ids[((X[:, None] - X[ids]) ** 2).sum(axis=2).argmin(axis=1)]
        return Linear(SETTINGS).fit(replace(pool, features=np.eye(C, dtype=np.float32)[pool.y[near]]), rng)

    def tune(self, pool):
        return {}


def test_what_learns_features_of_its_own_is_trained_anew_for_a_look():
    """Its head alone, on features that know the answers, would be right about all of them."""
    learner = replace(make_learner("random"), model=Memory())
    guessed = RNG.integers(C, size=N)  # answers that nobody could learn from anything
    history = look_on(list(drive(rounds(open_pool(), learner), guessed.__getitem__)), learner)[-1]
    look = history.looks[-1]
    assert look.hits.mean() < 0.55  # a third is what chance gives
    assert (look.m, look.queue, len(look.by_chance)) == (64, {}, 0)


def test_arms_are_those_of_the_look(margin):
    """What a simulation's truth is measured by: the queue's first labels, and four fifths of the audit's."""
    played, learner = margin
    this, k = played[-1], 30
    audit, own = answers(this)
    others = [i for i in range(N) if this.pool.y[i] >= 0 and i not in audit and i not in own]
    some = np.arange(40)
    seen = Seen(this.pool, this.fitted, this.asked, this.view, learner)
    queue, chance = guess_by_queue(seen, k, some), guess_by_chance(seen, some)
    assert queue.tolist() == predict(this.pool, np.array(sorted({*others, *own[:k]})), some)
    for fold, found in enumerate(chance):
        rest = [i for place, i in enumerate(audit) if place % 5 != fold]
        assert found.tolist() == predict(this.pool, np.array(sorted({*others, *rest})), some)
