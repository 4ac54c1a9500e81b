"""Neighbours that are found among near cells are neighbours, and as many are found as is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obvious import FEW, GRID, query, seeds, world
from scipy.spatial.distance import cdist

from nextlabel import strategies as ours
from nextlabel.errors import BadArgument
from nextlabel.strategies import prob_cover as cover_module
from nextlabel.strategies.kit import cells as cells_module
from nextlabel.strategies.kit.blocks import Blocks
from nextlabel.strategies.kit.cells import Cells
from nextlabel.strategies.kit.ties import Ties
from nextlabel.strategies.prob_cover import cover, pure_radii, sample_pure_radii


def cells_of(X, radius, seed=0):
    return Cells(Blocks(X), radius, np.arange(len(X)), seed)


def found_pairs(cells, X):
    """Who is found in whose ball (n, n)."""
    return (cdist(X, X) <= cells.radius) & cells.near[np.ix_(cells.cell, cells.cell)]


@FEW
@given(seed=seeds, labelled=st.sampled_from([0, 6]), side=st.sampled_from([3, 1024]), radius=st.floats(0.3, 4))
def test_the_choice_is_greedy_cover_by_the_neighbours_that_are_found(seed, labelled, side, radius):
    X, y, _ = world(seed, labelled=labelled, d=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells_module, "SIDE", side)
        cells, utilities = cells_of(X, radius), []
        inside, candidates = found_pairs(cells, X), np.flatnonzero(y < 0)
        ties = Ties(len(candidates), np.random.default_rng(0))
        picks = candidates[cover(cells, y >= 0, candidates, 8, ties, utilities)]
    covered = inside[y >= 0].any(axis=0)
    for b, (pick, told) in enumerate(zip(picks, utilities, strict=True)):
        counts = (inside & ~covered).sum(axis=1)[candidates]
        free = ~np.isin(candidates, picks[:b])
        np.testing.assert_array_equal(told[free], counts[free])
        assert counts[candidates == pick] == counts[free].max()
        covered |= inside[pick]


@FEW
@given(seed=seeds, radius=st.floats(0.3, 4))
def test_the_share_of_neighbours_that_is_found_is_told_and_enough(seed, radius):
    X, _, _ = world(seed, d=4)
    cells = cells_of(X, radius)
    others = ~np.eye(len(X), dtype=bool)
    all_pairs, found = (cdist(X, X) <= radius) & others, found_pairs(cells, X) & others
    assert cells.recall == (found.sum() / all_pairs.sum() if all_pairs.any() else 1)
    assert cells.recall >= cells_module.RECALL
    np.testing.assert_array_equal(cells.count, found.sum(axis=1) + 1)


def test_far_cells_are_not_looked_at():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(100, 3)), rng.normal(size=(100, 3)) + 50])
    cells = cells_of(X, 1.0)
    assert not cells.near[np.ix_(cells.cell[:100], cells.cell[100:])].any()


@FEW
@given(seed=seeds, normalize=st.booleans())
def test_where_no_neighbour_is_missed_the_choice_is_the_exact_one(seed, normalize):
    X, y, _ = world(seed, labelled=3, d=4)
    given = {"n_classes": 4, "deltas": "exact", "cluster_algo_dict": GRID, "normalize_samples": normalize}
    made = {
        name: ours.ProbCover(**given, neighbors=name, missing_label=-1, random_state=0)
        for name in ("exact", "approximate")
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells_module, "RECALL", 1)
        found = {name: one.query(X, y, batch_size=6).tolist() for name, one in made.items()}
    assert found["approximate"] == found["exact"]
    assert made["approximate"].delta_max_ == pytest.approx(made["exact"].delta_max_)
    assert made["approximate"].recall_ == made["exact"].recall_ == 1


def test_the_radius_is_judged_by_a_sample_compared_with_all():
    X, _, _ = world(0, d=3)
    cluster, some = np.arange(len(X)) % 3, np.array([1, 5, 8])
    rows, near = Blocks(X), lambda a, b: cdist(a, b, "sqeuclidean")
    expected = pure_radii(rows, cluster, near)[some]
    np.testing.assert_allclose(sample_pure_radii(rows, cluster, near, some), expected)


def test_copies_are_asked_once():
    X = np.repeat(np.random.default_rng(0).normal(size=(20, 7)).astype(np.float32), 3, axis=0)
    init = {"deltas": 1e-9, "neighbors": "approximate"}
    found, told = query(ours.ProbCover, X, np.full(60, -1), 60, init=init, return_utilities=True)
    assert sorted(found.tolist()) == list(range(60))
    assert np.nanmin(told) >= 0


@pytest.mark.parametrize("n", [1, 2, 3])
def test_one_sample_is_enough(n):
    made = ours.ProbCover(neighbors="approximate", deltas=[0.5], missing_label=-1, random_state=0)
    assert sorted(made.query(np.eye(3)[:n], [-1] * n, batch_size=n).tolist()) == list(range(n))


def test_neighbours_are_exact_up_to_the_bound_and_told_beyond(monkeypatch):
    X, y, _ = world(0)
    init = {"deltas": 1.5}
    exact, missing = (
        query(ours.ProbCover, X, y, 8, init=init | {"neighbors": name}) for name in cover_module.NEIGHBORS[1:]
    )
    assert exact.tolist() != missing.tolist()
    monkeypatch.setattr(cover_module, "LARGE", len(X))
    assert query(ours.ProbCover, X, y, 8, init=init).tolist() == exact.tolist()
    monkeypatch.setattr(cover_module, "LARGE", len(X) - 1)
    with pytest.warns(UserWarning, match="Neighbours of 80 samples are sought in cells.*neighbors='exact'"):
        assert query(ours.ProbCover, X, y, 8, init=init).tolist() == missing.tolist()
    given = init | {"distance_func": cdist}  # no distances that cells are made for, so none is missed
    assert query(ours.ProbCover, X, y, 8, init=given).tolist() == exact.tolist()


@pytest.mark.parametrize(
    ("init", "told"),
    [
        ({"neighbors": "ivf"}, "'auto', 'exact' or 'approximate', and is 'ivf'"),
        ({"neighbors": ["exact"]}, "and is \\['exact'\\]"),
        ({"neighbors": "approximate", "distance_func": cdist}, "Leave it out, or pass neighbors='exact'"),
    ],
)
def test_neighbours_that_cannot_be_found_are_refused_before_any_work(init, told):
    X, y, _ = world(0)
    with pytest.raises(BadArgument, match=told):
        query(ours.ProbCover, X, y, 1, init=init)
