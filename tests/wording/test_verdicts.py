import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from planted import planted, rows_of

from nextlabel.statistics.families import Vote
from nextlabel.statistics.inference import Estimate, detectable_difference
from nextlabel.statistics.looks import EVERY_LOOK, ONE_LOOK
from nextlabel.statistics.ratios import Ratio
from nextlabel.statistics.standings import Judgement, Scale, Standing, judge, measure, standings
from nextlabel.wording.numbers import points, share
from nextlabel.wording.verdicts import headline, label_words, verdict, vote_mark, vote_words


def judgement(gaps: list[float], margin: float = 0.0025) -> Judgement:
    found = standings(planted(gaps), [5, 5], margin=margin)[1].judgement
    assert found
    return found


@pytest.mark.parametrize(
    ("gaps", "words", "negligible"),
    [
        ([0.012, 0.014] * 5, "better", False),
        ([-0.012, -0.014] * 5, "worse", False),
        ([0.001, 0.0012] * 5, "better", True),
        ([0.001, -0.001] * 5, "same", False),
        ([0.02, -0.02] * 5, "undecided", False),
        ([0.0] * 10, "same", False),
    ],
)
def test_the_four_verdicts(gaps: list[float], words: str, negligible: bool) -> None:
    found = judgement(gaps)
    assert (found.verdict, found.negligible) == (words, negligible)
    assert (found.seeds_needed is not None) == (words == "undecided")


def test_the_margin_decides_what_is_the_same() -> None:
    gaps = [0.004, -0.004, 0.002, -0.003, 0.001] * 2
    assert judgement(gaps, 0.0005).verdict == "undecided"
    assert judgement(gaps, 0.01).verdict == "same"


def test_holm_counts_every_cell_of_the_call() -> None:
    gaps = [0.012, 0.004, 0.02, 0.004, 0.009, -0.001, 0.006, 0.001, 0.004, 0.003]  # p = .04 alone, at any look
    one = measure(planted(gaps), Scale("accuracy"))
    assert [found.judgement.verdict for found in judge([one], 0.0025)[0] if found.judgement] == ["better"]
    many = judge([one] * 5, 0.0025)
    assert {found.judgement.verdict for group in many for found in group if found.judgement} == {"undecided"}
    assert many[0][1].judgement
    assert many[0][1].judgement.p_holm == pytest.approx(5 * many[0][1].judgement.trial.p)


@settings(max_examples=20)
@given(some.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(random: Any) -> None:
    rows = planted([0.01, 0.03, -0.01])
    shuffled = random.sample(rows, len(rows))
    before, after = ({s.strategy: s for s in standings(r, [5, 5])} for r in (rows, shuffled))
    assert before == after


@given(some.text(min_size=1).filter(lambda name: name != "random"))
def test_names_of_strategies_do_not_matter(name: str) -> None:
    gaps = [0.01, 0.03, -0.01]
    one, other = standings(planted(gaps), [5, 5])[1], standings(planted(gaps, name=name), [5, 5])[1]
    assert replace(other, strategy="ours") == one


@given(some.integers(1, 40))
def test_linear_aubc_does_not_hang_on_the_unit_of_labels(scale: int) -> None:
    heights = {"random": {0: [0.4, 0.5, 0.6], 1: [0.5, 0.5, 0.7]}, "ours": {0: [0.4, 0.6, 0.6], 1: [0.5, 0.6, 0.6]}}
    one = standings(rows_of(heights, [10, 20, 40]), [5, 5])[1]
    other = standings(rows_of(heights, [scale * n for n in (10, 20, 40)]), [5, 5])[1]
    assert other.gaps == pytest.approx(one.gaps)
    assert (other.judgement, other.ratio) == (one.judgement, one.ratio)


def test_undefined_metrics_leave_undefined_standings() -> None:
    rows = rows_of({name: {0: [None, None]} for name in ("random", "margin")})  # type: ignore[list-item]
    for one in standings(rows, [5, 5]):
        assert one.aubc is one.log_aubc is one.difference is one.judgement is None
        assert one.at["accuracy"] == (None, None, None)
    assert headline(standings(rows, [5, 5])).startswith("Nothing was measured")


def test_shares_of_the_budget_lie_on_the_curve() -> None:
    rows = rows_of({"random": {0: [0.1, 0.2, 0.4]}}, labelled=[10, 20, 40])
    (one,) = standings(rows, [5, 5])
    assert one.at["accuracy"] == (0.1, 0.2, 0.4)
    late = standings(rows_of({"random": {0: [0.1, 0.4]}}, labelled=[30, 40]), [5, 5])
    assert late[0].at["accuracy"] == (None, None, 0.4)


def test_imbalance_changes_the_metric() -> None:
    rows = planted([0.01, 0.02])
    assert {one.metric for one in standings(rows, [10, 31])} == {"balanced_accuracy"}
    assert {one.metric for one in standings(rows, [10, 30, 0])} == {"accuracy"}


def test_other_metrics_stand_beside_and_decide_nothing() -> None:
    rows = planted([0.01, 0.03])
    assert {other.difference and other.difference.low for other in standings(rows, [5, 5])[1].beside} == {None}
    one = measure(rows, Scale("accuracy", law=ONE_LOOK))[1]
    found = {(other.metric, other.axis): other.difference for other in one.beside}
    assert set(found) == {(m, a) for m in ("accuracy", "balanced_accuracy", "f1_macro") for a in ("linear", "log")}
    assert found["f1_macro", "log"] == Estimate(
        pytest.approx(0.01), *(pytest.approx(x, rel=1e-2) for x in (-0.0535, 0.0735)), 2
    )


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ([0.012, 0.014] * 5, "ours: better than random by 1.30 points of AUBC [1.20, 1.40] at any look; it reached"),
        (
            [-0.012, -0.014] * 5,
            "ours: worse than random by 1.30 points of AUBC [1.20, 1.40] at any look; it never reached random's final "
            "accuracy within the budget; 10 seeds",
        ),
        (
            [0.02, -0.02] * 5,
            "ours: undecided against random (0.00 points [−2.05, 2.05] at any look); 10 seeds could have seen a "
            "difference of 2.7 points",
        ),
        (
            [0.001, -0.001] * 5,
            "ours: the same as random within ±0.25 points of AUBC (0.00 points [−0.10, 0.10] at any look); 10 seeds",
        ),
        (
            [0.001, 0.0012] * 3,
            "ours: better than random by 0.11 points of AUBC [0.08, 0.13] at any look, which is negligible (within",
        ),
        ([0.012], "ours: +1.20 points of AUBC to random; 1 seed: indicative, no verdict"),
    ],
)
def test_verdict_says_what_the_seeds_say(gaps: list[float], words: str) -> None:
    found = standings(planted(gaps), [5, 5])
    assert verdict(found[1])[: len(words)] == words
    assert verdict(found[0]) == "random: what the others are measured against"


