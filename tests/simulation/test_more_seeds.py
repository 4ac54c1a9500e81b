"""A finished run gets more seeds: --resume extends it."""

import json
from pathlib import Path

import pytest

from nextlabel import Experiment, Plan, record
from nextlabel.errors import OtherRun
from nextlabel.experiment import Crew
from nextlabel.runs.extension import take_apart
from nextlabel.runs.lines import lines
from nextlabel.runs.reading import Run
from nextlabel.runs.recorder import part_name

MERGED = ("rows", "picks", "confusions", "splits")


def play(out: Path, seeds: tuple[int, ...], resume: bool = False, batch: int = 5) -> Run:
    plan = Plan(batch=batch, rounds=2)
    experiment = Experiment("digits", ("random", "margin"), seeds, plan=plan)
    return record(experiment, out, Crew(jobs=1), resume, ["nextlabel", "simulate", str(seeds)]).run


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for name in MERGED for path in out.glob(f"{name}.json*")}


def test_an_extended_run_is_the_bytes_of_a_fresh_one(tmp_path: Path) -> None:
    short = play(tmp_path / "one", (0, 1))
    before = (tmp_path / "one" / "rows.jsonl").read_bytes().splitlines()
    longer = play(tmp_path / "one", (0, 1, 2), resume=True)
    play(tmp_path / "fresh", (0, 1, 2))
    assert files(tmp_path / "one") == files(tmp_path / "fresh")
    after = (tmp_path / "one" / "rows.jsonl").read_bytes().splitlines()
    assert [line for line in after if json.loads(line)["seed"] < 2] == before
    assert longer.manifest["extended"] == [{"seeds": [0, 1], "command": ["nextlabel", "simulate", "(0, 1, 2)"]}]
    assert longer.manifest["command"] == short.manifest["command"]
    assert not (tmp_path / "one" / "parts").exists()
    timed = [row for row in longer.timings if row["seed"] < 2]
    assert timed == short.timings  # nothing was played twice


def test_an_unfinished_run_is_extended_too_and_so_is_one_killed_on_the_way(tmp_path: Path) -> None:
    play(tmp_path / "one", (0,))
    play(tmp_path / "fresh", (0, 1))
    (tmp_path / "one" / "parts").mkdir()  # what an extension does first, and no more of it
    for arm, played in take_apart(tmp_path / "one").items():
        (tmp_path / "one" / "parts" / part_name(arm)).write_text(lines(line._asdict() for line in played))
    (tmp_path / "one" / "rows.jsonl").unlink()
    play(tmp_path / "one", (0, 1), resume=True)
    assert files(tmp_path / "one") == files(tmp_path / "fresh")


@pytest.mark.parametrize(
    ("seeds", "batch", "resume", "words"),
    [
        ((0, 1), 5, False, "holds this experiment with fewer seeds. Add those that it lacks: --resume"),
        ((1,), 5, True, r"another experiment: seeds is \[0\] there and \[1\] here"),
        ((0, 1), 6, True, "another experiment: batch is"),
    ],
)
def test_all_else_is_refused(
    seeds: tuple[int, ...], batch: int, resume: bool, words: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.getbasetemp() / "refused"
    if not out.exists():
        play(out, (0,))
    before = files(out)
    with pytest.raises(OtherRun, match=words):
        play(out, seeds, resume, batch)
    assert files(out) == before


def test_fewer_seeds_are_refused(tmp_path: Path) -> None:
    play(tmp_path / "one", (0, 1))
    with pytest.raises(OtherRun, match=r"another experiment: seeds is \[0, 1\] there and \[0\] here"):
        play(tmp_path / "one", (0,), resume=True)
