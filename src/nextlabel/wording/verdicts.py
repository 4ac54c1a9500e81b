"""Verdicts as sentences: the same words in the terminal, in the report of a run and in that of a comparison."""

import math
from collections.abc import Sequence

from nextlabel.runs.lines import Row
from nextlabel.statistics.families import Across, Vote
from nextlabel.statistics.inference import ALPHA
from nextlabel.statistics.ratios import Ratio
from nextlabel.statistics.standings import Standing, best, standings
from nextlabel.text import join_names, several
from nextlabel.wording.numbers import ENOUGH, metric_words, points, seed_words, seen_points, share, span

FEWEST_FAMILIES = 5  # families; with as many the signed ranks' smallest p is .0625


def verdict(one: Standing) -> str:
    """What the seeds say about one strategy, in one plain sentence."""
    name, found, gap, against = one.strategy, one.judgement, one.difference, one.against
    if name == against:
        return f"{name}: what the others are measured against"
    if gap is None:
        return f"{name}: not compared, for there are no curves of both it and {against}"
    if found is None:
        return f"{name}: {points(gap.mean, True, 2)} points of AUBC to {against}; {no_verdict(one)}"
    if found.verdict == "undecided":
        return f"{name}: {_open_words(one)}"
    words = _same(one) if found.verdict == "same" else _better_or_worse(one)
    return f"{name}: {words}; {seed_words(gap.seeds)}"


def no_verdict(one: Standing) -> str:
    """What is said of fewer seeds than a verdict takes: "3 seeds: indicative, no verdict"."""
    return f"{several(one.difference.seeds if one.difference else one.seeds, 'seed')}: indicative, no verdict"


def summary(rows: Sequence[Row], counts: Sequence[int]) -> list[str]:
    """What the rows of one dataset say, in sentences: the headline, then one verdict per strategy.

    ``counts`` (C,) are samples per class: where they differ much, balanced figures decide.

    >>> scores = {"random": [0.5] * 5, "margin": [0.7, 0.71, 0.72, 0.71, 0.7]}  # one per seed
    >>> rows = [
    ...     {"strategy": name, "seed": seed, "round": k, "labelled": 10 + 10 * k, "accuracy": score}
    ...     for name, by_seed in scores.items() for seed, score in enumerate(by_seed) for k in range(3)
    ... ]
    >>> print(summary(rows, [50, 50])[2].partition(";")[0])
    margin: better than random by 20.80 points of AUBC [19.03, 22.57] at any look
    """
    found = standings(rows, counts)
    return [headline(found), *(verdict(one) for one in found)]


def look_words(one_look: bool) -> str:
    """What verdicts and intervals hold for, in one sentence."""
    if one_look:
        return "At one look: verdicts and 95 % intervals hold if the number of seeds was fixed beforehand."
    return "At any look: verdicts and 95 % intervals hold however often seeds are added and compared again."


def mark(one: Standing) -> str:
    """How a page marks a verdict: "up", "down", "even", "open", or "base" where there is none."""
    marks = {"better": "up", "worse": "down", "same": "even", "undecided": "open"}
    return marks[one.judgement.verdict] if one.judgement else "base" if one.difference is None else "open"


def _better_or_worse(one: Standing) -> str:
    """Better or worse: by how much, in points and in labels."""
    assert one.judgement
    assert one.difference
    gap, sign = one.difference, one.side
    # "Worse by 1.2 points [0.5, 1.9]": without a sign, so the ends change places where it is worse.
    low, high = (gap.low, gap.high) if sign > 0 else (_negate(gap.high), _negate(gap.low))
    few = f", which is negligible (within {_margin(one)})" if one.judgement.negligible else ""
    by = f"by {points(abs(gap.mean), digits=2)} points of AUBC {span(low, high, 2)} at {gap.looks}{few}"
    labels = label_words(one)
    return f"{one.judgement.verdict} than {one.against} {by}" + (f"; {labels}" if labels else "")


def _same(one: Standing) -> str:
    return f"the same as {one.against} within {_margin(one)} points of AUBC ({_interval(one)})"


def _open_words(one: Standing) -> str:
    """Says what was found, and how large a difference must have been for these seeds to see it."""
    return f"undecided against {one.against} ({_interval(one)}{_doubt(one)}); {sight(one)}"


def sight(one: Standing) -> str:
    """What the seeds could have seen: "10 seeds could have seen a difference of 2.1 points"."""
    assert one.judgement
    assert one.difference
    least, seeds = one.judgement.detectable, one.difference.seeds
    few = "" if seeds >= ENOUGH else ", indicative"
    if least is None:
        return f"{several(seeds, 'seed')} that all say the same do not prove it{few}"
    if least >= 1:  # AUBC lies between 0 and 1
        return f"{several(seeds, 'seed')} could have seen no difference, however large{few}"
    return f"{several(seeds, 'seed')} could have seen a difference of {seen_points(least)} points{few}"


