"""Verdicts as sentences: the same words in the terminal, in the report of a run and in that of a comparison."""

from collections.abc import Sequence

from nextlabel.runs.lines import Row
from nextlabel.statistics.families import Across, Vote
from nextlabel.statistics.inference import ALPHA
from nextlabel.statistics.ratios import Ratio
from nextlabel.statistics.standings import Standing, best, standings
from nextlabel.text import join_names, several
from nextlabel.wording.numbers import ENOUGH, points, seeds_said, share, span, spoken

FEWEST = 5  # families; with as many the signed ranks' smallest p is .0625


def verdict(one: Standing) -> str:
    """What the seeds say about one strategy, in one plain sentence."""
    name, found, gap, against = one.strategy, one.judged, one.difference, one.against
    if name == against:
        return f"{name}: what the others are measured against"
    if gap is None:
        return f"{name}: not compared, for there are no curves of both it and {against}"
    if found is None:
        return f"{name}: {points(gap.mean, True)} points of AUBC to {against}; 1 seed cannot tell, indicative at most"
    words = {"better": _apart, "worse": _apart, "same": _same, "undecided": _undecided}[found.verdict]
    return f"{name}: {words(one)}; {seeds_said(gap.seeds)}"


def summary(rows: Sequence[Row], counts: Sequence[int]) -> list[str]:
    """What the rows of one dataset say, in sentences: the headline, then one verdict per strategy.

    ``counts`` (C,) are samples per class: where they differ much, balanced figures decide.

    >>> scores = {"random": (0.5, 0.5, 0.5), "margin": (0.7, 0.71, 0.72)}  # one per seed
    >>> rows = [
    ...     {"strategy": name, "seed": seed, "round": k, "labelled": 10 + 10 * k, "accuracy": score}
    ...     for name, by_seed in scores.items() for seed, score in enumerate(by_seed) for k in range(3)
    ... ]
    >>> print(summary(rows, [50, 50])[2].partition(";")[0])
    margin: better than random by 21.00 points of AUBC [18.52, 23.48]
    """
    found = standings(rows, counts)
    return [headline(found), *(verdict(one) for one in found)]


def mark(one: Standing) -> str:
    """How a page marks a verdict: "up", "down", "even", "open", or "base" where there is none."""
    marks = {"better": "up", "worse": "down", "same": "even", "undecided": "open"}
    return marks[one.judged.verdict] if one.judged else "base" if one.difference is None else "open"


def _apart(one: Standing) -> str:
    """Better or worse: by how much, in points and in labels."""
    assert one.judged
    assert one.difference
    gap, sign = one.difference, one.side
    low, high = (gap.low, gap.high) if sign > 0 else (_turned(gap.high), _turned(gap.low))
    few = f", which is negligible (within {_margin(one)})" if one.judged.negligible else ""
    by = f"by {points(abs(gap.mean), digits=2)} points of AUBC {span(low, high, 2)}{few}"
    labels = labels_said(one)
    return f"{one.judged.verdict} than {one.against} {by}" + (f"; it {labels}" if labels else "")


def _same(one: Standing) -> str:
    return f"the same as {one.against} within {_margin(one)} points of AUBC ({_interval(one)})"


def _undecided(one: Standing) -> str:
    """Says what was seen, and how many seeds would decide it: in honesty, often very many."""
    assert one.judged
    needed, same = one.judged.seeds_needed or 0, one.judged.seeds_for_same or 0
    played, least = one.difference.seeds if one.difference else 0, f"{_margin(one, '')} points"
    seen = f"undecided against {one.against} ({_interval(one)}{_doubt(one)})"
    none = f"about {same:,} that there is none"
    if needed > played:
        return f"{seen}; about {several(needed, 'seed')} would show a difference as small as {least}, {none}"
    spent = f"{seen}; the {several(needed, 'seed')} that the first ten called for are played, and it is still open"
    return f"{spent}; {none.replace(' that', ' would show that')}" if same > played else spent


def _doubt(one: Standing) -> str:
    """Why an interval that leaves zero out may decide nothing."""
    assert one.judged
    if one.judged.trial.p >= ALPHA:
        return ""
    return f", but p = {one.judged.p_holm:.2f} once all comparisons of this call are counted"


def _interval(one: Standing) -> str:
    assert one.difference
    gap = one.difference
    return f"{points(gap.mean, True, 2)} points {span(gap.low, gap.high, 2)}"


def _margin(one: Standing, before: str = "±") -> str:
    assert one.judged
    return f"{before}{100 * one.judged.margin:g}"


def _turned(number: float | None) -> float | None:
    return None if number is None else -number


def labels_said(one: Standing) -> str:
    """The label ratio as people say it: "reached random's final accuracy with 38 % fewer labels [21, 52]"."""
    found = one.ratio
    if found is None:
        return ""
    goal = f"{one.against}'s final {spoken(one.metric)}"
    if found.value is None:
        return f"never reached {goal} within the budget"
    saved, interval = 1 - 1 / found.value, _saved_span(found)
    if round(100 * saved) == 0:
        return f"reached {goal} with as many labels{_bracketed(interval)}"
    if saved > 0:
        return f"reached {goal} with {share(saved)} % fewer labels{_bracketed(interval)}"
    more = None if interval is None else (-interval[1], -interval[0])
    return f"reached {goal} with {share(-saved)} % more labels{_bracketed(more)}"


