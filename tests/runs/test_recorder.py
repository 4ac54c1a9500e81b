import json
import os
import resource
import subprocess
import sys

import pytest
from filelock import FileLock

from nextlabel.errors import CannotWrite, OtherRun, RunBroken, RunBusy
from nextlabel.runs.identity import differences
from nextlabel.runs.lines import Arm, Line
from nextlabel.runs.reading import Run
from nextlabel.runs.recorder import Recorder, part_name

ARM = Arm("margin", 3)


def manifest(**identity):
    return {"identity": {"model": "linear", **identity}, "settings": {}}


def line(k, last=False):
    key = {"strategy": "margin", "seed": 3, "round": k}
    confusion = key | {"matrix": [[1]]} if last else None
    return Line(key | {"accuracy": k / 7}, key | {"fit_s": 0.1}, key | {"ids": [k]}, confusion)


def write(folder, count=2, resume=False, last=False):
    with Recorder(folder, manifest(), resume) as recorder, recorder.appending() as parts:
        for k in range(len(recorder.played(ARM)), count):
            parts.append(ARM, line(k, last and k == count - 1))


def test_lines_are_there_after_a_stop(tmp_path):
    write(tmp_path / "run")
    with Recorder(tmp_path / "run", manifest(), resume=True) as recorder:
        assert recorder.played(ARM) == [line(0), line(1)]


def test_a_torn_last_line_is_dropped(tmp_path):
    write(tmp_path / "run")
    part = tmp_path / "run" / "parts" / part_name(ARM)
    part.write_bytes(part.read_bytes()[:-20])
    write(tmp_path / "run", 3, resume=True)
    with Recorder(tmp_path / "run", manifest(), resume=True) as recorder:
        assert [found.row["round"] for found in recorder.played(ARM)] == [0, 1, 2]


@pytest.mark.parametrize("torn", [b"", b'{"row": {"stra'])
def test_an_arm_killed_in_its_first_line_begins_again(tmp_path, torn):
    write(tmp_path / "run", 0)
    (tmp_path / "run" / "parts" / part_name(ARM)).write_bytes(torn)
    write(tmp_path / "run", 2, resume=True)
    with Recorder(tmp_path / "run", manifest(), resume=True) as recorder:
        assert recorder.played(ARM) == [line(0), line(1)]


def test_drafts_of_a_killed_process_are_swept(tmp_path):
    write(tmp_path / "run")
    (tmp_path / "run" / ".rows.jsonl.9875.part").write_bytes(b"half")
    write(tmp_path / "run", 3, resume=True)
    assert not list((tmp_path / "run").glob(".*.part"))


def test_more_arms_than_a_process_may_have_files_open(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Recorder(tmp_path / "run", manifest(), resume=False) as recorder, recorder.appending() as parts:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, before[1]))
        try:
            for seed in range(60):
                parts.append(Arm("margin", seed), line(0, last=True))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_line_damaged_in_the_middle_is_named(tmp_path):
    write(tmp_path / "run")
    part = tmp_path / "run" / "parts" / part_name(ARM)
    part.write_bytes(b"{" + part.read_bytes())
    with Recorder(tmp_path / "run", manifest(), resume=True) as recorder, pytest.raises(RunBroken, match="Line 1 of"):
        recorder.played(ARM)


def test_a_missing_round_is_named(tmp_path):
    write(tmp_path / "run")
    part = tmp_path / "run" / "parts" / part_name(ARM)
    part.write_bytes(part.read_bytes().split(b"\n", 1)[1])
    with Recorder(tmp_path / "run", manifest(), resume=True) as recorder, pytest.raises(RunBroken, match="misses"):
        recorder.played(ARM)


def test_a_finished_run_can_be_read(tmp_path):
    write(tmp_path / "run", last=True)
    with Recorder(tmp_path / "run", manifest(), resume=True) as recorder:
        recorder.put("splits.json", "[]")
        recorder.finish([ARM])
        assert recorder.finished
    run = Run.read(tmp_path / "run")
    assert [row["round"] for row in run.rows] == [0, 1]
    assert run.confusions == [{"strategy": "margin", "seed": 3, "round": 1, "matrix": [[1]]}]
    assert not (tmp_path / "run" / "parts").exists()


def test_the_same_run_twice_needs_resume(tmp_path):
    write(tmp_path / "run")
    with pytest.raises(OtherRun, match="add --resume"):
        write(tmp_path / "run")


def test_a_finished_run_is_looked_at_not_gone_on_with(tmp_path):
    write(tmp_path / "run", last=True)
    with Recorder(tmp_path / "run", manifest(), resume=True) as recorder:
        recorder.finish([ARM])
    with pytest.raises(OtherRun, match=r"and it is finished\. Look at its report.html .*or choose another --out"):
        Recorder(tmp_path / "run", manifest(), resume=False).__enter__()


@pytest.mark.parametrize("resume", [False, True])
def test_another_experiment_is_refused(tmp_path, resume):
    write(tmp_path / "run")
    with pytest.raises(OtherRun, match="model is 'linear' there and 'cnn' here"):
        Recorder(tmp_path / "run", manifest(model="cnn"), resume).__enter__()


def test_what_differs_is_told_in_few_words():
    one = {"plan": {"batch": "10", "rounds": 1}, "splits": {"0": "af3"}, "fingerprint": "b1"}
    assert differences(one, one | {"plan": {"batch": "10", "rounds": 2}}) == ["rounds is 1 there and 2 here"]
    assert differences(one, one | {"splits": {"0": "77c"}}) == [
        "its test, validation or starting samples are others there"
    ]


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_of_other_things_is_refused(tmp_path, resume):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(OtherRun, match=r"holds no run \(holiday.jpg\)"):
        Recorder(tmp_path, manifest(), resume).__enter__()


def test_a_second_writer_is_kept_out(tmp_path):
    write(tmp_path / "run")
    with FileLock(tmp_path / "run" / ".lock"), pytest.raises(RunBusy, match="Another process"):
        Recorder(tmp_path / "run", manifest(), resume=True).__enter__()


def test_a_full_disk_is_one_sentence(tmp_path):
    """A limit on file sizes stands for the full disk: the same refusal of the same system call."""
    code = (
        "import resource; from test_recorder import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        f"try: write(Path({str(tmp_path / 'run')!r}), 100)\n"
        "except CannotWrite as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", "from pathlib import Path\n" + code],
        capture_output=True,
        text=True,
        cwd=os.path.dirname(__file__),
    )
    assert "is full" in done.stdout, done.stderr
    assert "--resume" in done.stdout
    write(tmp_path / "run", 30, resume=True)  # with room again, it goes on


def test_a_file_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(CannotWrite, match="Choose another --out"):
        Recorder(tmp_path / "run", manifest(), resume=False).__enter__()


def test_any_strategy_has_a_file_name():
    names = [
        part_name(Arm(text, 0))
        for text in ("margin", "skactiveml:ProbCover(alpha=0.9)", "skactiveml:ProbCover(alpha=.9)")
    ]
    assert len(set(names)) == 3
    assert all("/" not in name and len(name) < 100 for name in names)


def test_rows_are_the_same_bytes_every_time(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, last=True)
        with Recorder(tmp_path / name, manifest(), resume=True) as recorder:
            recorder.put("splits.json", "[]")
            recorder.finish([ARM])
    assert (tmp_path / "one" / "rows.jsonl").read_bytes() == (tmp_path / "two" / "rows.jsonl").read_bytes()
    assert json.loads((tmp_path / "one" / "rows.jsonl").read_text().splitlines()[1])["accuracy"] == 1 / 7
