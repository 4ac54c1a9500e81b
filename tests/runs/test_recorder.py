import json
import os
import resource
import subprocess
import sys

import pytest
from filelock import FileLock
from made_up import ARM, ARMS, HERE, line, manifest, write

from nextlabel.errors import CannotWrite, OtherRun, RunBroken, RunBusy
from nextlabel.runs.identity import differences
from nextlabel.runs.lines import Arm
from nextlabel.runs.reading import Run
from nextlabel.runs.recorder import Recorder, part_name


def played(folder, arms=(ARM,), **more):
    """What a run that goes on finds, by arm."""
    with Recorder(folder, manifest() | more, resume=True) as run:
        return dict(run.open_arms(list(arms)))


def part(folder):
    return folder / "parts" / part_name(ARM)


def test_lines_are_there_after_a_stop(tmp_path):
    write(tmp_path / "run")
    assert played(tmp_path / "run") == {ARM: [line(0), line(1)]}


def test_what_was_added_counts_and_stands_in_the_ledger(tmp_path):
    with Recorder(tmp_path / "run", manifest(), resume=False) as run:
        assert run.open_arms([ARM]) == [(ARM, [])]
        run.add(ARM, [line(0), line(1)])
        assert part(tmp_path / "run").read_bytes().count(b"\n") == run.count == 2
        assert run.open_arms([ARM]) == [(ARM, [line(0), line(1)])]
        run.add(ARM, [line(2, last=True)])
        assert run.open_arms([ARM]) == []


def test_a_part_is_read_once_a_session(tmp_path):
    """What happens to its file afterwards does not matter to the end of the run."""
    write(tmp_path / "run")
    with Recorder(tmp_path / "run", manifest(), resume=True) as run:
        for arm, past in run.open_arms(ARMS):
            (tmp_path / "run" / "parts" / part_name(arm)).write_bytes(b"")
            run.add(arm, [line(len(past), True, arm)])
        run.write("splits.json", "[]")
        run.finish()
    assert len((tmp_path / "run" / "rows.jsonl").read_bytes().splitlines()) == 12


def test_a_torn_last_line_is_dropped(tmp_path):
    write(tmp_path / "run")
    part(tmp_path / "run").write_bytes(part(tmp_path / "run").read_bytes()[:-20])
    write(tmp_path / "run", 2, resume=True)
    assert played(tmp_path / "run") == {ARM: [line(0), line(1)]}


@pytest.mark.parametrize("torn", [b"", b'{"row": {"stra'])
def test_an_arm_killed_in_its_first_line_begins_again(tmp_path, torn):
    write(tmp_path / "run", 0)
    part(tmp_path / "run").write_bytes(torn)
    write(tmp_path / "run", 2, resume=True)
    assert played(tmp_path / "run") == {ARM: [line(0), line(1)]}


def test_what_a_killed_process_left_behind_is_swept(tmp_path):
    """A draft; and the parts of a run that was killed between its last file's move and its end."""
    write(tmp_path / "run")
    (tmp_path / "run" / ".rows.jsonl.9875.part").write_bytes(b"half")
    kept = part(tmp_path / "run").read_bytes()
    write(tmp_path / "run", 3, resume=True)
    (tmp_path / "run" / "parts").mkdir()
    part(tmp_path / "run").write_bytes(kept)
    with Recorder(tmp_path / "run", manifest(), resume=True) as run:
        assert run.is_finished
    assert sorted(path.name for path in (tmp_path / "run").iterdir() if path.name != ".lock") == [
        "confusions.jsonl", "manifest.json", "picks.jsonl", "rows.jsonl", "splits.json", "timings.jsonl",
    ]  # fmt: skip


def test_more_arms_than_a_process_may_have_files_open(tmp_path):
    arms = [Arm("margin", seed) for seed in range(60)]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Recorder(tmp_path / "run", manifest(), resume=False) as run:
        run.open_arms(arms)
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, before[1]))
        try:
            for arm in arms:
                run.add(arm, [line(0, arm=arm)])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: b"{" + text, "Line 1 of"),
        (lambda text: text.split(b"\n", 1)[1], "misses a round"),
        (lambda text: text.replace(b'"seed": 3', b'"seed": 4'), "one of another arm"),
        (lambda text: text.replace(b'"labelled"', b'"n_labelled"'), r"Line 1 of .* is damaged \(at row.labelled\)"),
        (lambda text: text.replace(b"0.7", b"NaN"), "Line 1 of .* is damaged"),
        (lambda text: text.replace(b'"ids": [8, 9]', b'"ids": []'), "Line 2 of .* is no round of this experiment"),
        (lambda text: text.replace(b'"ids": [8, 9]', b'"ids": [8, 20]'), "Line 2 of .* is no round of this experiment"),
    ],
)
def test_a_damaged_part_is_named(tmp_path, change, words):
    write(tmp_path / "run")
    path = part(tmp_path / "run")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(RunBroken, match=words):
        played(tmp_path / "run")


