"""Out of a store, block by block, the ids are those of memory."""

import warnings

import numpy as np
import pytest

from nextlabel import select
from nextlabel.engines import Team, engine
from nextlabel.engines.here import Here
from nextlabel.errors import BadArray
from nextlabel.files.shards import Shards
from nextlabel.selection import stored, stored_rows
from nextlabel.selection.stored import StoredOrder, Walk, choose_stored, keep_highest
from nextlabel.strategies import strategy
from nextlabel.strategies.kit.ties import Ties

N, D, C = 3_000, 8, 4
HERE = Here()
EXACT = ["random", "least_confident", "margin", "entropy", "badge", "badge(origin=True)", "auto"]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Many spans of many pieces, where one of each would hold it all."""
    monkeypatch.setattr(stored, "TASK_CELLS", 700 * D)
    monkeypatch.setattr(stored_rows, "CELLS", 64 * D)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = rng.integers(C, size=N)
    X = (rng.normal(size=(N, D)) + rng.normal(size=(C, D))[y]).astype(np.float16)
    X[rng.choice(N, 600)] = X[0]  # equals among the candidates
    # The first, the last, and neighbours are labelled: candidates begin, end and are cut there.
    known = np.unique(np.r_[0, 1, N - 1, 699, 700, 701, rng.choice(N, 60)])
    return X, y, known


def store(folder, X):
    for i, part in enumerate(np.array_split(X, 3)):
        np.save(folder / f"{i}.npy", part)
    return Shards.open(folder)


def labels(data):
    X, y, known = data
    full = np.full(len(X), -1)
    full[known] = y[known]
    return full


def choose(shards, data, name, workers=HERE, table=None, **more):
    _, y, known = data
    order = StoredOrder(shards, known, y[known], C, strategy(name), name, 40, seed=3, table=table, **more)
    return choose_stored(order, Walk(Team(workers, 2, 1)))


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("name", EXACT)
def test_ids_are_those_of_memory(name, standardize, data, tmp_path):
    found, notes = choose(store(tmp_path, data[0]), data, name, standardize=standardize)
    expected = select(data[0], labels(data), name, 40, seed=3, standardize=standardize)
    assert (found.ids.tolist(), notes) == (expected.tolist(), [])
    assert (found.samples, found.labelled, found.classes) == (N, len(data[2]), C)


@pytest.mark.parametrize("name", ["margin", "badge"])
def test_ids_are_those_of_memory_by_a_model_of_ones_own(name, data, tmp_path):
    P = np.random.default_rng(1).dirichlet(np.ones(C), size=N).round(1).astype(np.float32)  # rounded: equals
    P[:, 0] += 1 - P.sum(axis=1)
    P = np.abs(P) / np.abs(P).sum(axis=1, keepdims=True)
    np.save(tmp_path / "P.npy", P)
    (tmp_path / "X").mkdir()
    found, _ = choose(store(tmp_path / "X", data[0]), data, name, table=Shards.open(tmp_path / "P.npy"))
    assert found.ids.tolist() == select(data[0], labels(data), name, 40, P, seed=3).tolist()


def test_no_id_hangs_on_who_works(data, tmp_path):
    shards = store(tmp_path, data[0])
    with engine(2) as workers:
        for name in ("margin", "badge"):
            here, there = (choose(shards, data, name, one)[0].ids.tolist() for one in (HERE, workers))
            assert here == there


def test_without_labels_it_covers_a_sample_and_says_so(data, tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "SAMPLE", 500)
    X, y, _ = data
    nobody = (X, y, np.empty(0, dtype=np.int64))
    with pytest.warns(UserWarning, match="asks as maxherding does"):
        found, [note] = choose(store(tmp_path, X), nobody, "auto")
    assert len(set(found.ids.tolist())) == 40
    assert "it chose among 500 of 3,000, drawn at random" in note


@pytest.mark.parametrize("name", ["coreset", "maxherding", "typiclust", "bald"])
def test_who_compares_candidates_is_shown_a_sample_beside_all_labels(name, data, tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "SAMPLE", 500)
    found, [note] = choose(store(tmp_path, data[0]), data, name)
    assert len(set(found.ids.tolist()) - set(data[2].tolist())) == 40
    assert "500 of" in note
    monkeypatch.setattr(stored, "SAMPLE", N)  # all of them: then it is what memory gives
    found, notes = choose(store(tmp_path, data[0]), data, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (found.ids.tolist(), notes) == (select(data[0], labels(data), name, 40, seed=3).tolist(), [])


@pytest.mark.parametrize("name", ["margin", "badge", "coreset"])
@pytest.mark.parametrize("standardize", [False, True])
def test_a_gap_is_named_by_its_row(name, standardize, data, tmp_path):
    X = data[0].copy()
    X[2_345, 6] = np.nan
    with pytest.raises(BadArray, match=r"Row 2345 of the features .* holds nan in column 6"):
        choose(store(tmp_path, X), data, name, standardize=standardize)


def test_probabilities_that_are_none_are_named_by_their_row(data, tmp_path):
    P = np.full((N, C), 1 / C, np.float16)
    P[1_234] = 1
    np.save(tmp_path / "P.npy", P)
    (tmp_path / "X").mkdir()
    with pytest.raises(BadArray, match=r"Row 1234 of the probabilities .* sums to 4"):
        choose(store(tmp_path / "X", data[0]), data, "margin", table=Shards.open(tmp_path / "P.npy"))


def test_the_best_of_parts_are_the_best_of_all():
    scores = np.random.default_rng(0).integers(5, size=200).astype(float)  # mostly equals
    best, worth = np.empty(0, dtype=np.int64), np.empty(0)
    for part in np.array_split(np.arange(200), 7):
        best, worth = keep_highest(np.append(best, part), np.append(worth, scores[part]), 10)
    ties = Ties(200, np.random.default_rng(1))
    order = best[np.lexsort((ties.rank[best], -worth))][:10]
    assert order.tolist() == ties.top(scores, 10).tolist()