def _saved_span(found: Ratio) -> tuple[float, float] | None:
    """The interval of the share of labels saved."""
    if found.low is None or found.high is None:
        return None
    return 1 - 1 / found.low, 1 - 1 / found.high


def _bracketed(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" [{share(interval[0])}, {share(interval[1])}]"


def headline(found: Sequence[Standing]) -> str:
    """What was found, in one sentence that anybody understands; it may say that nothing was."""
    compared = [one for one in found if one.difference is not None]
    if not compared:
        return _without_judgement(found)
    against, seeds = compared[0].against, min(one.difference.seeds for one in compared if one.difference)
    few = "" if seeds >= ENOUGH else f" (indicative: {several(seeds, 'seed')})"
    if any(one.judged is None for one in compared):
        return f"One seed cannot tell whether asking beats {against}."
    winners = sorted((one for one in compared if one.side > 0), key=_mean_gap, reverse=True)
    losers = [one.strategy for one in compared if one.side < 0]
    if winners:
        return f"{_won(winners[0])}{_too(winners[1:])}{few}."
    if losers:
        return f"Nothing beat {against}, and {join_names(losers)} did worse{few}."
    same = [one.strategy for one in compared if one.judged and one.judged.verdict == "same"]
    if len(same) == len(compared):
        return f"Nothing beat {against}: {join_names(same)} did the same{few}."
    return f"Nothing beat {against}, as far as {seeds} seeds can see{few}."


def _mean_gap(one: Standing) -> float:
    return one.difference.mean if one.difference else 0.0


def _won(one: Standing) -> str:
    """In points and in labels: a ratio may be large where the points are few, and the other way round."""
    by = f"{points(_mean_gap(one))} points of {spoken(one.metric)} on average"
    if one.judged and one.judged.negligible:
        return f"{one.strategy} beat {one.against}, but by a negligible {by}"
    labels = labels_said(one)
    return f"{one.strategy} beat {one.against} by {by}" + (f" and {labels}" if labels else "")


def _too(others: Sequence[Standing]) -> str:
    return f"; {join_names([one.strategy for one in others])} beat it too" if others else ""


def _without_judgement(found: Sequence[Standing]) -> str:
    first = best(found)
    if first is None:
        return "Nothing was measured: there is no learning curve to speak of."
    mean = f"{points(first.aubc or 0.0)} % {spoken(first.metric)} on average over its learning curve"
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
        return f"Over {count} {sure[0].strategy} beat {against}: {_voted(sure[0])}{few}."
    weak = "" if len(found.families) > FEWEST else f" ({len(found.families)} are too few for signed ranks to tell)"
    open_ = [vote for vote in votes if not _lost(vote)]
    nearest = f"{open_[0].strategy} came nearest: {_voted(open_[0])}" if open_ else "for certain all did worse"
    return f"Over {count} nothing beat {against} for certain{weak}; {nearest}{few}."


def _one_family(groups: Sequence[Sequence[Standing]]) -> str:
    wins = sorted({one.strategy for group in groups for one in group if one.side > 0})
    against = groups[0][0].against
    if not wins:
        return f"Nothing beat {against} in any of {len(groups)} settings of one family."
    return f"{join_names(wins)} beat {against} in some of {len(groups)} settings of one family."


def vote_said(vote: Vote) -> str:
    """One strategy over all families, in one line."""
    if vote.difference is None:
        return f"{vote.strategy}: average rank {vote.rank:.1f}; what the others are measured against"
    p = "" if vote.p_wilcoxon_holm is None else f"; Wilcoxon p = {vote.p_wilcoxon_holm:.3f} after Holm"
    return f"{vote.strategy}: {_voted(vote)}, average rank {vote.rank:.1f}{p}"


def vote_mark(vote: Vote) -> str:
    """How a page marks a vote: "up" or "down" where the signed ranks are certain and the mean agrees, else "open".

    "base" for random. One family far away may draw the mean to one side while the ranks are certain of the other.
    """
    if vote.difference is None:
        return "base"
    if not _sure(vote) or (vote.difference.mean > 0) != (vote.signed_ranks > 0):
        return "open"
    return "up" if vote.signed_ranks > 0 else "down"


def _sure(vote: Vote) -> bool:
    return vote.p_wilcoxon_holm is not None and vote.p_wilcoxon_holm < ALPHA


def _lost(vote: Vote) -> bool:
    """By the signed ranks, whatever one family far away makes of the mean."""
    return _sure(vote) and vote.signed_ranks < 0


def _voted(vote: Vote) -> str:
    gap = vote.difference
    assert gap
    by = f"{points(gap.mean, True, 2)} points of AUBC on average {span(gap.low, gap.high, 2)}"
    return f"{by}, {vote.wins} won, {vote.ties} tied or open, {vote.losses} lost"


def _mean_vote(vote: Vote) -> float:
    return vote.difference.mean if vote.difference else 0.0