def test_a_finished_run_can_be_read(tmp_path):
    run = Run.read(write(tmp_path / "run", 3))
    assert [(row["strategy"], row["seed"], row["round"]) for row in run.rows] == [
        (name, seed, k) for name in ("random", "margin") for seed in (0, 3) for k in (0, 1, 2)
    ]
    assert run.confusions[-1] == {"strategy": "margin", "seed": 3, "round": 2, "matrix": [[2, 0], [1, 1]]}
    assert not (tmp_path / "run" / "parts").exists()


def test_the_same_run_twice_needs_resume(tmp_path):
    write(tmp_path / "run")
    with pytest.raises(OtherRun, match="add --resume"):
        write(tmp_path / "run")


def test_a_finished_run_is_looked_at_not_gone_on_with(tmp_path):
    write(tmp_path / "run", 3)
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


def test_a_run_that_goes_on_with_other_versions_says_so(tmp_path):
    write(tmp_path / "run")
    later = HERE | {"numpy": "2.5.0", "kernels": "openblas 0.3.31 SkylakeX"}
    words = "numpy 2.4.6 there and 2.5.0 here and kernels openblas 0.3.31 Haswell there and openblas 0.3.31 SkylakeX"
    with pytest.warns(UserWarning, match=words):
        played(tmp_path / "run", made_with=[later])
    write(tmp_path / "run", 3, resume=True)  # with the first versions again: nothing to tell, nothing forgotten
    assert Run.read(tmp_path / "run").environments == [HERE, later]


def test_another_processor_is_kept_and_a_finished_run_is_left_alone(tmp_path):
    write(tmp_path / "run")
    slow = HERE | {"processor": "a slow one"}
    write(tmp_path / "run", 3, resume=True, made_with=[slow])
    assert Run.read(tmp_path / "run").environments == [HERE, slow]
    played(tmp_path / "run", made_with=[HERE | {"numpy": "2.5.0"}])
    assert Run.read(tmp_path / "run").environments == [HERE, slow]


def test_an_old_manifest_raises_no_false_alarm(tmp_path):
    """Version 0.1 said its versions elsewhere, and nothing of kernels."""
    write(tmp_path / "run")
    told = json.loads((tmp_path / "run" / "manifest.json").read_text())
    old = {"nextlabel": "0.1.0", "versions": {"numpy": "2.4.6"}, "machine": {"system": "Linux", "processor": "x86_64"}}
    del told["made_with"]
    (tmp_path / "run" / "manifest.json").write_text(json.dumps(told | old))
    write(tmp_path / "run", 3, resume=True)
    first, second = Run.read(tmp_path / "run").environments
    assert (first["numpy"], second) == ("2.4.6", HERE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ([], "is not what simulate writes"),
        ({"identity": 3}, r"is not what simulate writes \(at identity\)"),
        (manifest() | {"dataset": manifest()["dataset"] | {"n": 10**15}}, "its dataset's n is not that of the data"),
        (manifest() | {"made_with": []}, r"\(at made_with\)"),
    ],
)
def test_a_damaged_manifest_is_named(tmp_path, change, words):
    write(tmp_path / "run", 3)
    (tmp_path / "run" / "manifest.json").write_text(json.dumps(change))
    with pytest.raises(RunBroken, match=words):
        played(tmp_path / "run")


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
        "import resource; from made_up import *; from nextlabel.errors import CannotWrite\n"
        f"with Recorder(Path({str(tmp_path / 'run')!r}), manifest(), False) as run:\n"
        "    run.open_arms([ARM])\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))\n"
        "    try: run.add(ARM, [line(0), line(1)])\n"
        "    except CannotWrite as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=os.path.dirname(__file__))
    assert "is full" in done.stdout, done.stderr
    assert "--resume" in done.stdout
    assert played(tmp_path / "run") == {ARM: [line(0)]}  # with room again, it goes on


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
    one, two = write(tmp_path / "one", 3), write(write(tmp_path / "two", 1), 3, resume=True)
    assert (one / "rows.jsonl").read_bytes() == (two / "rows.jsonl").read_bytes()
    assert json.loads((one / "rows.jsonl").read_text().splitlines()[-1])["accuracy"] == line(2).row["accuracy"]