def _doubt(one: Standing) -> str:
    """Why an interval that leaves zero out may decide nothing."""
    assert one.judgement
    # The interval is of this one comparison, the verdict after Holm: the two may disagree, and a reader would wonder.
    if one.judgement.trial.p >= ALPHA:
        return ""
    return f", but p = {one.judgement.p_holm:.2f} once all comparisons of this call are counted"


def _interval(one: Standing) -> str:
    assert one.difference
    gap = one.difference
    return f"{points(gap.mean, True, 2)} points {span(gap.low, gap.high, 2)} at {gap.looks}"


def _margin(one: Standing) -> str:
    assert one.judgement
    return f"±{100 * one.judgement.margin:g}"


def _negate(number: float | None) -> float | None:
    return None if number is None else -number


def label_words(one: Standing) -> str:
    """The label ratio as people say it: "it reached random's final accuracy with 38 % fewer labels [21, 52]".

    Where the interval holds zero it says that nothing is known, and what was seen only behind that.
    """
    found = one.ratio
    if found is None:
        return ""
    goal = f"{one.against}'s final {metric_words(one.metric)}"
    # On the mean curve it never got there. How many resamples of the seeds agree decides how sure the sentence is.
    if found.value is None:
        if found.never_share is not None and found.never_share < 1 - found.level / 2:
            return f"whether it reaches {goal} within the budget is open (on average it did not)"
        return f"it never reached {goal} within the budget"
    interval, seen = _saved_span(found), _saved_words(found)
    if interval is not None and _holds_zero(interval):
        return f"whether it reaches {goal} with fewer labels is open ({seen})"
    return f"it reached {goal} with {seen}"


def _saved_words(found: Ratio) -> str:
    """Labels saved, with their interval: "38 % fewer labels [21, 52]"."""
    assert found.value
    saved, interval = 1 - 1 / found.value, _saved_span(found)  # ratio 1.6: random needed 1.6 times the labels
    # Decided on what is shown, or a reader would meet "0 % fewer labels".
    if round(100 * saved) == 0:
        return f"as many labels{_brackets(interval)}"
    if saved > 0:
        return f"{share(saved)} % fewer labels{_brackets(interval)}"
    # The sign turns with the word "more", and the ends of the interval change places with it.
    return f"{share(-saved)} % more labels{_brackets(interval and (-interval[1], -interval[0]))}"


def _saved_span(found: Ratio) -> tuple[float, float] | None:
    """The interval of the share of labels saved."""
    if found.low is None or found.high is None:
        return None
    return 1 - 1 / found.low, 1 - 1 / found.high


def _holds_zero(interval: tuple[float, float]) -> bool:
    """As it is shown, in whole percent; an interval that is nothing but zero is certain that nothing was saved."""
    low, high = (round(100 * edge) if math.isfinite(edge) else edge for edge in interval)
    return low <= 0 <= high and low < high


