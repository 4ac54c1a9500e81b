"""How often intervals held, by hand."""

import math

import pytest

from nextlabel.report.of_run.tables import FIGURES
from nextlabel.statistics.held import POINTS, count_held, is_right


def figure(truth, low=0.7, high=0.9, value=0.8, audit=30):
    return {"value": value, "low": low, "high": high, "audit": audit, "labelled": 5 * audit, "truth": truth}


def row(strategy, seed, **figures):
    return {
        "strategy": strategy,
        "seed": seed,
        "round": 0,
        "labelled": 150,
        "audit": 30,
        "test": 120,
        "figures": figures,
    }


def test_a_labelling_holds_if_all_its_looks_do():
    rows = [
        row("margin", 0, rest=figure(0.75)),
        row("margin", 0, rest=figure(0.65, audit=38)),  # one look that is wrong
        row("margin", 1, rest=figure(0.75), next=figure(None)),
        row("margin", 2, rest=figure(None)),  # nobody knows
        row("auto", 0, rest=figure(0.95, value=None, high=1.0)),  # at least
        row("auto", 1, rest=figure(0.65, value=None, high=1.0)),
    ]
    found = {one.strategy: one for one in count_held(rows)}
    assert (found["margin"].held, found["margin"].labellings) == (1, 2)
    assert (found["auto"].held, found["auto"].labellings) == (1, 2)


def test_a_truth_that_was_measured_itself_widens_the_interval():
    wider = math.sqrt(1 + 30 / 120)
    for name, held in (("new", True), ("rest", False)):
        assert is_right(name, figure(0.8 + 0.1 * wider - 0.001), 120) is held
        assert not is_right(name, figure(0.8 + 0.1 * wider + 0.001), 120)


def test_widths_are_medians_over_labellings_of_the_first_figure_of_a_look():
    rows = [
        row("margin", seed, new=figure(0.8, low=0.8 - half, audit=audit), rest=figure(0.9, low=0.5, value=None))
        for seed, half in enumerate((0.1, 0.2, 0.3))
        for audit in (32, 60)
    ]
    new, rest = count_held(rows)
    assert new.widths == {30: pytest.approx(30), 59: pytest.approx(30), 92: None}
    assert rest.widths == {30: None, 59: None, 92: None}  # only one end is said


def test_each_figure_that_has_a_truth_has_words_in_the_report():
    assert FIGURES.keys() == POINTS.keys()  # else the report of a run that shows it breaks down
