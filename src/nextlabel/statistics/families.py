"""Several datasets: one vote per family, for variants of one dataset are not independent of one another.

A family's value is the mean over its benches. Means with t intervals over families, average ranks with Friedman's test
in the form of Iman and Davenport (1980) and Nemenyi's critical difference (Demšar 2006) for the picture, Wilcoxon's
signed ranks against random with Holm for the statement (Benavoli, Corani and Mangili 2016: a rank test after Friedman's
hangs on which other strategies are in the pool), and the penalty matrix of Ash et al. (2020).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from nextlabel.errors import Mistake
from nextlabel.statistics.curves import Curves, heights
from nextlabel.statistics.inference import ALPHA, EXACT, Doubles, Estimate, estimate, holm, signed_ranks, wilcoxon
from nextlabel.statistics.standings import Standing


@dataclass(frozen=True)
class Vote:
    """One strategy over all families.

    Mean difference, average rank (1 is best), p of Wilcoxon with Holm (None for fewer than two families), in how many
    families it won, tied and lost by the verdicts there, and the sum of signed ranks that p is about.
    """

    strategy: str
    difference: Estimate | None
    rank: float
    p_wilcoxon_holm: float | None
    wins: int
    ties: int
    losses: int
    signed_ranks: float


@dataclass(frozen=True)
class Across:
    """Everything across datasets.

    ``families`` names each family's datasets; ``friedman`` is p of "all rank alike" and ``critical`` the difference of
    average ranks that counts, both None for fewer than two families. ``penalties`` (K, K) by ``names``: row i, column j
    is the share of comparisons in which i was significantly better than j, so a column's mean is the share of
    comparisons that j lost: the smaller the better.
    """

    names: tuple[str, ...]
    families: Mapping[str, Sequence[str]]
    votes: Sequence[Vote]
    friedman: float | None
    critical: float | None
    penalties: Doubles


def own_families(
    datasets: Sequence[tuple[str, str | None]], given: Mapping[str, Sequence[str]]
) -> list[tuple[str, str]]:
    """(dataset, family) of every bench: as ``given`` to it or to one with the same data, else those are a family.

    ``datasets`` are names and fingerprints; raises `Mistake` where a dataset, or the same data, is given two families.
    """
    chosen: dict[str, str] = {}
    for family, members in given.items():
        for name in members:
            if chosen.setdefault(name, family) != family:
                raise Mistake(f"'{name}' is in two families, '{chosen[name]}' and '{family}'. It has one vote.")
    family_of: dict[str, str] = {}
    for names in _share_data(datasets):
        named = [name for name in names if name in chosen]
        odd = [name for name in named if chosen[name] != chosen[named[0]]]
        if odd:
            raise Mistake(
                f"'{named[0]}' and '{odd[0]}' hold the same data, and are in two families, '{chosen[named[0]]}' and "
                f"'{chosen[odd[0]]}'. The same data have one vote."
            )
        family_of |= dict.fromkeys(names, chosen[named[0]] if named else names[0])
    return [(name, family_of[name]) for name, _ in datasets]


def _share_data(datasets: Sequence[tuple[str, str | None]]) -> list[list[str]]:
    """Names that share data, directly or by way of others; in the order of the datasets."""
    found: list[tuple[list[str], set[str]]] = []  # names and fingerprints of each
    for name, fingerprint in datasets:
        mine = [one for one in found if name in one[0] or fingerprint in one[1]]
        rest = [one for one in found if one not in mine]
        names = dict.fromkeys([*(other for one in mine for other in one[0]), name])
        marks = {mark for one in mine for mark in one[1]} | ({fingerprint} if fingerprint else set())
        found = [*rest, (list(names), marks)]
    return [names for names, _ in found]


def across(
    families: Sequence[tuple[str, str]],
    groups: Sequence[Sequence[Standing]],
    benches: Sequence[Mapping[str, Curves]],
    against: str,
) -> Across:
    """Weigh families; ``families`` as `own_families` gives them, ``groups`` and ``benches`` in the same order."""
    names = tuple(one.strategy for one in groups[0])
    members: dict[str, list[int]] = {}
    for i, (_, family) in enumerate(families):
        members.setdefault(family, []).append(i)
    by_name = [{one.strategy: one for one in group} for group in groups]
    ranks = _by_family(members, np.array([_ranks([group[name] for name in names]) for group in by_name]))  # (F, K)
    gaps = {name: _gaps(members, [group[name] for group in by_name]) for name in names if name != against}
    ps = {name: p for name, found in gaps.items() if (p := wilcoxon(found)) is not None}
    adjusted = holm(ps)
    votes = [
        Vote(
            name, estimate(gaps.get(name, ())), float(ranks[:, k].mean()), adjusted.get(name),
            *_count_verdicts([[by_name[i][name].side for i in own] for own in members.values()]),
            signed_ranks(gaps.get(name, ())),
        )
        for k, name in enumerate(names)
    ]  # fmt: skip
    tables = np.array([penalties([bench[name] for name in names]) for bench in benches])  # (D, K, K)
    return Across(
        names=names,
        families={family: sorted({families[i][0] for i in own}) for family, own in members.items()},
        votes=votes,
        friedman=iman_davenport(ranks),
        critical=nemenyi(len(names), len(members)) if len(members) > 1 else None,
        penalties=_by_family(members, tables).mean(axis=0),
    )


def _by_family(members: Mapping[str, Sequence[int]], table: Doubles) -> Doubles:
    return np.array([table[list(own)].mean(axis=0) for own in members.values()])


def _ranks(standings: Sequence[Standing]) -> Doubles:
    """Ranks (K,) by mean AUBC on one bench, 1 for the highest, the middle of the places for equals."""
    ranked: Doubles = stats.rankdata([-round(one.aubc or 0.0, EXACT) for one in standings])
    return ranked


def _gaps(members: Mapping[str, Sequence[int]], standings: Sequence[Standing]) -> list[float]:
    means = [one.difference.mean if one.difference else math.nan for one in standings]
    return [float(np.mean([means[i] for i in own])) for own in members.values()]


def _count_verdicts(sides: Sequence[Sequence[int]]) -> tuple[int, int, int]:
    """Wins, ties, losses: a family is won where a verdict in it is "better" and none is "worse"."""
    found = [(max(own) > 0) - (min(own) < 0) for own in sides]
    return found.count(1), found.count(0), found.count(-1)


def iman_davenport(ranks: Doubles) -> float | None:
    """p of Friedman's test on ranks (F, K), by the F of Iman and Davenport, corrected for ties; None below two rows.

    Rows that are all alike give an infinite F, which is no proof: p is then as likely as it is that lots fall alike.

    >>> round(iman_davenport(np.array([[1, 2.5, 2.5], [1, 2, 3], [2, 1, 3]])), 3)
    0.132
    """
    n, k = ranks.shape
    if n < 2 or k < 2:
        return None
    spread = float((ranks**2).sum()) - n * k * (k + 1) ** 2 / 4  # less than n k (k² - 1) / 12 where there are ties
    if spread < 1e-9:  # everybody ties everywhere
        return 1.0
    chi2 = (k - 1) * float(((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum()) / spread
    if chi2 >= n * (k - 1) - 1e-9:
        ties = np.unique(ranks[0], return_counts=True)[1]
        return math.exp((1 - n) * (math.lgamma(k + 1) - sum(math.lgamma(size + 1) for size in ties)))
    value = (n - 1) * chi2 / (n * (k - 1) - chi2)
    return float(stats.f.sf(value, k - 1, (k - 1) * (n - 1)))


def nemenyi(strategies: int, families: int) -> float:
    """The least difference of average ranks that is significant at .05 among all pairs (Demšar 2006).

    >>> round(nemenyi(5, 10), 2)
    1.93
    """
    q = float(stats.studentized_range.ppf(1 - ALPHA, strategies, math.inf)) / math.sqrt(2)
    return q * math.sqrt(strategies * (strategies + 1) / (6 * families))


def penalties(strategies: Sequence[Curves]) -> Doubles:
    """The penalty matrix (K, K) of one bench: row i, column j is the share of budgets at which i was better than j by a
    two-sided paired t test at .05.

    As published (Ash et al. 2020): the row wins. Budgets along one curve hang together, so there is no p for a matrix.
    """
    seeds = sorted(set.intersection(*(set(curves) for curves in strategies)))
    found = heights([curves[seed] for curves in strategies for seed in seeds])
    size = len(strategies)
    if found is None or len(seeds) < 2:
        return np.zeros((size, size))
    table = np.round(found[1].reshape(size, len(seeds), -1), EXACT)  # (K, S, G)
    gaps = table[:, None] - table[None, :]  # (K, K, S, G) row minus column
    mean, spread = gaps.mean(axis=2), gaps.std(axis=2, ddof=1)
    error = np.maximum(spread / math.sqrt(len(seeds)), 10.0**-EXACT)
    wins = mean / error > stats.t.ppf(1 - ALPHA / 2, len(seeds) - 1)
    shares: Doubles = wins.mean(axis=2)
    return shares
