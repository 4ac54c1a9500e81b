"""Whether asking will go on helping: what the look rests on, what it refuses, and what is said of it."""

from types import SimpleNamespace

import numpy as np
import pytest
from own_loop import open_loop
from people import CLASSES, draw_pictures, wait_for

from nextlabel.checking import check
from nextlabel.checking.self_simulation import RANDOM
from nextlabel.errors import Conflict
from nextlabel.knobs.pilot import Pilot
from nextlabel.labelling.looking_ahead import foresee, look_ahead, write_outlook
from nextlabel.labelling.outlooks import NOT_READ
from nextlabel.labelling.past import Past
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
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)).astype(np.float32)
    outlook = check(X, np.arange(20), (X[:20, 0] > 0).astype(np.int64), ("left", "right"), Pilot(budget=40, jobs=1))
    found = Outlook.model_validate(write_outlook(outlook))
    assert found.headline
    assert {one.strategy for one in found.curves} >= {RANDOM, found.forecast.strategy}
    assert {"headroom", "dimension"} <= {one.name for one in found.reasons}