def test_few_seeds_are_indicative_in_the_same_breath() -> None:
    six = standings(planted([0.012, 0.0125] * 3), [5, 5])
    assert verdict(six[1]).endswith("; 5 seeds, indicative")  # the look at five
    assert headline(six).endswith("(indicative: 5 seeds).")


def test_two_seeds_with_equal_differences_are_no_verdict() -> None:
    for gaps in ([0.012, 0.012], [0.01] * 3, [0.01] * 4):
        one = standings(planted(gaps), [5, 5])[1]
        assert one.judgement is None
        assert verdict(one).endswith(f"; {len(gaps)} seeds: indicative, no verdict")
    five = standings(planted([0.01] * 5), [5, 5])[1]
    assert verdict(five).endswith("; 5 seeds that all say the same do not prove it, indicative")


def test_an_interval_without_zero_that_decides_nothing_says_why() -> None:
    gaps = [0.012, 0.004, 0.02, 0.004, 0.009, -0.001, 0.006, 0.001, 0.004, 0.003]
    one = judge([measure(planted(gaps), Scale("accuracy"))] * 5, 0.0025)[0][1]
    assert "but p = 0.20 once all comparisons of this call are counted" in verdict(one)


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ([-0.012, -0.014] * 5, "Nothing beat random, and ours did worse."),
        ([0.02, -0.02] * 5, "Nothing beat random, as far as 10 seeds can see."),
        ([0.02, -0.02], "2 seeds cannot tell whether asking beats random: a verdict takes five or more."),
        ([0.02, -0.02] * 3, "Nothing beat random, as far as 5 seeds can see (indicative: 5 seeds)."),
        ([0.001, -0.001] * 5, "Nothing beat random: ours did the same."),
        ([0.001, 0.0012] * 5, "ours beat random, but by a negligible 0.1 points of accuracy on average."),
        ([0.3], "One seed cannot tell whether asking beats random: a verdict takes five or more."),
    ],
)
def test_headline_may_say_nothing(gaps: list[float], words: str) -> None:
    assert headline(standings(planted(gaps), [5, 5])) == words


def test_headline_speaks_of_points_and_labels() -> None:
    heights = {"random": {s: [0.5, 0.6, 0.7] for s in range(10)}, "ours": {s: [0.5, 0.7, 0.7] for s in range(10)}}
    assert headline(standings(rows_of(heights), [5, 5])) == (
        "ours beat random by 5.0 points of accuracy on average and reached random's final accuracy with 33 % fewer "
        "labels [33, 33]."
    )


def test_headline_without_random_claims_no_win() -> None:
    ours = [row for row in planted([0.01, 0.02]) if row["strategy"] == "ours"]
    assert headline(standings(ours, [5, 5])).endswith("Nothing to compare it with.")
    both = ours + [row | {"strategy": "theirs"} for row in ours]
    assert "was not tried" in headline(standings(both, [5, 5]))


def test_a_vote_is_said() -> None:
    vote = Vote("margin", Estimate(0.0134, 0.002, 0.03, 7), 1.5, 0.0312, 4, 2, 1, 20)
    assert vote_words(vote) == (
        "margin: +1.34 points of AUBC on average [0.20, 3.00], 4 won, 2 tied or open, 1 lost, average rank 1.5; "
        "Wilcoxon p = 0.031 after Holm"
    )


