"""The contract that every part must pass, one function for each promise. Use it on strategies of your own:

    from nextlabel.conformance import strategies
    from nextlabel.strategies.door import StrategyEntry

    for check in strategies.for_strategies + strategies.for_drop_ins:
        check(StrategyEntry(MyStrategy))

A check raises `AssertionError`, with a sentence, where the promise is broken. Those in ``for_strategies`` ask through
the door, as the loop does: what a strategy gets wrong is mended there, but a strategy that breaks down, forgets its
seed or writes where it should not is found out. Those in ``for_drop_ins`` ask the class itself, as scikit-activeml
does, and hold it to more: nothing mends it there.
"""

import pickle
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from skactiveml.exceptions import MappingError
from skactiveml.pool import SubSamplingWrapper
from sklearn.base import clone

from nextlabel.conformance.questions import N, direct, make_question, picks, small_problem
from nextlabel.conformance.wrappers import check_asks_labelled_candidates, check_works_in_wrappers
from nextlabel.models.head import LinearHead
from nextlabel.pool import Ids, Labels
from nextlabel.strategies.base import Question
from nextlabel.strategies.door import StrategyEntry


def check_gives_a_whole_batch(entry: StrategyEntry) -> None:
    """Distinct, unlabelled, exactly as many as wanted: one, some, all that are left."""
    for batch in (1, 5, N - 6):  # six are labelled
        picks(entry, small_problem(entry, batch=batch))


def check_works_from_two_labels_to_the_last(entry: StrategyEntry) -> None:
    """Two labels (and a class that nobody has seen) up to one sample left."""
    for labelled in (2, N - 2, N - 1):
        picks(entry, small_problem(entry, labelled, batch=min(5, N - labelled)))


def check_chooses_the_same_for_the_same_seed(entry: StrategyEntry) -> None:
    """Asked twice, and whatever state numpy's global generator is in."""
    # The state is put back, for whoever runs the checks may draw from the global generator too.
    question, before = small_problem(entry), np.random.get_state()
    try:
        found = []
        # Twice from one state finds a strategy that ignores its own seed, the third one that draws from numpy's global
        # state.
        for seed in (1, 1, 2):
            np.random.seed(seed)
            found.append(picks(entry, question).tolist())
    finally:
        np.random.set_state(before)
    assert found[0] == found[1], f"the same seed gave {found[0]}, then {found[1]}"
    assert found[0] == found[2], f"numpy's global seed changes {found[0]} to {found[2]}"


def check_leaves_what_it_is_given_alone(entry: StrategyEntry) -> None:
    """X, y and the classifier are as they were."""
    question = small_problem(entry)
    # Bytes of a pickle, not equality: they see a dtype, an attribute or a generator that moved on, too.
    before = pickle.dumps((question.X, question.y, question.clf))
    picks(entry, question)
    assert pickle.dumps((question.X, question.y, question.clf)) == before, "X, y or clf was changed"


def check_takes_features_as_they_come(entry: StrategyEntry) -> None:
    """float32 or float64, read-only as a memory map is, in columns as in rows."""
    question = small_problem(entry)
    locked_X, locked_y = question.X.copy(), question.y.copy()
    # Cython code compiled for writable buffers refuses such arrays, and only then does one notice.
    locked_X.flags.writeable = locked_y.flags.writeable = False
    picks(entry, replace(question, X=locked_X, y=locked_y))
    picks(entry, replace(question, X=question.X.astype(np.float64)))
    picks(entry, replace(question, X=np.asfortranarray(question.X)))
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "X.npy", question.X)
        # Not only locked: a memmap is a class of its own, which some code asks for by type.
        picks(entry, replace(question, X=np.load(Path(folder) / "X.npy", mmap_mode="r")))


def check_survives_ties(entry: StrategyEntry) -> None:
    """Many rows alike: two kinds of rows among the twenty, then one kind."""
    for kinds in (2, 1):
        # Distances of zero, medians of zero, clusters without a member: whatever is divided by these shows here.
        X = np.random.default_rng(0).normal(size=(kinds, 4)).astype(np.float32)[np.arange(N) % kinds]
        picks(entry, small_problem(entry, X=X))


def check_survives_constant_features(entry: StrategyEntry) -> None:
    """Columns that never change, beside one that does; and nothing but zeros."""
    for X in (np.ones((N, 4)), np.zeros((N, 4))):
        X[:, 0] = X[0, 0] * np.arange(N) / N  # all zeros where X[0, 0] is 0
        picks(entry, small_problem(entry, X=X.astype(np.float32)))


