import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from planted import rows_of
from scipy import stats
from statsmodels.stats.libqsturng import qsturng

from nextlabel.errors import Mistake
from nextlabel.statistics.curves import Curves, curves
from nextlabel.statistics.families import Across, across, iman_davenport, nemenyi, own_families, penalties
from nextlabel.statistics.gates import gates
from nextlabel.statistics.inference import estimate
from nextlabel.statistics.standings import Scale, judge, measure
from nextlabel.wording.verdicts import overall

FLAT = [0.5, 0.6, 0.7]


def bench(gap: float) -> dict[str, dict[int, list[float]]]:
    """Random, and a strategy that lies ``gap`` above it after the start, give or take a little, in ten seeds."""
    ours = {s: [0.5, 0.6 + gap + 0.0005 * (s - 4.5), 0.7 + gap + 0.0005 * (s - 4.5)] for s in range(10)}
    return {"random": dict.fromkeys(range(10), FLAT), "ours": ours}


def weighed(gaps: list[float], families: list[str]) -> Across:
    rows = [rows_of(bench(gap)) for gap in gaps]
    groups = judge([measure(one, Scale("accuracy")) for one in rows], 0.0025)
    named = [(f"data {k}", family) for k, family in enumerate(families)]
    return across(named, groups, [curves(one, "accuracy") for one in rows], "random")


def test_a_family_has_one_vote() -> None:
    found = weighed([0.02, 0.04, -0.03], ["a", "a", "b"])
    ours = found.votes[1]
    assert found.families == {"a": ["data 0", "data 1"], "b": ["data 2"]}
    mean = estimate([0.75 * 0.03, 0.75 * -0.03])  # the start, where nothing differs, is a quarter
    assert ours.difference
    assert mean
    assert (ours.difference.mean, ours.difference.low) == pytest.approx((mean.mean, mean.low))
    assert (ours.wins, ours.ties, ours.losses, ours.rank) == (1, 0, 1, 1.5)
    assert found.votes[0].difference is None


def test_a_family_that_contradicts_itself_is_a_tie() -> None:
    assert (weighed([0.02, -0.02], ["a", "a"]).votes[1].ties, weighed([0.0], ["a"]).votes[1].ties) == (1, 1)


def test_the_statement_over_families_is_wilcoxon_with_holm() -> None:
    gaps = [0.01, 0.02, 0.03, 0.015, 0.025, 0.012, -0.001]
    found = weighed(gaps, [str(k) for k in range(7)])
    assert found.votes[1].p_wilcoxon_holm == pytest.approx(stats.wilcoxon(gaps).pvalue)


def test_overall_names_who_won_and_how_sure_that_is() -> None:
    for gaps, words in (
        ([0.01, 0.02, 0.03, 0.015, 0.025, 0.012], "Over 6 families ours beat random: +"),
        ([0.01, 0.02], r"Over 2 families nothing beat random for certain (2 are too few for signed ranks to tell)"),
    ):
        rows = [rows_of(bench(gap)) for gap in gaps]
        groups = judge([measure(one, Scale("accuracy")) for one in rows], 0.0025)
        named = [(str(k), str(k)) for k in range(len(gaps))]
        found = across(named, groups, [curves(one, "accuracy") for one in rows], "random")
        assert overall(found, groups).startswith(words)


def test_friedman_is_scipys_before_iman_and_davenport() -> None:
    ranks = np.array([[1, 2, 3, 4], [2, 1, 3, 4], [1, 3, 2, 4], [4, 1, 2, 3], [1, 2, 4, 3]], dtype=float)
    chi2 = stats.friedmanchisquare(*ranks.T).statistic
    n, k = ranks.shape
    expected = stats.f.sf((n - 1) * chi2 / (n * (k - 1) - chi2), k - 1, (k - 1) * (n - 1))
    assert iman_davenport(ranks) == pytest.approx(expected)
    assert iman_davenport(ranks[:1]) is None


@given(some.lists(some.lists(some.integers(0, 3), min_size=4, max_size=4), min_size=3, max_size=8))
def test_friedman_with_ties_is_scipys(scores: list[list[int]]) -> None:
    table = np.array(scores, dtype=float)
    ranks = stats.rankdata(table, axis=1)
    n, k = ranks.shape
    if np.ptp(table, axis=1).any():
        chi2 = stats.friedmanchisquare(*table.T).statistic
        if chi2 < n * (k - 1) - 1e-6:
            expected = stats.f.sf((n - 1) * chi2 / (n * (k - 1) - chi2), k - 1, (k - 1) * (n - 1))
            assert iman_davenport(ranks) == pytest.approx(expected)
    else:
        assert iman_davenport(ranks) == 1


def test_families_that_rank_alike_are_no_proof() -> None:
    """F is infinite there: as likely as it is that lots fall alike."""
    assert iman_davenport(np.array([[1.0, 2.0]] * 4)) == pytest.approx(1 / 8)
    assert iman_davenport(np.array([[1.5, 1.5, 3.0]] * 3)) == pytest.approx(1 / 9)


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (5, 2.728), (10, 3.164)])
def test_nemenyi_has_the_published_quantiles(k: int, q: float) -> None:
    """Demšar 2006, table 5; and statsmodels' studentized range."""
    assert nemenyi(k, 10) == pytest.approx(q * np.sqrt(k * (k + 1) / 60), rel=1e-3)
    assert nemenyi(k, 10) == pytest.approx(qsturng(0.95, k, np.inf) / 2**0.5 * np.sqrt(k * (k + 1) / 60), rel=1e-2)


