"""Whether asking will go on helping: what the look rests on, what it refuses, and what is said of it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from own_loop import open_loop
from people import CLASSES, draw_pictures, wait_for

from nextlabel import checking
from nextlabel.checking.forecast import Forecast
from nextlabel.checking.self_simulation import RANDOM
from nextlabel.conformance.indicators import make_evidence
from nextlabel.errors import Conflict
from nextlabel.files.strict_json import dump
from nextlabel.indicators import INDICATORS
from nextlabel.labelling.looking import find_oddities
from nextlabel.labelling.looking_ahead import foresee, look_ahead, write_outlook
from nextlabel.labelling.outlooks import NOT_READ
from nextlabel.labelling.past import Past, World
from nextlabel.labelling.wire import unpack_array
from nextlabel.statistics.curves import Curve
from nextlabel.store import visit_store
from nextlabel.web.outlook_shapes import Outlook


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    """Eighty pictures, of which forty are the audit's; twenty-four are answered, twelve of them the audit's."""
    with open_loop(draw_pictures(tmp_path_factory.mktemp("ahead") / "shapes", 80), CLASSES) as found:
        found.answer(24)
        yield found


def test_it_rests_on_the_audit_answers_alone(loop):
    with visit_store(loop.address) as visit:
        past = Past()
        past.follow(visit)
    outlook = foresee(past, loop.world, jobs=1)  # too few for a forecast, which takes seconds
    labels = [i for i, verdict in loop.project.verdicts.items() if verdict.kind == "label"]
    audit = [i for i in labels if loop.project.is_audit(i)]
    assert 0 < len(audit) < len(labels) == 24
    assert (outlook.pilot, outlook.samples, list(outlook.classes)) == (len(audit), 80, list(CLASSES))
    assert "too small" in outlook.notes[0]


def test_before_thirty_audit_answers_nobody_looks(loop):
    with pytest.raises(
        Conflict, match=f"30 audit answers to look ahead, and there are {loop.session.outlook()['audit']}"
    ):
        loop.session.look_ahead()
    assert loop.session.outlook()["outlook"] is None


def test_what_broke_off_is_told_and_asked_for_again(tmp_path):
    with open_loop(draw_pictures(tmp_path / "shapes", 80), CLASSES) as loop:
        loop.answer(62)
        assert loop.session.outlook()["lacking"] == 0
        for _ in range(2):
            loop.session.look_ahead()  # it has no worker
            wait_for(loop.session.outlook)
            assert loop.session.outlook()["silent"] == NOT_READ


def test_a_folder_in_which_there_is_nothing_to_choose_is_a_sentence(tmp_path):
    with open_loop(draw_pictures(tmp_path / "shapes", 20), CLASSES) as loop, visit_store(loop.address) as visit:
        found = look_ahead(SimpleNamespace(opened=(loop.world, loop.dataset), visit=visit))
    assert found["silent"].startswith("There are 20 samples")


def test_what_is_found_goes_over_the_wire_as_it_is():
    evidence = make_evidence()
    findings = {name: indicator.measure(evidence) for name, indicator in INDICATORS.items()}
    ends = {RANDOM: (0.7, 0.8), "auto": (0.8, 0.9)}
    curves = {
        arm: {seed: Curve(np.array([40.0, 80.0]), np.array([0.7, end])) for seed, end in enumerate(both)}
        for arm, both in ends.items()
    }
    curves["margin"] = {0: curves[RANDOM][0]}  # of a single seed nobody knows how far it strays
    forecast = Forecast("auto", "auto", 0.9, (1.5, 0.5, 2.5), (1.5, 1.1, 2.0))
    outlook = checking.Outlook(120, 120, 40, 80, ("a", "b"), "accuracy", findings, curves, forecast)
    found = Outlook.model_validate(json.loads(dump(write_outlook(outlook))))
    assert found.headline.startswith("Ask with auto: 90 in 100")
    assert [(one.strategy, one.mean[1]) for one in found.curves] == [
        (RANDOM, pytest.approx(0.75)),
        ("auto", pytest.approx(0.85)),
    ]
    assert {"headroom", "convergence", "dimension"} <= {one.name for one in found.reasons}


def test_oddities_are_told_by_the_ids_of_samples():
    X = np.random.default_rng(0).normal(size=(100, 50))
    X[70], X[8] = 1.01 * X[3], X[8] + 9
    world = World(2 * np.arange(100), X, np.zeros(100))
    found = find_oddities(SimpleNamespace(opened=(world, None)))
    assert unpack_array(found["pairs"], np.int32).tolist() == [6, 140]
    far = unpack_array(found["outliers"], np.int32)
    assert (len(far), far[0]) == (10, 16)