def check_starts_cold_if_it_says_so(entry: StrategyEntry) -> None:
    """A strategy that needs no model answers while there is none: with no label at all, with labels of one class."""
    if not entry.model_free:
        return
    for labelled in (0, 3):
        question = small_problem(entry)
        # Three of one class is as cold as none: no classifier can be trained on it.
        y = np.where(np.arange(N) < labelled, 0, -1)
        picks(entry, replace(question, y=y, clf=None, committee=None))


# Asked directly, as scikit-activeml asks


def check_answers_as_upstream_does(entry: StrategyEntry) -> None:
    """Indices int64; utilities (batch, n), NaN just where a sample is labelled or was picked before."""
    question = small_problem(entry, batch=6)
    indices, utilities = direct(entry, question, return_utilities=True)
    assert indices.dtype == np.int64, f"indices are {indices.dtype}"
    assert indices.tolist() == direct(entry, question).tolist(), "utilities change the picks"
    assert len(set(indices.tolist())) == 6, f"asks twice for a sample: {indices}"
    assert utilities.shape == (6, N), f"utilities are {utilities.shape}"
    for b, row in enumerate(utilities):
        expected = question.y >= 0
        expected[indices[:b]] = True  # of this batch, before pick b
        assert (np.isnan(row) == expected).all(), f"NaN in row {b} are not what is labelled or picked"
        # Two kinds of utilities: a score, of which the highest is picked, or the chances of a draw, of which any above
        # 0 may be.
        law = abs(np.nansum(row) - 1) < 1e-9 and row[indices[b]] > 0  # of a draw
        assert law or row[indices[b]] == np.nanmax(row), f"pick {b} is not the highest of its row"


def check_reads_candidates(entry: StrategyEntry) -> None:
    """Indices in any order, twice, from the end; never a mask."""
    question = small_problem(entry, batch=4)
    some = np.array([15, 9, 9, -1, 12, 7, 17, 10])
    found = direct(entry, question, candidates=some)  # -1 is 19, counted from the end
    allowed = [7, 9, 10, 12, 15, 17, 19]
    assert set(found.tolist()) <= set(allowed), f"{found} of {allowed}"
    assert len(set(found.tolist())) == 4, f"asks twice for a sample: {found}"
    again, utilities = direct(entry, question, candidates=allowed, return_utilities=True)
    assert found.tolist() == again.tolist(), "order matters"
    others = np.delete(np.arange(N), allowed)
    assert np.isnan(utilities[:, others]).all(), "utilities of what is no candidate are not NaN"
    assert not np.isnan(utilities[0, allowed]).any(), "utilities of candidates are NaN"
    turned = replace(question, y=question.y[::-1], batch=1)  # 0 and 1 might be asked
    try:
        direct(entry, turned, candidates=turned.y < 0)
    except ValueError:
        return
    raise AssertionError("a boolean mask is read as indices")


def check_takes_samples_as_candidates(entry: StrategyEntry) -> None:
    """Candidates that are not in X: indices are theirs. Or scikit-activeml's `MappingError`."""
    question = small_problem(entry, batch=4)
    others = np.random.default_rng(1).normal(size=(9, question.X.shape[1])).astype(np.float32)
    try:
        found, utilities = direct(entry, question, candidates=others, return_utilities=True)
    # Strategies that need to know which row of X a candidate is may say so, in upstream's own words.
    except MappingError:
        return
    assert len(set(found.tolist())) == 4, f"asks twice for a sample: {found}"
    assert set(found.tolist()) <= set(range(9)), f"{found} of 9 candidates"
    assert utilities.shape == (4, 9), f"utilities are {utilities.shape}"


def check_begins_with_any_labels(entry: StrategyEntry) -> None:
    """No label at all, labels of one class only, all but one sample labelled: nothing has to be mended."""
    question = small_problem(entry)
    for known, classes in ((0, 3), (4, 1), (N - 1, 3)):
        y = np.where(np.arange(N) < known, np.arange(N) % classes, -1)
        _all_or(5, direct(entry, make_question(question.X, y, question.classes, min(5, N - known))), y)


