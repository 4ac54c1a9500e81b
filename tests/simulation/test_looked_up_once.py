"""Looked up once: an experiment's names, files and features, counted while it is played."""

import pickle
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import nextlabel
from nextlabel import Experiment, Plan, simulate
from nextlabel.loop.oracles import oracle
from nextlabel.runs.lines import Arm
from nextlabel.simulation.parts import prepare

HOME = str(Path(nextlabel.__file__).parent)


def count_calls(work):
    """How often each function of ours was called while ``work`` ran, by file and name."""
    calls = Counter()

    def note(frame, event, arg):
        if event == "call" and frame.f_code.co_filename.startswith(HOME):
            calls[frame.f_code.co_filename[len(HOME) + 1 : -3], frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """A file with the answers of the digits."""
    file = tmp_path_factory.mktemp("answers") / "said.csv"
    lines = [f"{i},{digit}" for i, digit in enumerate(load_digits().target)]
    file.write_text("\n".join(["id,label", *lines]), encoding="utf-8")
    return file


def test_everything_is_looked_up_once(answers):
    """Three strategies, five seeds: once looked up 21 times (the model) to 45 times (the oracle)."""
    experiment = Experiment(
        "digits", ("random", "margin", "entropy"), seeds=range(5), plan=Plan(batch=10, rounds=1),
        standardize=True, oracle=f"replay:{answers}",
    )  # fmt: skip
    calls = count_calls(lambda: simulate(experiment))
    once = [("models/__init__", "model"), ("loop/oracles", "read_oracle"), ("datasets/answers", "read_answers")]
    assert {place: calls[place] for place in once} == dict.fromkeys(once, 1)
    assert calls["simulation/pools", "open_pool"] == calls["simulation/pools", "scale_without"] == 5  # once a seed
    assert calls["strategies/__init__", "strategy"] == 3 + 2  # the cold one, and one that gathers labels to tune on


def test_parts_look_the_same_on_the_other_side():
    parts = prepare(Experiment("digits", ("margin", "random@1"), seeds=(3,), plan=Plan(batch=5, rounds=1)))
    there = pickle.loads(pickle.dumps(parts))
    assert there.entries.strategies.keys() == parts.entries.strategies.keys()
    assert (there.pool(3).y == parts.pool(3).y).all()
    assert (there.pool(3).features == parts.pool(3).features).all()
    assert there.learner(Arm("margin", 3)).plan == parts.plan


def test_answers_travel_once_for_all_seeds():
    dataset = prepare(Experiment("digits", ("random",), seeds=(0,), plan=Plan(batch=5, rounds=1))).dataset
    oracles = {seed: oracle("noisy:0.3", dataset, seed) for seed in range(50)}
    ids = np.arange(len(dataset))
    before = {seed: one(ids).tolist() for seed, one in oracles.items()}
    packed = pickle.dumps(oracles)
    assert len(packed) < 2 * dataset.y.nbytes
    assert {seed: one(ids).tolist() for seed, one in pickle.loads(packed).items()} == before
