import numpy as np
import pytest

from nextlabel import Experiment, Plan, simulate
from nextlabel.errors import UnknownName
from nextlabel.seeds import stream
from nextlabel.strategies import STRATEGIES, strategy
from nextlabel.strategies.base import Question
from nextlabel.strategies.replicas import Replica


def question(seed: int = 7) -> Question:
    return Question(np.zeros((50, 2), dtype=np.float32), np.full(50, -1), classes=2, batch=5, seed=seed)


def asked(name: str) -> list[int]:
    return strategy(name).ask(question(), stream(0, "mend", 0)).positions.tolist()


def test_a_replica_asks_others_and_always_the_same() -> None:
    assert asked("random@1") == asked("random@1")
    assert len({tuple(asked(name)) for name in ("random", "random@1", "random@2")}) == 3


def test_a_replica_is_the_strategy_otherwise() -> None:
    plain, replica = strategy("margin"), strategy("margin@3")
    assert isinstance(replica, Replica)
    assert plain is STRATEGIES["margin"]
    assert (replica.implementation, replica.args, replica.model_free) == (plain.implementation, plain.args, False)


@pytest.mark.parametrize("name", ["random@", "random@0", "random@x", "@1", "rnadom@1", "random@01"])
def test_other_names_are_no_replicas(name: str) -> None:
    with pytest.raises(UnknownName, match="No query strategy is called"):
        strategy(name)


def test_options_of_others_may_hold_an_at() -> None:
    assert not isinstance(strategy("skactiveml:UncertaintySampling(method='entropy')"), Replica)
    assert isinstance(strategy("skactiveml:UncertaintySampling(method='entropy')@2"), Replica)


def test_replicas_share_their_start_and_part_ways() -> None:
    rows = simulate(Experiment("digits", ("random", "random@1"), seeds=(0,), plan=Plan(batch=10, rounds=2)))
    one, other = ([row["accuracy"] for row in rows if row["strategy"] == name] for name in ("random", "random@1"))
    assert one[0] == other[0]
    assert one[1:] != other[1:]
