"""How far it is: a bar on a terminal, and plain lines where there is none."""

import io
import time

from rich.console import Console

from nextlabel.cli.progress import Lines, show_progress
from nextlabel.experiment import Crew, Experiment
from nextlabel.plan import Plan
from nextlabel.simulation import record


class Clock:
    """Seconds as a test wants them."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def log(*steps):
    """The lines that are written when each step, (seconds, what, done, total), is reached."""
    clock, paper = Clock(), io.StringIO()
    lines = Lines(Console(file=paper, width=40), clock)
    for clock.now, *step in steps:
        lines(*step)
    return paper.getvalue().splitlines()


def test_a_run_of_seconds_says_nothing():
    assert log((1, "margin, seed 0, round 0", 1, 4), (9, "margin, seed 0, finished", 4, 4)) == []


def test_each_finished_arm_is_a_line_with_the_time_left():
    found = log(
        (0, "margin, seed 0, round 0", 1, 601),
        (20, "badge, seed 1, round 0", 101, 601),
        (40, "margin, seed 0, finished", 201, 601),
        (50, "badge, seed 1, finished", 601, 601),
    )
    assert found == [
        "margin, seed 0, finished: 201 of 601, about 80 s left",
        "badge, seed 1, finished: 601 of 601",
    ]


def test_a_run_that_goes_on_does_not_count_what_was_done_before():
    found = log((0, "margin, seed 5, round 3", 500, 1000), (100, "margin, seed 5, finished", 510, 1000))
    assert found == ["margin, seed 5, finished: 510 of 1,000, about 82 min left"]


def test_a_stage_without_arms_breaks_its_silence():
    found = log(*((seconds, "reading pictures", seconds, 100) for seconds in range(0, 100, 5)))
    assert found[0] == "reading pictures: 30 of 100, about 70 s left"
    assert len(found) == 3


def test_every_arm_of_a_run_says_that_it_is_finished(tmp_path):
    steps = []
    experiment = Experiment("digits", ("random",), seeds=(0,), plan=Plan(rounds=1))
    record(experiment, tmp_path / "run", Crew(jobs=1), progress=lambda what, *_: steps.append(what))
    ends = sorted(what for what in steps if what.endswith("finished"))
    assert ends == ["random, seed 0, finished"]


def shown(*steps):
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    with show_progress(screen) as progress:
        for step in steps:
            progress(*step)
            time.sleep(0.15)  # the screen is drawn ten times a second
    return screen.file.getvalue()


def test_a_terminal_sees_each_step_and_the_time_left():
    screen = shown(("predicting", 1, 4), ("predicting", 2, 4), ("choosing", 0, 0))
    assert "predicting" in screen
    assert "choosing" in screen
    assert "0:00:00" in screen


def test_picks_are_counted_once_somebody_counts_them():
    screen = shown(("choosing", 0, 0), ("choosing", 30, 1000), ("choosing", 60, 1000))
    assert "60/1,000" in screen


def test_arms_side_by_side_are_one_bar():
    screen = shown(
        *((f"{name}, seed 0, round {k}", 2 * k + i + 1, 40) for k in range(2) for i, name in enumerate("ab"))
    )
    assert "4/40" in screen


def test_quiet_is_quiet():
    paper = io.StringIO()
    with show_progress(Console(file=paper), quiet=True) as progress:
        progress("margin, seed 0, finished", 1, 1)
    assert paper.getvalue() == ""