def _brackets(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" [{share(interval[0])}, {share(interval[1])}]"


def headline(found: Sequence[Standing]) -> str:
    """What was found, in one sentence that anybody understands; it may say that nothing was."""
    compared = [one for one in found if one.difference is not None]
    if not compared:
        return _without_judgement(found)
    # The least of them: "as far as 10 seeds can see" must hold for everybody in the sentence.
    against, seeds = compared[0].against, min(one.difference.seeds for one in compared if one.difference)
    few = "" if seeds >= ENOUGH else f" (indicative: {several(seeds, 'seed')})"
    if any(one.judgement is None for one in compared):
        who = "One seed" if seeds == 1 else several(seeds, "seed")
        return f"{who} cannot tell whether asking beats {against}: a verdict takes five or more."
    winners = sorted((one for one in compared if one.side > 0), key=_mean_gap, reverse=True)
    losers = [one.strategy for one in compared if one.side < 0]
    far = f", as far as {seeds} seeds can see" if any(_is_open(one) for one in compared) else ""
    if winners:
        return f"{_win(winners[0])}{_others(winners[1:])}{few}."
    if losers:
        return f"Nothing beat {against}{far}, and {join_names(losers)} did worse{few}."
    if not far:
        return f"Nothing beat {against}: {join_names([one.strategy for one in compared])} did the same{few}."
    return f"Nothing beat {against}{far}{few}."


def _is_open(one: Standing) -> bool:
    return one.judgement is not None and one.judgement.verdict == "undecided"


def _mean_gap(one: Standing) -> float:
    return one.difference.mean if one.difference else 0.0


def _win(one: Standing) -> str:
    """In points and in labels: a ratio may be large where the points are few, and the other way round.

    Labels are left out where their interval holds zero: the headline is what people repeat.
    """
    by = f"{points(_mean_gap(one))} points of {metric_words(one.metric)} on average"
    if one.judgement and one.judgement.negligible:
        return f"{one.strategy} beat {one.against}, but by a negligible {by}"
    labels = label_words(one)
    # `label_words` begins with "it" only where it claims something: "whether …" is left out of a headline.
    certain = labels.startswith("it ")
    return f"{one.strategy} beat {one.against} by {by}" + (f" and {labels.removeprefix('it ')}" if certain else "")


def _others(winners: Sequence[Standing]) -> str:
    return f"; {join_names([one.strategy for one in winners])} beat it too" if winners else ""


def _without_judgement(found: Sequence[Standing]) -> str:
    first = best(found)
    if first is None:
        return "Nothing was measured: there is no learning curve to speak of."
    mean = f"{points(first.aubc or 0.0)} % {metric_words(first.metric)} on average over its learning curve"
    if len(found) == 1:
        return f"{first.strategy} alone: {mean}. Nothing to compare it with."
    return f"{first.strategy} came first with {mean}; whether that beats {first.against} was not tried."


def overall(found: Across, groups: Sequence[Sequence[Standing]]) -> str:
    """What was found over several families, in one sentence; over one, its own headline."""
    seeds = min(one.difference.seeds for group in groups for one in group if one.difference)
    few = "" if seeds >= ENOUGH else f" (indicative: {several(seeds, 'seed')} on some)"
    if len(found.families) < 2:
        return headline(groups[0]) if len(groups) == 1 else _one_family(groups)
    votes = sorted((vote for vote in found.votes if vote.difference), key=_mean_vote, reverse=True)
    against, count = groups[0][0].against, several(len(found.families), "family")
    sure = [vote for vote in votes if vote_mark(vote) == "up"]
    if sure:
        return f"Over {count} {sure[0].strategy} beat {against}: {_vote_numbers(sure[0])}{few}."
    weak = (
        ""
        if len(found.families) > FEWEST_FAMILIES
        else f" ({len(found.families)} are too few for signed ranks to tell)"
    )
    open_ = [vote for vote in votes if not _loses(vote)]
    nearest = "for certain all did worse"
    if open_:  # by the lower end: a mean that may as well lie far below zero is not near
        near = max(open_, key=_lower_end)
        nearest = f"{near.strategy} came nearest: {_vote_numbers(near)}"
    return f"Over {count} nothing beat {against} for certain{weak}; {nearest}{few}."


def _one_family(groups: Sequence[Sequence[Standing]]) -> str:
    wins = sorted({one.strategy for group in groups for one in group if one.side > 0})
    against = groups[0][0].against
    if not wins:
        return f"Nothing beat {against} in any of {len(groups)} settings of one family."
    return f"{join_names(wins)} beat {against} in some of {len(groups)} settings of one family."


def vote_words(vote: Vote) -> str:
    """One strategy over all families, in one line."""
    if vote.difference is None:
        return f"{vote.strategy}: average rank {vote.rank:.1f}; what the others are measured against"
    # None for fewer than two families: of one value there is no signed rank to test.
    p = "" if vote.p_wilcoxon_holm is None else f"; Wilcoxon p = {vote.p_wilcoxon_holm:.3f} after Holm"
    return f"{vote.strategy}: {_vote_numbers(vote)}, average rank {vote.rank:.1f}{p}"


def vote_mark(vote: Vote) -> str:
    """How a page marks a vote: "up" or "down" where the signed ranks are certain and the mean agrees, else "open".

    "base" for random. One family far away may draw the mean to one side while the ranks are certain of the other.
    """
    if vote.difference is None:
        return "base"
    # A page that says "up" beside a negative mean would be read as an error: such a vote stays open.
    if not _is_sure(vote) or (vote.difference.mean > 0) != (vote.signed_ranks > 0):
        return "open"
    return "up" if vote.signed_ranks > 0 else "down"


def _is_sure(vote: Vote) -> bool:
    return vote.p_wilcoxon_holm is not None and vote.p_wilcoxon_holm < ALPHA


def _loses(vote: Vote) -> bool:
    """By the signed ranks, whatever one family far away makes of the mean."""
    return _is_sure(vote) and vote.signed_ranks < 0


def _vote_numbers(vote: Vote) -> str:
    gap = vote.difference
    assert gap
    by = f"{points(gap.mean, True, 2)} points of AUBC on average {span(gap.low, gap.high, 2)}"
    return f"{by}, {vote.wins} won, {vote.ties} tied or open, {vote.losses} lost"


def _mean_vote(vote: Vote) -> float:
    return vote.difference.mean if vote.difference else 0.0


def _lower_end(vote: Vote) -> float:
    return -math.inf if vote.difference is None or vote.difference.low is None else vote.difference.low
