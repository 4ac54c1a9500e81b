"""Ours in scikit-activeml's wrapper for several annotators, in every form of its arguments.

Uncertainty, which leaves nothing to chance, must ask whom scikit-activeml's own asks, and all others must keep the
wrapper's promises: pairs that are open, as many as were wanted, none of them twice. (Upstream's `CoreSet` breaks down
where candidates are labelled, so it is no measure here.)
"""

import numpy as np
import pytest
import skactiveml.pool as upstream
from hypothesis import given
from hypothesis import strategies as st
from obvious import FEW, points, proba, seeds, table
from skactiveml.classifier import ParzenWindowClassifier
from skactiveml.pool.multiannotator import SingleAnnotatorWrapper
from skactiveml.utils import majority_vote

from nextlabel import strategies as ours

N, PEOPLE = 14, 3
X = points(N, seed=5)
P = proba(N, seed=5)
RNG = np.random.default_rng(5)
ANSWERS = np.where(RNG.random((N, PEOPLE)) < 0.4, RNG.integers(0, 3, (N, PEOPLE)), -1)
ANSWERS[0], ANSWERS[1] = -1, 0  # nobody has said anything of the first, and all of the second
SOME = [0, 1, 2, 5, 7, 11]
ALLOWED = np.random.default_rng(6).random((N, PEOPLE)) < 0.6
FORMS = {
    "as it is": {},
    "some samples": {"candidates": SOME},
    "one annotator": {"annotators": [1]},  # of all samples; scikit-activeml 1.0.1 then asks others, too
    "pairs": {"annotators": ALLOWED},
    "pairs of some": {"candidates": SOME, "annotators": ALLOWED[SOME]},
    "two each": {"n_annotators_per_sample": 2},
    "three, then one": {"n_annotators_per_sample": [3, 1]},
    "the best": {"A_perf": [0.2, 0.9, 0.5]},
    "the best for each": {"A_perf": np.random.default_rng(7).random((N, PEOPLE))},
    "samples that are new": {"candidates": X[:4] + 0.1, "annotators": [0, 2]},
}


def ask(strategy, trained, batch_size=5, answers=ANSWERS, **form):
    more = {"clf": table(P, X=X), "fit_clf": False} if trained else {}
    wrapper = SingleAnnotatorWrapper(strategy, y_aggregate=vote, missing_label=-1, random_state=3)
    return wrapper.query(X, answers, batch_size=batch_size, return_utilities=True, **form, **more)


def vote(answers):
    return majority_vote(answers, missing_label=-1, random_state=0)


def open_pairs(form, answers=ANSWERS):
    """Where an answer may be asked for (candidates, annotators), by what the wrapper promises."""
    candidates, annotators = form.get("candidates"), form.get("annotators")
    count = N if candidates is None else len(candidates)
    allowed = np.ones((count, PEOPLE), dtype=bool)
    if candidates is None and annotators is None:
        allowed = answers < 0
    elif np.ndim(annotators) == 2:
        allowed = np.asarray(annotators)
    elif annotators is not None:
        allowed[:, np.setdiff1d(np.arange(PEOPLE), annotators)] = False
    return {(SOME[i] if candidates is SOME else i, a) for i, a in np.argwhere(allowed)}


@pytest.mark.parametrize("form", [name for name in FORMS if "new" not in name])
@pytest.mark.parametrize("method", ["least_confident", "margin_sampling", "entropy"])
def test_uncertainty_asks_whom_upstream_asks(method, form):
    (mine, said), (theirs, wanted) = (
        ask(module.UncertaintySampling(method, missing_label=-1, random_state=0), True, **FORMS[form])
        for module in (ours, upstream)
    )
    assert mine.tolist() == theirs.tolist()
    np.testing.assert_array_equal(said, wanted)


KINDS = {  # and the forms that they take: most ask about samples of the pool alone
    ours.RandomSampling: [name for name in FORMS if name != "one annotator"],
    ours.CoreSet: [name for name in FORMS if name not in ("one annotator", "samples that are new")],
    ours.MaxHerding: [name for name in FORMS if name not in ("one annotator", "samples that are new")],
}


@pytest.mark.parametrize(("kind", "form"), [(kind, form) for kind, forms in KINDS.items() for form in forms])
def test_pairs_are_open_and_as_many_as_wanted(kind, form):
    pairs, utilities = ask(kind(missing_label=-1, random_state=0), False, **FORMS[form])
    asked = list(map(tuple, pairs.tolist()))
    allowed = open_pairs(FORMS[form])
    assert len(set(asked)) == 5
    assert set(asked) <= allowed
    rows = 4 if "new" in form else N
    assert utilities.shape == (5, rows, PEOPLE)
    for place, pair in enumerate(asked):
        assert utilities[place][pair] == np.nanmax(utilities[place])
    closed = np.isnan(utilities[0])
    assert {pair for pair in np.ndindex(rows, PEOPLE) if not closed[pair]} == allowed


def test_annotators_are_taken_by_rank_and_as_many_as_are_preferred():
    strategy = ours.RandomSampling(missing_label=-1, random_state=0)
    nobody = np.full((N, PEOPLE), -1)
    pairs, _ = ask(strategy, False, 6, nobody, n_annotators_per_sample=[3, 1], A_perf=[0.2, 0.9, 0.5])
    samples, people = pairs.T.tolist()
    assert people == [1, 2, 0, 1, 1, 1]
    assert [samples.count(sample) for sample in dict.fromkeys(samples)] == [3, 1, 1, 1]


@FEW
@given(seed=seeds, batch=st.integers(1, 50), each=st.integers(1, PEOPLE))
def test_more_than_is_open_is_all_that_is_open(seed, batch, each):
    rng = np.random.default_rng(seed)
    answers = np.where(rng.random((N, PEOPLE)) < 0.5, 1, -1)
    answers[0, 0] = -1
    left = int((answers < 0).sum())
    strategy = ours.RandomSampling(missing_label=-1, random_state=0)
    if batch <= left:
        pairs, _ = ask(strategy, False, batch, answers, n_annotators_per_sample=each)
    else:
        with pytest.warns(UserWarning, match="batch_size"):
            pairs, _ = ask(strategy, False, batch, answers, n_annotators_per_sample=each)
    asked = set(map(tuple, pairs.tolist()))
    assert len(asked) == len(pairs) == min(batch, left)
    assert all(answers[pair] < 0 for pair in asked)


def test_the_same_seed_asks_the_same_people():
    found = [ask(ours.RandomSampling(missing_label=-1, random_state=1), False)[0].tolist() for _ in range(2)]
    assert found[0] == found[1]


def test_without_a_vote_of_ones_own_the_majority_is_taken():
    """By the wrapper's default, whose missing label is NaN."""
    gap = np.nan
    answers = np.where(ANSWERS < 0, gap, ANSWERS)
    X_known, found = X[:, :2], []
    for module in (ours, upstream):
        wrapper = SingleAnnotatorWrapper(module.UncertaintySampling(random_state=0), random_state=3)
        clf = ParzenWindowClassifier(classes=[0, 1, 2], random_state=0)
        found.append(wrapper.query(X_known, answers, batch_size=4, clf=clf).tolist())
    assert found[0] == found[1]
    with pytest.raises(ValueError, match="missing_label"):
        SingleAnnotatorWrapper(ours.CoreSet(missing_label=-1), random_state=3).query(X, answers)
