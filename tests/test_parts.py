"""Every part of every table, against every promise of its kind."""

import pytest

from nextlabel import conformance
from nextlabel.strategies import STRATEGIES, strategy
from nextlabel.strategies.upstream import UPSTREAM

WRAPPED = "skactiveml:SubSamplingWrapper(query_strategy='Clue', max_candidates=0.8)"
NAMES = [*STRATEGIES, *(WRAPPED if name == "SubSamplingWrapper" else f"skactiveml:{name}" for name in UPSTREAM)]


@pytest.mark.parametrize("check", conformance.for_strategies, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_strategy(name, check):
    check(strategy(name))
