"""select: the batch that a simulation would ask, out of any array, or one sentence."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import skactiveml.pool
from blobs import blobs, proba
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from nextlabel import select
from nextlabel.errors import BadArray, BadNumber, EmptyPool, Mistake, UnknownName
from nextlabel.loop.asking import ask_strategy
from nextlabel.loop.learner import ActiveLearner, View
from nextlabel.models.linear import Linear
from nextlabel.plan import Plan
from nextlabel.pool import Pool
from nextlabel.selection import choose, read_order, train_head
from nextlabel.strategies import STRATEGIES, Badge, TypiClust, strategy

COVERAGE = [name for name, entry in STRATEGIES.items() if entry.model_free]
LEARNED = [name for name, entry in STRATEGIES.items() if not entry.model_free and name != "auto"]
COMMITTEES = ["bald", "powerbald", "batchbald"]


@pytest.mark.parametrize("name", ["random", "margin", "badge", "coreset", "bald"])
def test_it_asks_what_a_simulation_would_ask_first(name):
    X, y = blobs()
    seen = X if strategy(name).model_free else StandardScaler().fit_transform(X)  # scaled wherever a head is trained
    pool = Pool(seen, y, np.ones(len(y), bool), 3)
    learner = ActiveLearner(Linear({}), strategy(name), strategy("random"), Plan(), 4)
    asked = ask_strategy(View(pool, train_head(pool, 4)), learner, 0, 7)
    assert select(X, y, name, 7, seed=4).tolist() == asked.ids.tolist()


@given(
    name=st.sampled_from(["random", "margin", "badge", "coreset", "typiclust", "maxherding"]),
    known=st.lists(st.booleans(), min_size=4, max_size=25).filter(lambda known: not all(known)),
    batch=st.integers(1, 25),
    seed=st.integers(0, 2**31),
)
def test_a_batch_is_distinct_unlabelled_whole_and_the_same_again(name, known, batch, seed):
    n = len(known)
    X, y = blobs(n, n)[0], np.where(known, np.arange(n) % 3, -1)
    left = np.flatnonzero(y < 0)
    batch = min(batch, len(left))
    P = proba(n) if name in ("margin", "badge") else None
    ids, again = (select(X, y, name, batch, P, seed, missing=-1) for _ in range(2))
    assert len(set(ids.tolist())) == batch
    assert set(ids.tolist()) <= set(left.tolist())
    assert ids.tolist() == again.tolist()


@pytest.mark.parametrize("labelled", [0, 12, 50])
def test_given_probabilities_are_what_margin_goes_by(labelled):
    """None, some and most of the samples labelled: candidates are then handed out in different ways."""
    X, y = blobs(labelled=labelled)
    P = proba()
    gap = np.diff(np.sort(P, axis=1)[:, -2:])[:, 0]
    expected = sorted(np.flatnonzero(y < 0), key=gap.__getitem__)[:5]
    assert select(X, y, "margin", 5, P).tolist() == expected
    assert select(X, y, "skactiveml:UncertaintySampling(method='margin_sampling')", 5, P).tolist() == expected


@pytest.mark.parametrize("name", ["margin", "badge", "coreset", "uherding"])
@pytest.mark.parametrize("P", [None, proba()], ids=["a head", "given"])
@pytest.mark.filterwarnings("ignore:'coreset' does not look at probabilities")
def test_the_kind_of_array_changes_nothing(name, P, tmp_path):
    X, y = blobs()
    X = np.round(X * 8)  # whole numbers, so that every kind holds the same
    np.save(tmp_path / "X.npy", X)
    kinds = [X.astype(np.float64), np.asfortranarray(X), X.astype(np.int16), X.astype(np.float16), X.astype(">f4")]
    expected = select(X, y, name, 6, P).tolist()
    for kind in [*kinds, np.load(tmp_path / "X.npy", mmap_mode="r"), X.tolist()]:
        assert select(kind, y, name, 6, P).tolist() == expected


def test_labels_are_whole_numbers_decimals_or_text():
    X, y = blobs()
    expected = select(X, y, "margin", 6).tolist()
    for same in (
        np.where(y < 0, np.nan, y * 10.0),
        np.where(y < 0, "", np.array(["a", "b", "c"])[y]),
        np.where(y < 0, -1, y + 40),
    ):
        assert select(X, same, "margin", 6).tolist() == expected
    assert select(X, np.where(y < 0, 99, y), "margin", 6, missing=99).tolist() == expected
    assert select(X, np.where(y < 0, "?", y.astype(str)), "margin", 6, missing="?").tolist() == expected


def test_the_same_ids_in_another_process():
    code = "from blobs import blobs; from nextlabel import select; print(select(*blobs(), 'badge', 9, seed=3).tolist())"
    told = subprocess.check_output([sys.executable, "-c", code], cwd=Path(__file__).parents[1], text=True)
    assert told.strip() == str(select(*blobs(), "badge", 9, seed=3).tolist())
    assert told.strip() != str(select(*blobs(), "badge", 9, seed=4).tolist())


@pytest.mark.parametrize(("labels", "P"), [(0, proba(60_000)), (300, None)], ids=["given", "a head"])
def test_features_are_never_copied(labels, P, tmp_path):
    X, y = blobs(60_000, labels, 200)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    select(*blobs(), "badge", 2)  # what is imported at the first use is not counted
    tracemalloc.start()
    select(mapped, y, "badge", 50, P)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 2, f"{peak / X.nbytes:.2f} of the features"


@pytest.mark.parametrize("name", COVERAGE)
def test_coverage_works_without_labels(name):
    name = "probcover(n_classes=3)" if name == "probcover" else name
    assert len(select(blobs()[0], None, name, 5)) == 5


@pytest.mark.parametrize("name", LEARNED)
def test_others_say_what_they_need(name):
    X, y = blobs()
    with pytest.raises(
        Mistake, match=rf"'{name}' needs a .*nothing is labelled.*begin with .*random, coreset, .*, auto\."
    ):
        select(X, None, name, 5)
    with pytest.raises(Mistake, match="all 4 labels are of one class"):
        select(X, np.where(y == 0, 0, -1), name, 5)
    assert len(select(X, y, name, 5)) == 5


@pytest.mark.parametrize("name", COMMITTEES)
def test_a_committee_needs_labels_even_beside_probabilities(name):
    with pytest.raises(Mistake, match="needs a committee trained on labels"):
        select(blobs()[0], None, name, 5, proba())


def test_auto_covers_until_two_classes_are_known():
    X, y = blobs()
    with pytest.warns(UserWarning, match="as maxherding does"):
        found = choose(read_order(X, None, "auto", 5))
    assert found.implementation == "nextlabel.strategies.MaxHerding"
    assert choose(read_order(X, y, "auto", 5)).implementation == "nextlabel.strategies.Auto"


def test_a_batch_larger_than_the_pool_asks_for_all_with_a_note():
    X, y = blobs(labelled=55)
    with pytest.warns(UserWarning, match="Only 5 samples are unlabelled, fewer than 20"):
        assert sorted(select(X, y, "coreset", 20)) == [55, 56, 57, 58, 59]


def test_nothing_unlabelled_is_told():
    X, y = blobs(labelled=60)
    with pytest.raises(EmptyPool, match=r"All 60 samples are labelled.*missing="):
        select(X, y, "random", 1)


@pytest.mark.parametrize(
    ("batch", "seed"),
    [(0, 0), (-3, 0), (1.5, 0), (True, 0), ("7", 0), (1, -1), (1, 0.5), (1, None), (None, 0), (np.inf, 0)],
)
def test_numbers_out_of_range_are_refused(batch, seed):
    with pytest.raises(BadNumber, match="must be a whole number of at least"):
        select(*blobs(), "random", batch, seed=seed)


@pytest.mark.parametrize("name", ["", "bagde", "skactiveml:Badg"])
def test_an_unknown_strategy_is_told_before_the_arrays_are_looked_at(name):
    with pytest.raises(UnknownName, match="No query strategy is called"):
        select("no array", None, name, 1)


def test_our_strategies_are_listed_before_those_of_scikit_activeml():
    with pytest.raises(UnknownName) as told:
        select("no array", None, "foo", 1)
    names = str(told.value).partition("Known: ")[2].rstrip(".").split(", ")
    assert names[: len(STRATEGIES)] == list(STRATEGIES)
    assert all(name.startswith("skactiveml:") for name in names[len(STRATEGIES) :])


@pytest.mark.parametrize(
    ("name", "P", "words"),
    [
        ("coreset", proba(), "does not look at probabilities"),
        ("probcover", None, "takes two.*n_classes=10"),
        ("maxherding(ground=10)", None, "on 10 of 60 candidates, drawn at random.*ground=None"),
    ],
)
def test_what_is_not_as_one_might_think_is_noted(name, P, words):
    with pytest.warns(UserWarning, match=words):
        assert len(select(blobs()[0], None, name, 3, P)) == 3


@pytest.mark.parametrize("name", ["skactiveml:MonteCarloEER", "skactiveml:DropQuery"])
def test_a_strategy_that_must_train_refuses_given_probabilities(name):
    with pytest.raises(Mistake, match=r"Leave (them|the probabilities) out"):
        select(*blobs(20, 6), name, 2, proba(20))
    assert len(select(*blobs(20, 6), name, 2)) == 2


def test_features_are_looked_through_before_anything_is_trained():
    X, y = blobs()
    X[33, 2] = np.nan
    with pytest.raises(BadArray, match=r"Row 33 of the features .* holds nan in column 2"):
        select(X, y, "badge", 5)


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Badge(), "badge"),
        (Badge(random_state=7, missing_label=-5), "badge"),
        (TypiClust(k=3), "typiclust(k=3)"),
        (skactiveml.pool.Clue(method="entropy"), "skactiveml:Clue(method='entropy')"),
    ],
)
def test_an_object_is_asked_as_its_name_would_be(thing, name):
    X, y = blobs()
    assert select(X, y, thing, 5).tolist() == select(X, y, name, 5).tolist()


@pytest.mark.parametrize("thing", [None, 3, ["badge"], b"badge", Badge])
def test_what_is_no_strategy_is_one_sentence(thing):
    with pytest.raises(Mistake, match=r"must be a name such as 'badge' .* or an object such as Badge\(\)"):
        select(*blobs(), thing, 3)


def test_a_whole_number_may_be_written_as_a_decimal():
    X, y = blobs()
    assert select(X, y, "random", 3.0, seed=2.0).tolist() == select(X, y, "random", np.int16(3), seed=2).tolist()


@pytest.mark.parametrize("missing", [[-1], {}, object(), len])
@pytest.mark.parametrize("text", [False, True])
def test_a_missing_label_is_one_value(missing, text):
    X, y = blobs()
    with pytest.raises(BadArray, match="must be one number or one text"):
        select(X, y.astype(str) if text else y, "random", 3, missing=missing)


@pytest.mark.parametrize("name", ["badge", "coreset", "typiclust", "probcover", "maxherding", "uherding", "batchbald"])
def test_picks_are_counted_up_to_the_batch(name):
    steps = []
    choose(read_order(*blobs(), name, 9), lambda *step: steps.append(step))
    counts = [done for what, done, total in steps if (what, total) == ("choosing", 9)]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] >= 8  # the last pick may end the work before it is told


def test_nobody_is_told_of_a_choice_that_others_watch():
    """Of two choices at the same time, each tells its own watcher."""
    steps = []
    choose(read_order(*blobs(), "coreset", 9), lambda *step: steps.append(len(select(*blobs(), "maxherding", 2))))
    assert set(steps) == {2}


def test_a_large_pool_is_covered_by_a_sample_that_is_told():
    X, _ = blobs()
    with pytest.warns(UserWarning, match=r"among 30 of the 60 candidates, drawn at random.*sample=None"):
        ids, again = (
            choose(read_order(X, None, "maxherding(sample=30)", 3, seed=seed)).ids.tolist() for seed in (4, 4)
        )
    assert ids == again
    with pytest.warns(UserWarning, match="as maxherding does"), pytest.warns(UserWarning, match="among 30 of the 60"):
        assert select(X, None, "auto(sample=30)", 3, seed=4).tolist() == ids
    with pytest.warns(UserWarning, match="as maxherding does"):
        every = select(X, None, "auto(sample=None)", 3, seed=4).tolist()
    assert every == select(X, None, "maxherding", 3, seed=4).tolist()


def test_auto_samples_while_it_covers_and_not_afterwards():
    X, y = blobs()  # 12 labels of three classes: fewer than five for each
    with pytest.warns(UserWarning, match="among 20 of the 48 candidates"):
        select(X, y, "auto(sample=20)", 2)
    select(X, y, "auto(sample=20, few=4)", 2)  # warns of nothing


@pytest.mark.parametrize("kind", ["an array", "a map", "a map by columns"])
def test_a_unit_of_measure_changes_nothing_where_a_head_is_trained(kind, tmp_path):
    """Metres or kilometres: features x 1e-5 taught the head nothing, and distances saw the largest column alone."""
    X, y = blobs()
    units = (X * [1e-5, 1, 1e3, 1, 1] + [0, 7, 0, 0, 0]).astype(np.float64)
    if kind != "an array":
        np.save(tmp_path / "X.npy", np.asfortranarray(units) if kind == "a map by columns" else units)
        units = np.load(tmp_path / "X.npy", mmap_mode="r")
    for name in ("margin", "badge", "bald"):
        assert select(units, y, name, 6, seed=2).tolist() == select(X, y, name, 6, seed=2).tolist()
    assert select(units, y, "margin", 6, seed=2, standardize=False).tolist() != select(X, y, "margin", 6).tolist()


def test_probabilities_of_somebody_else_leave_features_as_they_are():
    X, y = blobs()
    stretched = (X * [1e3, 1, 1, 1, 1]).astype(np.float32)
    plain = select(stretched, y, "badge", 6, proba(), standardize=False)
    assert select(stretched, y, "badge", 6, proba()).tolist() == plain.tolist()


@pytest.mark.parametrize("standardize", ["no", None, 0, np.nan])
def test_a_flag_is_true_or_false(standardize):
    with pytest.raises(Mistake, match=r"standardize is .*must be True or False"):
        select(*blobs(), "random", 3, standardize=standardize)


def test_numbers_too_large_to_be_scaled_are_told():
    X, y = blobs()
    with pytest.raises(BadArray, match="Column 0 of the features holds numbers too large to be scaled"):
        select(X.astype(np.float64) * 1e160, y, "margin", 3)