@given(some.floats(-1, 1))
def test_points_never_show_a_minus_zero(fraction: float) -> None:
    said = points(fraction, signed=True)
    assert said not in ("−0.0", "+0.0", "-0.0")
    assert float(said.replace("−", "-")) == pytest.approx(100 * fraction, abs=0.0501)
    assert share(fraction) not in ("−0", "-0")


def test_a_standing_without_a_verdict_has_no_side() -> None:
    assert Standing("a", "accuracy", 1, {}, None, None, "random").side == 0


def test_a_vote_whose_mean_and_ranks_disagree_is_open() -> None:
    won = Vote("margin", Estimate(0.0116, -0.03, 0.05, 12), 1.9, 0.034, 1, 0, 11, signed_ranks=-54)
    assert vote_mark(won) == "open"
    assert vote_mark(replace(won, signed_ranks=54)) == "up"
    assert vote_mark(replace(won, signed_ranks=-54, difference=Estimate(-0.01, -0.02, 0.0, 12))) == "down"


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ([0.02, -0.02] * 5, "10 seeds could have seen a difference of 2.7 points"),
        ([0.002, -0.002] * 10, "20 seeds could have seen a difference of 0.17 points"),
        ([0.1, -0.1, 0.1, -0.1, 0.1], "5 seeds could have seen a difference of 30 points, indicative"),
        ([0.5, -0.5, 0.5, -0.5, 0.5], "5 seeds could have seen no difference, however large, indicative"),
    ],
)
def test_undecided_says_what_the_seeds_could_have_seen(gaps: list[float], words: str) -> None:
    one = standings(planted(gaps), [5, 5], margin=0.0001)[1]
    assert verdict(one).endswith(f"; {words}")
    assert "would show" not in verdict(one)


def test_what_is_undecided_could_have_been_seen_at_the_level_that_holm_leaves() -> None:
    sure, open_ = measure(planted([0.03, 0.031] * 5), Scale("accuracy")), [0.02, -0.02] * 5
    one = measure(planted(open_), Scale("accuracy"))
    found = judge([sure, one, one], 0.0025)  # one of three is certain: two are left, at .025 each
    assert found[0][1].judgement
    assert found[0][1].judgement.detectable is None
    assert found[1][1].judgement
    assert found[1][1].judgement.detectable == pytest.approx(
        detectable_difference(open_, EVERY_LOOK.level(10, 0.05 / 2) or 0.0)
    )


def test_labels_are_not_saved_where_their_interval_holds_zero() -> None:
    theirs = {s: [0.5, 0.60, 0.66, 0.70 + 0.03 * (-1) ** s] for s in range(10)}
    ours = {s: [0.52, 0.64, 0.69, 0.71 - 0.03 * (-1) ** s] for s in range(10)}
    found = standings(rows_of({"random": theirs, "ours": ours}), [5, 5])
    assert found[1].side == 1
    assert re.fullmatch(r"ours beat random by \d\.\d points of accuracy on average\.", headline(found))
    assert re.search(rf"; {OPEN} \(\d+ % fewer labels \[0, \d+\]\); 10 seeds$", verdict(found[1]))


OPEN = "whether it reaches random's final accuracy with fewer labels is open"


@pytest.mark.parametrize(
    ("value", "interval", "words"),
    [
        (1.5, (1.2, 2.0), "it reached random's final accuracy with 33 % fewer labels [17, 50]"),
        (1.5, (1.0, 2.0), f"{OPEN} (33 % fewer labels [0, 50])"),
        (0.8, (0.5, 1.1), f"{OPEN} (25 % more labels [−9, 100])"),
        (0.8, (0.5, 0.9), "it reached random's final accuracy with 25 % more labels [11, 100]"),
        (1.0, (0.9, 1.2), f"{OPEN} (as many labels [−11, 17])"),
        (1.0, (1.0, 1.0), "it reached random's final accuracy with as many labels [0, 0]"),
    ],
)  # fmt: skip
def test_labels_are_said_as_their_interval_allows(value: float, interval: tuple[float, float], words: str) -> None:
    one = Standing("ours", "accuracy", 10, {}, None, None, "random", ratio=Ratio(value, False, *interval, 0.0))
    assert label_words(one) == words


def test_a_loss_is_no_proof_for_those_that_are_open() -> None:
    worse, open_ = [-0.012, -0.014] * 5, [0.02, -0.02] * 5
    rows = planted(worse) + [row for row in planted(open_, name="other") if row["strategy"] == "other"]
    assert headline(standings(rows, [5, 5])) == "Nothing beat random, as far as 10 seeds can see, and ours did worse."


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "it never reached random's final accuracy within the budget"),
        (0.6, "whether it reaches random's final accuracy within the budget is open (on average it did not)"),
    ],
)
def test_never_is_said_only_where_resamples_agree(share: float, words: str) -> None:
    one = Standing("ours", "accuracy", 10, {}, None, None, "random", ratio=Ratio(None, True, 0.9, 1.1, share))
    assert label_words(one) == words
