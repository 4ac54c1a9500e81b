import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextlabel.errors import BadNumber, Mistake
from nextlabel.experiment import Experiment
from nextlabel.plan import Amount, Plan


@pytest.mark.parametrize(
    ("text", "total"),
    [("0.2", 20), ("7", 7), ("5/class", 15), (".5", 50), ("1.0", 100), ("1", 1), ("0.29", 29), ("0.57", 57)],
)
def test_amounts_are_shares_counts_or_per_class(text, total):
    assert Amount.read(text).total(100, classes=3) == total


@pytest.mark.parametrize("text", ["-3", "", "x", "1.5", "5/klass", "0.5/class", "nan", "inf", "1e3", "."])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(BadNumber, match="share"):
        Amount.read(text)


@given(st.one_of(st.integers(0, 10**6), st.floats(0, 1, allow_nan=False).map(lambda x: round(x, 6))))
def test_amounts_survive_being_written(value):
    amount = Amount.read(f"{value:f}" if isinstance(value, float) else value)
    assert Amount.read(str(amount)) == amount


@given(st.integers(0, 1000), st.integers(0, 10**6))
def test_shares_are_exact(thousandths, n):
    text = f"{thousandths / 1000:.3f}"
    assert Amount.read(text).total(n, classes=3) == thousandths * n // 1000
    assert Plan(batch=1, budget=text).resolve(n, classes=3).limit == thousandths * n // 1000


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(BadNumber, match="holds nothing"):
        Plan(batch="0.001").resolve(n=100, classes=2)


@pytest.mark.parametrize("knobs", [{"audit": 1.0}, {"audit": -0.1}, {"ahead": 2}, {"rounds": -1}])
def test_plans_out_of_range_are_refused(knobs):
    with pytest.raises(BadNumber, match=next(iter(knobs))):
        Plan(**knobs)


def test_a_strategy_named_twice_is_refused():
    with pytest.raises(Mistake, match="names margin twice"):
        Experiment(strategies=("margin", "margin"))


def test_nothing_to_run_is_refused():
    with pytest.raises(Mistake, match="nothing to run"):
        Experiment(seeds=())


def test_an_experiment_is_plain_json():
    found = Experiment(plan=Plan(batch="0.03")).plain()
    assert found["plan"]["batch"] == "0.03"
    assert found["start"] == "2/class"
