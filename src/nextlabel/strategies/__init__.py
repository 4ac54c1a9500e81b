"""What asks. One name, one query strategy; and any of scikit-activeml's by its class name.

Ours are drop-ins for scikit-activeml's: ``from nextlabel.strategies import Badge`` works wherever its own does.
"""

from collections.abc import Mapping
from dataclasses import replace

from nextlabel.specifications import Specification, parse_call
from nextlabel.strategies.auto import Auto
from nextlabel.strategies.badge import Badge
from nextlabel.strategies.bald import GreedyBALD, PowerBALD
from nextlabel.strategies.batch_bald import BatchBALD
from nextlabel.strategies.core_set import CoreSet
from nextlabel.strategies.door import StrategyEntry, count
from nextlabel.strategies.max_herding import MaxHerding
from nextlabel.strategies.prob_cover import ProbCover
from nextlabel.strategies.random_sampling import RandomSampling
from nextlabel.strategies.typi_clust import TypiClust
from nextlabel.strategies.u_herding import UHerding
from nextlabel.strategies.uncertainty_sampling import UncertaintySampling
from nextlabel.strategies.upstream import PREFIX, arguments, unknown, upstream

__all__ = [
    "STRATEGIES",
    "Auto",
    "Badge",
    "BatchBALD",
    "CoreSet",
    "GreedyBALD",
    "MaxHerding",
    "PowerBALD",
    "ProbCover",
    "RandomSampling",
    "TypiClust",
    "UHerding",
    "UncertaintySampling",
    "strategy",
]

STRATEGIES: Mapping[str, StrategyEntry] = {
    "random": StrategyEntry(RandomSampling),
    "least_confident": StrategyEntry(UncertaintySampling, {"method": "least_confident"}),
    "margin": StrategyEntry(UncertaintySampling, {"method": "margin_sampling"}),
    "entropy": StrategyEntry(UncertaintySampling, {"method": "entropy"}),
    "badge": StrategyEntry(Badge),
    "coreset": StrategyEntry(CoreSet),
    "typiclust": StrategyEntry(TypiClust),
    "probcover": StrategyEntry(ProbCover, {"deltas": "exact", "normalize_samples": True}, init={"n_classes": count}),
    "maxherding": StrategyEntry(MaxHerding),
    "uherding": StrategyEntry(UHerding),
    "bald": StrategyEntry(GreedyBALD),
    "powerbald": StrategyEntry(PowerBALD),
    "batchbald": StrategyEntry(BatchBALD),
    "auto": StrategyEntry(Auto),
}


def strategy(name: str) -> StrategyEntry:
    """The query strategy of that name, or the one that ``skactiveml:ClassName(name=literal)`` specifies.

    A short name may carry arguments, too: ``typiclust(k=20)``. Raises `UnknownName` or `BadSpecification`, before
    anything is asked.

    >>> strategy("margin").implementation
    'nextlabel.strategies.UncertaintySampling'
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    if name.startswith(PREFIX):
        return upstream(name, STRATEGIES)
    short, options = parse_call(name) if "(" in name else (name, {})
    if short not in STRATEGIES:
        raise unknown(short, STRATEGIES)
    entry = STRATEGIES[short]
    arguments(entry.kind, Specification("nextlabel", short, (), options))
    return replace(entry, args=dict(entry.args) | dict(options))
