"""What asks. One name, one query strategy; and any of scikit-activeml's by its class name."""

from collections.abc import Mapping

from skactiveml.pool import Badge, RandomSampling, UncertaintySampling

from nextlabel.strategies.base import Entry
from nextlabel.strategies.upstream import PREFIX, unknown, upstream

STRATEGIES: Mapping[str, Entry] = {
    "random": Entry(RandomSampling),
    "least_confident": Entry(UncertaintySampling, {"method": "least_confident"}),
    "margin": Entry(UncertaintySampling, {"method": "margin_sampling"}),
    "entropy": Entry(UncertaintySampling, {"method": "entropy"}),
    "badge": Entry(Badge),
}


def strategy(name: str) -> Entry:
    """The query strategy of that name, or the one that ``skactiveml:ClassName(name=literal)`` specifies.

    Raises `UnknownName` or `BadSpecification`, before anything is asked.

    >>> strategy("margin").implementation
    'skactiveml.pool.UncertaintySampling'
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    if name.startswith(PREFIX):
        return upstream(name, STRATEGIES)
    raise unknown(name, STRATEGIES)
