"""Every part of every table, against every promise of its kind."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from nextlabel.conformance import engines, models, scorers, strategies
from nextlabel.engines import ENGINES
from nextlabel.models import MODELS, model
from nextlabel.scoring import SCORERS
from nextlabel.strategies import STRATEGIES, strategy
from nextlabel.strategies.upstream import UPSTREAM

ROOT = Path(__file__).parents[1]
WRAPPED = "skactiveml:SubSamplingWrapper(query_strategy='Clue', max_candidates=0.8)"
LEARNERS = [
    "linear",
    "cnn(epochs=4, batch=8, rate=0.003)",
    "sklearn:svm.SVC(C=1.0, gamma='auto')",  # decision values, no probabilities
    "sklearn:ensemble.RandomForestClassifier(n_estimators=5)",  # draws
    "sklearn:naive_bayes.GaussianNB",
    "sklearn:linear_model.RidgeClassifier",
]
NAMES = [*STRATEGIES, *(WRAPPED if name == "SubSamplingWrapper" else f"skactiveml:{name}" for name in UPSTREAM)]


@pytest.mark.parametrize("check", strategies.for_strategies, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_strategy(name, check):
    check(strategy(name))


@pytest.mark.parametrize("check", strategies.for_drop_ins, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", STRATEGIES)
def test_drop_in(name, check):
    check(STRATEGIES[name])


@pytest.mark.parametrize("check", scorers.for_scorers, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", SCORERS)
def test_estimator(name, check):
    check(SCORERS[name])


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    with ENGINES[request.param](2) as engine:
        yield engine


@pytest.mark.parametrize("check", engines.for_engines, ids=lambda check: check.__name__)
def test_engine(engine, check):
    check(engine)


def test_every_model_is_held_to_its_contract():
    assert {name.partition("(")[0] for name in LEARNERS if ":" not in name} == set(MODELS)


@pytest.mark.parametrize("check", models.for_models, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", LEARNERS)
def test_model(name, check):
    check(model(name))


def test_every_strategy_chooses_the_same_in_another_process():
    code = "import sys; sys.path.insert(0, 'tests'); import test_parts; print(test_parts.chosen_by_all())"
    there = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert there.returncode == 0, there.stderr
    assert ast.literal_eval(there.stdout) == chosen_by_all()


def chosen_by_all():
    found = {}
    for name in NAMES:
        if not name.endswith("EER"):  # those take seconds
            entry = strategy(name)
            found[name] = strategies.picks(entry, strategies.small_problem(entry)).tolist()
    return found
