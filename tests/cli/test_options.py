"""Options made from knobs."""

import inspect
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.cli.options import completion, with_options
from nextlabel.knobs import knob, names, read_knobs
from nextlabel.knobs.kinds import FLAG, optional, whole


@dataclass(frozen=True)
class Page:
    either: bool | None = knob(None, optional(FLAG), "Either.")
    off: bool = knob(False, FLAG, "Off.")
    on: bool = knob(True, FLAG, "On.")
    rounds: int | None = knob(20, optional(whole(0)), "Rounds.", unless="budget")
    budget: int | None = knob(None, optional(whole(0)), "Budget.")

    def __post_init__(self):
        read_knobs(self)


@pytest.mark.parametrize(
    ("args", "page"),
    [
        ([], Page(None, False, True, 20, None)),
        (["--either", "--off", "--no-on"], Page(True, True, False)),
        (["--no-either"], Page(False)),
        (["--budget", "7"], Page(rounds=None, budget=7)),
        (["--budget", "7", "--rounds", "20"], Page(rounds=20, budget=7)),
    ],
)
def test_what_is_typed_is_the_page(args, page):
    single, pages = typer.Typer(), []

    @single.command()
    @with_options
    def take(page: Page) -> None:
        pages.append(page)

    found = CliRunner().invoke(single, args)
    assert found.exit_code == 0, found.output
    assert pages == [page]


def test_no_command_takes_more_than_eight():
    for one in app.registered_commands:
        assert len(inspect.unwrap(one.callback).__annotations__) - 1 <= 8


def options(command):
    return {option.name: option for option in get_command(app).commands[command].params}


def test_help_names_every_part_in_panels():
    told = CliRunner().invoke(app, ["simulate", "-h"], env={"COLUMNS": "200"}).stdout
    assert told == CliRunner().invoke(app, ["simulate", "--help"], env={"COLUMNS": "200"}).stdout
    for name in (
        *names.STRATEGY_NAMES,
        *names.MODEL_NAMES,
        *names.EMBEDDER_NAMES,
        *names.ORACLE_NAMES,
        *names.DATASET_NAMES,
    ):
        assert name in told
    panels = ["Data", "What is compared", "Labels", "The loop", "How it is computed", "Output"]
    places = [told.index(f"─ {panel} ─") for panel in panels]
    assert places == sorted(places)


def test_defaults_are_those_of_the_pages():
    defaults = {name: option.default for name, option in options("simulate").items()}
    assert defaults["strategies"] == "random,margin,badge"
    assert (defaults["seeds"], defaults["start"], defaults["rounds"], defaults["jobs"]) == ("10", "2/class", None, "2")


def test_the_last_name_of_a_list_is_completed():
    assert completion(names.STRATEGY_NAMES)("random,mar") == ["random,margin"]
    assert completion(names.STRATEGY_NAMES)("b") == ["badge", "bald", "batchbald"]
    assert completion(names.MODEL_NAMES)("linear(") == []


def test_a_shell_completes_strategies():
    code = "import sys; sys.argv[0] = 'nextlabel'; from nextlabel.__main__ import main; main()"
    words = "nextlabel simulate digits --strategies random,mar"
    env = os.environ | {"_NEXTLABEL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "4"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.split() == ["random,margin"]
