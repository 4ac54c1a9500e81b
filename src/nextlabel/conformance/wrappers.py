"""What scikit-activeml's wrappers need of a strategy: candidates that are given are candidates, labelled or not."""

import itertools
from dataclasses import replace

import numpy as np
from skactiveml.pool import SubSamplingWrapper
from skactiveml.pool.multiannotator import SingleAnnotatorWrapper

from nextlabel.conformance.questions import N, direct, small_problem
from nextlabel.pool import Labels
from nextlabel.strategies.door import StrategyEntry


def check_asks_labelled_candidates(entry: StrategyEntry) -> None:
    """Candidates that are given are candidates, labelled or not: in the end each of them is asked, and nobody else."""
    question = small_problem(entry)
    for some in ([0, 3, 4, 5], [0, 3, 9, 12, 17], list(range(N))):  # up to 5 are labelled
        found, utilities = direct(entry, question, candidates=some, batch_size=len(some), return_utilities=True)
        assert sorted(found.tolist()) == some, f"{found} of {some}"
        assert not np.isnan(utilities[0, some]).any(), "utilities of candidates are NaN"
        few = direct(entry, question, candidates=some, batch_size=3)
        assert len(set(few.tolist()) & set(some)) == 3, f"{few} of {some}"
    known = replace(question, y=np.arange(N) % question.classes)  # and where nobody is unlabelled
    found = direct(entry, known, candidates=[2, 8, 11], batch_size=2)
    assert len(set(found.tolist()) & {2, 8, 11}) == 2, f"{found} of 2, 8 and 11"


def check_works_in_wrappers(entry: StrategyEntry) -> None:
    """scikit-activeml's wrappers: a part of the pool, labelled candidates or not; several annotators for a sample."""
    question = small_problem(entry, batch=3)
    strategy = entry.make(question)
    given = {word: make(question) for word, make in entry.needs.items()}
    for leave_out, some in itertools.product((False, True), (None, [0, 1, 2, 3, 4, 15, 18, 19])):
        wrapper = SubSamplingWrapper(strategy, 6, leave_out, missing_label=-1, random_state=0)
        found, utilities = wrapper.query(
            question.X, question.y, candidates=some, batch_size=3, return_utilities=True, **given
        )
        allowed = set(np.flatnonzero(question.y < 0) if some is None else some)
        assert len(set(found.tolist()) & allowed) == 3, f"{found} of a part of {allowed}"
        assert (utilities[0] > -np.inf).sum() <= 6, "utilities of what is left out"
    answers = np.full((N, 3), -1)  # of three annotators: the first knows all, the second three samples
    answers[:, 0], answers[:3, 1] = np.arange(N) % question.classes, 0
    wrapper = SingleAnnotatorWrapper(strategy, aggregate_answers, missing_label=-1, random_state=0)
    pairs = wrapper.query(question.X, answers, batch_size=10, n_annotators_per_sample=2, **given)
    assert len({tuple(pair) for pair in pairs.tolist()}) == 10, f"asks twice for an answer: {pairs}"
    assert (answers[tuple(pairs.T)] < 0).all(), f"asks for what is answered: {pairs}"


def aggregate_answers(answers: Labels) -> Labels:
    """The first annotator's answers (n,), of several's (n, a)."""
    first: Labels = answers[:, 0]
    return first
