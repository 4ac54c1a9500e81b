"""Every knob takes what a person would expect, and refuses all else in one sentence."""

import itertools
import json
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nextlabel.errors import BadNumber, Mistake, UnknownName
from nextlabel.experiment import Crew, Experiment
from nextlabel.knobs import names, read_page
from nextlabel.knobs.kinds import read_path, show
from nextlabel.knobs.panels import PANELS
from nextlabel.knobs.terms import Terms
from nextlabel.plan import Plan

PAGES = (Experiment, Plan, Crew, Terms)
FIELDS = [(page, one.name) for page in PAGES for one in fields(page)]


class Rude:
    def __repr__(self):
        raise RuntimeError


ODD = [
    None, True, 0, 3, -1, 10**5000, 1.5, 3.0, float("nan"), 1e400, 1j, Fraction(1, 3), "", "3", "no", "a,b", "9" * 5000,
    "\0", "\udcff", b"x", [], {}, {1, 2}, {"a": 1}, ["a", "a"], [[1]], range(10**12), itertools.count(), np.arange(3),
    np.array(3), np.zeros((2, 2)), np.float32(0.5), np.bool_(True), np.str_("x"), Path("x"), Rude(), object(), Plan(),
    len,
]  # fmt: skip


def plain_or_refused(page, name, value):
    try:
        made = page(**{name: value})
    except Mistake as refusal:
        said = str(refusal)
    else:
        hash(made)
        said = ""
    assert len(said) < 400
    assert "\n" not in said


@pytest.mark.parametrize(("page", "name"), FIELDS)
def test_any_value_is_taken_or_refused_in_one_sentence(page, name):
    for value in ODD:
        plain_or_refused(page, name, value)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals()
values = st.recursive(
    scalars, lambda some: st.lists(some) | st.tuples(some) | st.dictionaries(st.text(), some), max_leaves=5
)


@given(st.sampled_from(FIELDS), values)
@example(next(one for one in FIELDS if one[1] == "batch"), "0\n0")  # found once in many thousands
def test_whatever_is_given(field, value):
    plain_or_refused(*field, value)


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        ({"strategies": "random"}, ("random",)),
        ({"strategies": "random, typiclust(k=20)"}, ("random", "typiclust(k=20)")),
        ({"strategies": ["random", np.str_("margin")]}, ("random", "margin")),
        ({"seeds": 3}, (0, 1, 2)),
        ({"seeds": "3,7"}, (3, 7)),
        ({"seeds": np.int64(2)}, (0, 1)),
        ({"seeds": np.arange(3)}, (0, 1, 2)),
        ({"seeds": range(2, 4)}, (2, 3)),
        ({"seeds": {7, 3}}, (3, 7)),
        ({"dataset": Path("digits")}, "digits"),
        ({"split": Path("a") / "b.json"}, str(Path("a", "b.json"))),
        ({"standardize": np.bool_(True)}, True),
        ({"plan": {}}, Plan()),
        ({"plan": {"rounds": "3", "audit": "0.5"}}, Plan(rounds=3, audit=0.5)),
    ],
)
def test_what_a_person_would_expect(given_, read):
    (name,) = given_
    found = getattr(Experiment(**given_), name)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("page", "given_", "error", "words"),
    [
        (Experiment, {"seeds": 1.5}, BadNumber, "seeds is 1.5, and must be a number of seeds, or a list"),
        (Experiment, {"seeds": itertools.count()}, BadNumber, "at most 10,000"),
        (Experiment, {"seeds": 0}, BadNumber, "none at all"),
        (Experiment, {"model": 3}, Mistake, "model is 3, and must be the name of a model, such as 'linear'"),
        (Experiment, {"strategies": [len]}, Mistake, "must be a list of names"),
        (Experiment, {"standardize": "no"}, Mistake, "standardize is 'no', and must be True or False"),
        (
            Experiment,
            {"test": None},
            BadNumber,
            r"test is None, and must be a share \(0.2\), a count \(200\) or 5/class",
        ),
        (Experiment, {"plan": 3}, Mistake, "plan is 3, and must be Plan"),
        (Experiment, {"plan": {"round": 3}}, UnknownName, "no knob 'round'. Did you mean 'rounds'"),
        (Plan, {"rounds": "x"}, BadNumber, "rounds is 'x', and must be the number of batches to ask, 0 or more"),
        (Plan, {"audit": "x"}, BadNumber, "audit is 'x', and must be a share of the samples"),
        (Crew, {"jobs": 0}, BadNumber, "jobs is 0, and must be a whole number of at least 1"),
        (Terms, {"margin": "x"}, BadNumber, "margin is 'x', and must be a difference of AUBC"),
        (Terms, {"aubc": "meen"}, UnknownName, "Did you mean 'mean'"),
    ],
)
def test_what_is_refused_says_what_it_must_be(page, given_, error, words):
    with pytest.raises(error, match=words):
        page(**given_)


def test_an_experiment_comes_back_from_its_json():
    found = Experiment("digits", "random", seeds=2, val=0.1, plan={"batch": "0.03", "budget": 300})
    assert Experiment(**json.loads(json.dumps(found.plain()))) == found


def test_a_page_is_taken_as_it_is_or_from_a_dict():
    crew = Crew(jobs=1)
    assert read_page("crew", Crew, crew) is crew
    assert read_page("crew", Crew, {"jobs": 1}) == crew
    with pytest.raises(Mistake, match="crew is 2, and must be Crew"):
        read_page("crew", Crew, 2)


def test_a_place_is_a_path_or_a_text():
    assert read_path("out", "runs/a") == read_path("out", Path("runs/a")) == Path("runs/a")
    with pytest.raises(Mistake, match="out is 3, and must be a path"):
        read_path("out", 3)


def test_any_object_can_be_shown():
    assert show(Rude()) == "a Rude"
    assert len(show("x" * 1000)) < 70


def test_every_panel_has_its_place():
    assert {knob.metadata["knob"].panel for page in PAGES for knob in fields(page)} <= {*PANELS, ""}


def test_the_names_are_those_of_the_tables():
    from nextlabel.datasets import DATASETS
    from nextlabel.embedders import EMBEDDERS
    from nextlabel.loop.oracles import ORACLES
    from nextlabel.models import MODELS
    from nextlabel.statistics.curves import AREAS
    from nextlabel.strategies import STRATEGIES

    assert tuple(STRATEGIES) == names.STRATEGY_NAMES
    assert tuple(MODELS) == names.MODEL_NAMES
    assert tuple(EMBEDDERS) == names.EMBEDDER_NAMES
    assert tuple(ORACLES) == names.ORACLE_NAMES
    assert tuple(DATASETS) == names.DATASET_NAMES
    assert tuple(AREAS) == names.AREA_NAMES
