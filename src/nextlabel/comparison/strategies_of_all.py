"""Which strategies were played on every dataset: ranks and votes over datasets need the same everywhere."""

import shlex
from collections.abc import Sequence

from nextlabel.comparison.bench import Bench
from nextlabel.errors import NotComparable
from nextlabel.text import printable


def same_strategies(benches: Sequence[Bench], against: str) -> None:
    """`NotComparable` where a dataset lacks a strategy of another; says which all share, ready to be copied."""
    for bench in benches:
        one, other = set(benches[0].strategies), set(bench.strategies)
        if one != other:
            name = sorted(one ^ other)[0]
            has, lacks = (benches[0], bench) if name in one else (bench, benches[0])
            raise NotComparable(
                f"{name} was played on '{has.dataset}' and not on '{lacks.dataset}'. {_way_out(benches, against)}"
            )
    if len(benches[0].strategies) < 2:
        raise NotComparable(f"There is only {benches[0].strategies[0]}, and nothing to compare it with.")


def shared_strategies(benches: Sequence[Bench]) -> list[str]:
    """In the order of the first dataset."""
    return [name for name in benches[0].strategies if all(name in bench.strategies for bench in benches)]


def _way_out(benches: Sequence[Bench], against: str) -> str:
    names = shared_strategies(benches)
    if names == [against]:
        return f"They share nothing but {against}: compare them one by one."
    return f"Compare those that all share: --strategies {printable(shlex.quote(','.join(names)))}"