def check_asks_everybody_among_ties(entry: StrategyEntry) -> None:
    """Rows alike, columns that never change, nothing but zeros: in the end everybody is asked, and nobody twice."""
    question = small_problem(entry)
    kinds = np.random.default_rng(0).normal(size=(3, 4))
    constant = np.ones((N, 4))
    constant[:, 0] = np.arange(N) / N
    rows = (kinds[np.arange(N) % 3], kinds[np.zeros(N, dtype=int)], constant, np.zeros((N, 4)))
    # Rows alike in float32 and in float64: rounding breaks ties in one and not in the other.
    for X, kind in zip((*rows, rows[1]), (np.float32, np.float32, np.float64, np.float64, np.float64), strict=True):
        # All that are left, in one batch: a strategy that stops at a duplicate comes out short only at the end.
        asked = make_question(X.astype(kind), question.y, question.classes, N - 6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # k-means finds fewer clusters than it was told
            _all_or(N - 6, direct(entry, asked), question.y)


def _all_or(batch: int, found: Ids, y: Labels) -> None:
    expected = min(batch, int((y < 0).sum()))
    assert len(set(found.tolist())) == len(found) == expected, f"asks for {found}, and {expected} were wanted"
    assert (y[found] < 0).all(), f"asks for what is labelled: {found}"


def check_layout_does_not_matter(entry: StrategyEntry) -> None:
    """Features in memory, locked, on disk or by columns, labels in a list: the same picks."""
    question = small_problem(entry)
    expected = direct(entry, question).tolist()
    locked = question.X.copy()
    locked.flags.writeable = False
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "X.npy", question.X)
        mapped = np.load(Path(folder) / "X.npy", mmap_mode="r")
        for how, X in (("locked", locked), ("on disk", mapped), ("by columns", np.asfortranarray(question.X))):
            found = direct(entry, replace(question, X=X)).tolist()
            assert found == expected, f"features {how} give {found}, in memory {expected}"
    given = {word: make(question) for word, make in entry.needs.items()}
    strategy = entry.make(question)
    found = strategy.query(question.X, question.y.tolist(), batch_size=question.batch, **given).tolist()
    assert found == expected, f"labels in a list give {found}, in an array {expected}"


def check_takes_a_seed_of_any_kind(entry: StrategyEntry) -> None:
    """An int; a RandomState, which is not moved on; None, for another batch each time."""
    question = small_problem(entry)
    generator = np.random.RandomState(5)
    before = pickle.dumps(generator)
    given = {word: make(question) for word, make in entry.needs.items()}
    for seed in (5, generator, None):
        strategy = entry.make(question).set_params(random_state=seed)
        # One object twice: a RandomState given as a seed is copied, or the second answer would hang on the first.
        found, again = (strategy.query(question.X, question.y, batch_size=5, **given) for _ in range(2))
        _all_or(5, found, question.y)
        assert seed is None or found.tolist() == again.tolist(), f"{found} with {seed}, then {again}"
    assert pickle.dumps(generator) == before, "the caller's generator was moved on"


def check_shrinks_a_batch_that_is_too_large(entry: StrategyEntry) -> None:
    """All that is left, with a warning; an error when nothing is."""
    question = small_problem(entry, labelled=N - 3, batch=3)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = direct(entry, question, batch_size=9)
    assert sorted(found.tolist()) == [N - 3, N - 2, N - 1], f"{found}, and three were left"
    assert any("batch_size" in str(one.message) for one in told), "a batch was cut without a warning"
    try:
        # A ValueError, as upstream's is: code that catches it there must catch it here.
        direct(entry, replace(question, y=np.zeros(N, dtype=int)))
    except ValueError:
        return
    raise AssertionError("asks although nothing is unlabelled")


def check_reads_labels_of_every_kind(entry: StrategyEntry) -> None:
    """Whole numbers with -1, decimals with NaN, texts with "" or None: the same picks."""
    question = small_problem(entry)
    expected = direct(entry, question).tolist()
    texts = ["ash", "oak", "yew"]  # in the order of the alphabet: sorting changes no code
    for names, missing in (([0.0, 1.0, 2.0], np.nan), (texts, ""), (texts, None)):
        y = np.array([names[code] if code >= 0 else missing for code in question.y])  # None makes it dtype object
        given = {}
        for word, made in ((word, make(question)) for word, make in entry.needs.items()):
            given[word] = _rename_classes(made, names, missing, question)
        strategy = entry.make(question).set_params(missing_label=missing)
        found = strategy.query(question.X, y, batch_size=question.batch, **given).tolist()
        assert found == expected, f"labels {y[:2]} give {found}, whole numbers {expected}"