def test_the_penalty_matrix_says_who_wins_by_its_rows() -> None:
    """Toy case: "good" is better than "bad" at two of three numbers of labels, and nobody else differs."""
    heights = {
        "bad": {s: [0.5, 0.5 + 0.001 * s, 0.5 + 0.001 * s] for s in range(5)},
        "good": {s: [0.5, 0.8 + 0.002 * s, 0.8 + 0.002 * s] for s in range(5)},
    }
    found = curves(rows_of(heights), "accuracy")
    matrix = penalties([found["bad"], found["good"]])
    np.testing.assert_allclose(matrix, [[0, 0], [2 / 3, 0]])
    assert matrix.mean(axis=0).argmin() == 1  # the column with the smaller mean lost less


def test_the_penalty_matrix_is_the_paired_t_test_of_scipy() -> None:
    values = np.random.default_rng(3).uniform(0.4, 0.5, (3, 6, 8)) + np.array([0, 0.02, 0.03])[:, None, None]
    heights = {f"s{k}": dict(enumerate(table.tolist())) for k, table in enumerate(values)}
    found = curves(rows_of(heights), "accuracy")
    for i in range(3):
        for j in range(3):
            wins = 0
            for g in range(8 if i != j else 0):
                test = stats.ttest_rel(values[i, :, g], values[j, :, g])
                wins += test.pvalue < 0.05 and test.statistic > 0
            assert penalties(list(found.values()))[i, j] == pytest.approx(wins / 8)


@settings(max_examples=10)
@given(some.permutations([0, 1, 2, 3]))
def test_order_of_datasets_does_not_matter(order: list[int]) -> None:
    gaps, families = [0.01, 0.02, -0.01, 0.005], ["a", "b", "b", "c"]
    one, other = weighed(gaps, families), weighed([gaps[k] for k in order], [families[k] for k in order])
    assert one.votes[1].difference
    assert other.votes[1].difference
    assert other.votes[1].difference.mean == pytest.approx(one.votes[1].difference.mean)
    assert other.votes[1].p_wilcoxon_holm == one.votes[1].p_wilcoxon_holm
    np.testing.assert_allclose(other.penalties, one.penalties)


def test_families_are_given_or_the_datas_own() -> None:
    datasets = [("iris", "f1"), ("iris again", "f1"), ("wine", "f2"), ("theirs", None), ("theirs", None)]
    own = [family for _, family in own_families(datasets, {})]
    assert own == ["iris", "iris", "wine", "theirs", "theirs"]
    given_ = [family for _, family in own_families(datasets, {"plants": ["iris", "wine"], "else": ["absent"]})]
    assert given_ == ["plants", "plants", "plants", "theirs", "theirs"]
    with pytest.raises(Mistake, match="in two families"):
        own_families(datasets, {"a": ["iris"], "b": ["iris"]})
    with pytest.raises(Mistake, match="'iris' and 'iris again' hold the same data, and are in two families"):
        own_families(datasets, {"a": ["iris"], "b": ["iris again"]})


def test_the_same_data_share_a_family_whichever_comes_first() -> None:
    for datasets in ([("a", "f"), ("b", "f")], [("b", "f"), ("a", "f")]):
        assert {family for _, family in own_families(datasets, {"F": ["b"]})} == {"F"}


@pytest.mark.parametrize(
    "datasets",
    [
        [("iris again", "f"), ("iris", "f"), ("iris", None)],
        [("x", "f1"), ("d", "f1"), ("d", "f2")],
        [("x", "f1"), ("y", "f2"), ("d", "f1"), ("d", "f2")],
    ],
)
def test_data_that_hang_together_by_way_of_others_are_one_family(datasets: list[tuple[str, str | None]]) -> None:
    assert len({family for _, family in own_families(datasets, {})}) == 1
    assert {family for _, family in own_families(datasets, {"F": [datasets[0][0]]})} == {"F"}


def test_one_family_far_away_does_not_turn_a_loss_into_a_win() -> None:
    gaps = [-0.005 - 0.0001 * k for k in range(11)] + [0.2]
    rows = [rows_of(bench(gap)) for gap in gaps]
    groups = judge([measure(one, Scale("accuracy")) for one in rows], 0.0025)
    found = weighed(gaps, [str(k) for k in range(12)])
    assert found.votes[1].difference
    assert found.votes[1].difference.mean > 0
    assert found.votes[1].p_wilcoxon_holm
    assert found.votes[1].p_wilcoxon_holm < 0.05
    assert "nothing beat random for certain; for certain all did worse" in overall(found, groups)


def toy(random: list[list[float]], ours: list[list[float]]) -> dict[str, Curves]:
    return dict(curves(rows_of({"random": dict(enumerate(random)), "ours": dict(enumerate(ours))}), "accuracy"))


def test_gates_pass_on_a_sound_run() -> None:
    sound = toy([[0.5, 0.6, 0.8]] * 4, [[0.5, 0.7, 0.8]] * 4)
    whole = dict.fromkeys(range(4), 30)
    assert [gate.passed for gate in gates([sound], [whole], "random")] == [True, True, True]
    start, end, halves = gates([sound], [{}], "random")
    assert (start.passed, end.passed, halves.passed) == (True, None, True)


def test_gates_see_what_cannot_be() -> None:
    odd = toy([[0.5, 0.6, 0.8], [0.5, 0.9, 0.8]] * 2, [[0.5, 0.7, 0.8], [0.4, 0.7, 0.7]] * 2)
    start, end, halves = gates([odd], [dict.fromkeys(range(4), 30)], "random")
    assert (start.passed, end.passed, halves.passed) == (False, False, False)
    assert "score differently in 2 of 4 seeds" in start.words
    assert "random is 2nd in one half of the seeds and 1st in the other" in halves.words
