"""What asks. One name, one query strategy; and any of scikit-activeml's by its class name.

Ours are drop-ins for scikit-activeml's: ``from nextlabel.strategies import Badge`` works wherever its own does.
"""

import inspect
from collections.abc import Mapping
from dataclasses import replace

from skactiveml.base import SingleAnnotatorPoolQueryStrategy
from skactiveml.pool import SubSamplingWrapper

from nextlabel.errors import BadSpecification, Mistake
from nextlabel.specifications import Specification, parse_call
from nextlabel.strategies import costs
from nextlabel.strategies.auto import Auto
from nextlabel.strategies.badge import Badge
from nextlabel.strategies.bald import GreedyBALD, PowerBALD
from nextlabel.strategies.batch_bald import BatchBALD
from nextlabel.strategies.core_set import CoreSet
from nextlabel.strategies.door import StrategyEntry, class_count
from nextlabel.strategies.kit.drop_in import DropIn
from nextlabel.strategies.max_herding import MaxHerding
from nextlabel.strategies.prob_cover import ProbCover
from nextlabel.strategies.random_sampling import RandomSampling
from nextlabel.strategies.replicas import replicate, split_name
from nextlabel.strategies.typi_clust import TypiClust
from nextlabel.strategies.u_herding import UHerding
from nextlabel.strategies.uncertainty_sampling import UncertaintySampling
from nextlabel.strategies.upstream import PREFIX, SET_BY_THE_LOOP, UPSTREAM, arguments, unknown, upstream
from nextlabel.text import shorten

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
    "StrategyEntry",
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
    "probcover": StrategyEntry(
        ProbCover,
        {"deltas": "exact", "normalize_samples": True},
        init={"n_classes": class_count},
        cost=costs.ball_seconds,
    ),
    "maxherding": StrategyEntry(MaxHerding, cost=costs.herd_seconds),
    "uherding": StrategyEntry(UHerding, cost=costs.herd_seconds),
    "bald": StrategyEntry(GreedyBALD),
    "powerbald": StrategyEntry(PowerBALD),
    "batchbald": StrategyEntry(BatchBALD),
    "auto": StrategyEntry(Auto),
}


def strategy(wanted: str | SingleAnnotatorPoolQueryStrategy) -> StrategyEntry:
    """The query strategy of that name, or the one that ``skactiveml:ClassName(name=literal)`` specifies.

    A short name may carry arguments, too: ``typiclust(k=20)``; ``name@1``, ``name@2``, … are replicas, which differ
    from it by luck alone. An object of a strategy's class stands for itself; whoever asks sets its seed and its missing
    label. Raises `UnknownName`, `BadSpecification` or `Mistake`, before anything is asked.

    >>> strategy("margin").implementation, strategy("random@1").implementation
    ('nextlabel.strategies.UncertaintySampling', 'nextlabel.strategies.RandomSampling')
    >>> dict(strategy(TypiClust(k=30)).args)["k"]
    30
    """
    if isinstance(wanted, SingleAnnotatorPoolQueryStrategy):
        return _entry_of(wanted)
    if not isinstance(wanted, str):
        raise Mistake(
            f"The query strategy is {shorten(repr(wanted))}, and must be a name such as 'badge' or "
            "'skactiveml:Clue', or an object such as Badge()."
        )
    name, copy = split_name(wanted)
    entry = _by_name(name)
    return replicate(entry, copy) if copy else entry


def _by_name(name: str) -> StrategyEntry:
    if name in STRATEGIES:
        return STRATEGIES[name]
    if name.startswith(PREFIX):
        return upstream(name, STRATEGIES)
    short, options = parse_call(name) if "(" in name else (name, {})
    if short not in STRATEGIES:
        raise unknown(short, STRATEGIES)
    entry = STRATEGIES[short]
    arguments(entry.kind, Specification("nextlabel", short, (), options))
    return _try(replace(entry, args=dict(entry.args) | dict(options)), name)


def _try(entry: StrategyEntry, name: str) -> StrategyEntry:
    """The entry; `BadSpecification` where its strategy would refuse its options, hours later."""
    try:
        made = entry.kind(**entry.args)
        if isinstance(made, DropIn):
            made.check_arguments()
    except (TypeError, ValueError) as error:
        raise BadSpecification(
            f"The query strategy '{shorten(name)}' cannot be made: {shorten(str(error), 200)}"
        ) from None
    return entry


def _entry_of(made: SingleAnnotatorPoolQueryStrategy) -> StrategyEntry:
    """The entry of an object's class, with the object's own arguments; those of a class that is in no table, bare."""
    if isinstance(made, SubSamplingWrapper):
        raise Mistake("A SubSamplingWrapper is named as text: skactiveml:SubSamplingWrapper(query_strategy='Clue').")
    known = {entry.kind: entry for entry in [*UPSTREAM.values(), *STRATEGIES.values()]}
    entry = known.get(type(made), StrategyEntry(type(made)))
    defaults = {name: knob.default for name, knob in inspect.signature(type(made)).parameters.items()}
    given = {
        name: value
        for name, value in made.get_params(deep=False).items()
        if name not in SET_BY_THE_LOOP and value is not defaults[name]  # what is left open is filled as for the name
    }
    return replace(entry, args=given)