def _rename_classes(made: Any, names: list[Any], missing: Any, question: Question) -> Any:
    """A classifier, or a list of them, that speaks of classes by these names."""
    if isinstance(made, list):
        return [_rename_classes(one, names, missing, question) for one in made]
    if not isinstance(made, LinearHead):
        return made
    head = clone(made).set_params(classes=names[: question.classes], missing_label=missing)
    known = np.flatnonzero(question.y >= 0)
    head.fit(question.X[known], np.array([names[code] for code in question.y[known]]))
    # Fitted for the names alone. Members of a committee learned from resamples: each keeps its own weights.
    head.known_, head.coef_, head.intercept_ = made.known_, made.coef_, made.intercept_
    return head


def check_remembers_nothing(entry: StrategyEntry) -> None:
    """The same object asked about other data, then again, answers as a fresh one does."""
    question = small_problem(entry)
    strategy = entry.make(question)
    given = {word: make(question) for word, make in entry.needs.items()}

    def again(size: int) -> list[int]:
        return list(strategy.query(question.X[:size], question.y[:size], batch_size=3, **given))

    first, other = again(N), again(N - 4)  # fewer samples, so a stale index points beyond the end
    assert max(other) < N - 4, f"{other}, and there are {N - 4} samples"
    assert again(N) == first, "an answer depends on what was asked before"


def check_can_be_copied_and_wrapped(entry: StrategyEntry) -> None:
    """`clone` and its parameters, unchanged; and within scikit-activeml's own wrapper."""
    question = small_problem(entry, batch=3)
    strategy = entry.make(question)
    copy = clone(strategy)
    # By repr, which lists parameters: scikit-learn's estimators have no equality.
    assert repr(copy) == repr(strategy), f"{copy!r} is a copy of {strategy!r}"
    wrapper = SubSamplingWrapper(strategy, max_candidates=8, missing_label=-1, random_state=0)
    given = {word: make(question) for word, make in entry.needs.items()}
    found = wrapper.query(question.X, question.y, batch_size=3, **given)
    assert len(set(found.tolist())) == 3, f"asks twice for a sample: {found}"
    assert (question.y[found] < 0).all(), f"asks for what is labelled: {found}"


def check_tells_many_classes_apart(entry: StrategyEntry) -> None:
    """Two classes; a thousand, of which few have a label."""
    question = small_problem(entry)
    # np.minimum leaves -1 as it is: what was unlabelled stays so.
    _all_or(5, direct(entry, make_question(question.X, np.minimum(question.y, 1), 2, 5)), question.y)
    _all_or(5, direct(entry, make_question(question.X, question.y, 1000, 5)), question.y)


def check_leaves_models_alone(entry: StrategyEntry) -> None:
    """Told to train, it trains a copy; told not to, it only asks: the caller's models are as they were."""
    question = small_problem(entry)
    # Only of those that are told whether to train; the entry says no (`door.NO`), a caller may say yes.
    word = next((word for word in ("fit_clf", "fit_ensemble") if word in entry.needs), None)
    if word is None:
        return
    models = {name: make(question) for name, make in entry.needs.items() if name in ("clf", "ensemble")}
    before = pickle.dumps(models)
    for fit in (True, False):
        _all_or(5, direct(entry, question, **models, **{word: fit}), question.y)
        assert pickle.dumps(models) == before, f"the caller's model was changed with {word}={fit}"


for_strategies: list[Callable[[StrategyEntry], None]] = [
    check_gives_a_whole_batch,
    check_works_from_two_labels_to_the_last,
    check_chooses_the_same_for_the_same_seed,
    check_leaves_what_it_is_given_alone,
    check_takes_features_as_they_come,
    check_survives_ties,
    check_survives_constant_features,
    check_starts_cold_if_it_says_so,
]

for_drop_ins: list[Callable[[StrategyEntry], None]] = [
    check_answers_as_upstream_does,
    check_reads_candidates,
    check_asks_labelled_candidates,
    check_works_in_wrappers,
    check_takes_samples_as_candidates,
    check_begins_with_any_labels,
    check_asks_everybody_among_ties,
    check_layout_does_not_matter,
    check_takes_a_seed_of_any_kind,
    check_shrinks_a_batch_that_is_too_large,
    check_reads_labels_of_every_kind,
    check_remembers_nothing,
    check_can_be_copied_and_wrapped,
    check_tells_many_classes_apart,
    check_leaves_models_alone,
]
