"""Many datasets in one go: each run is the one that its dataset would get alone."""

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextlabel import Crew, Experiment, Plan, Study, read_study, record, record_study
from nextlabel.errors import BadData, BadNumber, Mistake, NextlabelError, OtherRun, UnknownName
from nextlabel.progress import quiet
from nextlabel.simulation.playing import play_all
from nextlabel.simulation.recording import Recording, prepare_all
from nextlabel.study import folder_name, open_study

PLAN = Plan(batch=3, rounds=2)
DOCS = Path(__file__).parents[2] / "docs" / "study.md"


def table(path, seed, n=50):
    rng = np.random.default_rng(seed)
    lines = [f"{x:.3f},{y:.3f},{'ab'[int(x + y > 0)]}" for x, y in rng.normal(size=(n, 2))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["x,y,label", *lines, ""]))
    return str(path)


@pytest.fixture(scope="module")
def experiments(tmp_path_factory):
    """The digits, with one seed more, and two tables, of which one is learned from otherwise."""
    folder, names = tmp_path_factory.mktemp("data"), ("random", "margin")
    return [
        Experiment("digits", names, seeds=3, plan=PLAN),
        Experiment(table(folder / "one.csv", 1), names, seeds=2, plan=PLAN),
        Experiment(table(folder / "two.csv", 2), names, seeds=2, plan=PLAN, standardize=False, start="3/class"),
    ]


@pytest.fixture(scope="module")
def alone(experiments, tmp_path_factory):
    """What each gives by itself, by name."""
    folder = tmp_path_factory.mktemp("alone")
    return {
        name: files(record(one, folder / name, Crew(jobs=1)).run.folder)
        for name, one in zip(("digits", "one", "two"), experiments, strict=True)
    }


def files(folder):
    """All that is no clock and no manifest."""
    names = ("rows.jsonl", "picks.jsonl", "confusions.jsonl", "splits.json", "samples.jsonl")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


@pytest.mark.parametrize("crew", [Crew(jobs=1), Crew(jobs=2), Crew(jobs=1, stride=1)], ids=["one", "two", "in turns"])
def test_every_run_is_the_bytes_that_it_is_alone(experiments, alone, tmp_path, crew):
    told = []
    found = record_study(Study(experiments, crew), tmp_path, progress=lambda *step: told.append(step))
    assert {one.run.folder.name: files(one.run.folder) for one in found} == alone
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits", "one", "two"]  # compare RUN/* wants no more
    counts = [done for what, done, total in told if ", seed" in what and total == (6 + 4 + 4) * 3]
    assert counts == sorted(counts)  # one bar
    assert counts[-1] == 42


def test_an_interrupted_study_goes_on_and_a_finished_run_is_left(experiments, alone, tmp_path):
    def pull_the_plug(what, done, total):
        if what.startswith("one: margin"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record_study(Study(experiments[:2], Crew(jobs=1)), tmp_path, progress=pull_the_plug)
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "digits").glob("*.json*")}
    assert tmp_path / "digits" / "rows.jsonl" in finished  # whole as soon as its last arm is
    assert not (tmp_path / "one" / "rows.jsonl").exists()
    with pytest.raises(OtherRun, match="and it is finished"):
        record_study(Study(experiments, Crew(jobs=1)), tmp_path)
    found = record_study(Study(experiments, Crew(jobs=1)), tmp_path, resume=True)  # a third one joins
    assert [one.is_new for one in found] == [False, True, True]
    assert {one.run.folder.name: files(one.run.folder) for one in found} == alone
    assert {path: path.stat().st_mtime_ns for path in finished} == finished


def test_no_worker_waits_for_the_end_of_a_dataset(experiments, tmp_path):
    """With two tasks under way, one of the next dataset is sent before the last of this one is back."""
    events, crew = [], Crew(jobs=2)

    class Noting(ThreadPoolExecutor):
        def submit(self, fn, work, task, threads):
            events.append((task.thing.which, type(task.thing).__name__))
            return super().submit(fn, work, task, threads)

    names = Study(experiments).names
    several = [Recording(one, tmp_path / name, name) for one, name in zip(experiments, names, strict=True)]
    prepare_all(several, crew, False, quiet)
    with Noting(1) as workers, ExitStack() as stack:
        for one in several:
            one.open(stack, [], crew, workers, False)
        play_all(several, workers, crew, lambda what, *_: events.append(what.partition(",")[0]))
    last_of = {name: len(events) - 1 - events[::-1].index(f"{name}: margin") for name in names}
    assert events.index((1, "Stride")) < last_of["digits"]
    assert events.index((2, "Stride")) < last_of["one"]


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        (Experiment("nowhere.csv"), BadData, "nowhere: There is no folder or file 'nowhere.csv'"),
        (Experiment("digits", name="x", plan=Plan(batch=5000)), BadNumber, "x: The first batch asks for 5000"),
        (Experiment("digits", ("margni",), name="x"), UnknownName, "x: .*Did you mean 'margin'"),
    ],
)
def test_what_is_wrong_with_any_is_told_before_one_is_played(experiments, tmp_path, bad, error, words):
    with pytest.raises(error, match=words):
        record_study(Study([*experiments[:1], bad], Crew(jobs=1)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_breakdown_in_the_middle_says_of_which(experiments, tmp_path):
    broken = Experiment("digits", ("skactiveml:Falcun(gamma='x')",), seeds=1, name="bad", plan=PLAN)
    with pytest.raises(NextlabelError, match=r"\Abad: "):
        record_study(Study([*experiments[1:], broken], Crew(jobs=1)), tmp_path)
    assert (tmp_path / "two" / "rows.jsonl").exists()


def test_a_study_does_not_go_into_a_run(experiments, tmp_path):
    record(experiments[1], tmp_path, Crew(jobs=1))
    with pytest.raises(OtherRun, match="is the folder of one run"):
        record_study(Study(experiments, Crew(jobs=1)), tmp_path)


def test_a_study_does_not_lie_among_the_samples_of_any(experiments, fruits):
    study = Study([*experiments[:1], Experiment(str(fruits))], Crew(jobs=1))
    with pytest.raises(Mistake, match="among the files that it reads"):
        record_study(study, fruits / "study")


# Names


@given(
    st.lists(st.sampled_from(["digits", "a/train", "b/Train", "c/train-2", "x y", "x_y.csv", ".", ".."]), min_size=1)
)
def test_folders_are_apart_whatever_is_named_and_stay_when_more_are(paths):
    study = Study([Experiment(path) for path in paths])
    folded = [name.casefold() for name in study.names]
    assert len(set(folded)) == len(paths)
    assert all(re.fullmatch(r"[\w.-]{1,70}", name) for name in study.names)
    assert Study([Experiment(path) for path in paths[:-1] or paths]).names == study.names[: len(paths) - 1 or 1]
    renamed = [one.name for one in study.experiments if one.name is not None]
    assert len(renamed) == len(study.notes)


# Files


def test_the_example_of_the_docs_is_a_study(tmp_path):
    (toml,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.S)
    (tmp_path / "study.toml").write_text(toml)
    study = read_study(tmp_path / "study.toml")
    assert study.names == ("digits", "wine", "flowers_on_patches")
    digits, wine, flowers = study.experiments
    assert {one.seeds for one in study.experiments} == {tuple(range(20))}
    assert (wine.dataset, wine.label_column) == (str(tmp_path / "tables" / "wine.csv"), "cultivar")
    assert (str(digits.start), str(wine.start), str(flowers.start)) == ("5/class", "5/class", "1/class")
    assert (flowers.embedder, digits.embedder, digits.plan.rounds) == ("patches", None, 15)


def written(folder, toml):
    (folder / "study.toml").write_text(toml)
    return folder / "study.toml"


SET = '[[dataset]]\npath = "digits"\n'


def test_a_file_says_what_is_typed(tmp_path):
    path = written(tmp_path, 'strategies = "random,badge"\nseeds = 4\nbudget = 60\njobs = 1\nno-header = true\n' + SET)
    typed = {"strategies": "random,badge", "seeds": "4", "budget": "60", "jobs": "1", "no_header": True}
    assert read_study(path) == open_study(["digits"], typed)
    assert read_study(path).experiments[0].plan.rounds is None  # a budget alone
    assert open_study([str(path)], {"seeds": "2", "jobs": "3"}).experiments[0].seeds == (0, 1)
    assert open_study([str(path)], {"seeds": "2", "jobs": "3"}).crew.jobs == 3


def test_paths_are_seen_from_the_file(tmp_path):
    more = (
        'labels = ["a.csv", "/b.csv"]\nsplit = "folders"\noracle = "replay:said.csv"\nembedder = "onnx:m.onnx(size=8)"'
    )
    (one,) = read_study(written(tmp_path, f'{more}\n[[dataset]]\npath = "./digits"\n')).experiments
    assert one.dataset == f"{tmp_path}/./digits"
    assert (one.labels, one.split) == ((f"{tmp_path}/a.csv", "/b.csv"), "folders")
    assert (one.oracle, one.embedder) == (f"replay:{tmp_path}/said.csv", f"onnx:{tmp_path}/m.onnx(size=8)")
    (two,) = read_study(written(tmp_path, 'split = "s.json"\n[[dataset]]\npath = "s3://bucket/x"\n')).experiments
    assert (two.dataset, two.split) == ("s3://bucket/x", f"{tmp_path}/s.json")


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("sedes = 3\n" + SET, r"'.*study\.toml': There is no option 'sedes' here\. Did you mean 'seeds'"),
        (SET + "jobs = 2\n", "There is no option 'jobs' here"),  # of a study, not of a dataset
        ('name = "x"\n' + SET, "There is no option 'name' here"),
        ("out = 'x'\n" + SET, "There is no option 'out' here"),
        ("seeds = 3", r"names no datasets.*\[\[dataset\]\]"),
        ("dataset = 'digits'", "names no datasets"),
        ("dataset = ['digits']", "names no datasets"),
        (SET + "[[dataset]]\nname = 'x'", r"The 2nd \[\[dataset\]\] does not say where its data are"),
        (SET + "seeds = 'x'", "digits: .*no list of seeds"),
        (SET + "standardize = 1", "digits: standardize is 1, and must be True or False"),
        ("[[dataset]]\npath = 3", "3: dataset is 3, and must be"),
        ("seeds = = 3", "is no TOML"),
    ],
)
def test_a_bad_file_is_told_in_a_sentence(tmp_path, toml, words):
    with pytest.raises(NextlabelError, match=words):
        read_study(written(tmp_path, toml))


def test_what_cannot_be_read_or_mixed_is_told(tmp_path):
    with pytest.raises(BadData, match="cannot be read"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(Mistake, match="is a study of its own"):
        open_study(["digits", "study.toml"], {})
    with pytest.raises(Mistake, match="--name would call all of them the same"):
        open_study(["digits", "wine.csv"], {"name": "x"})
    with pytest.raises(Mistake, match="nothing to play"):
        Study([])
    with pytest.raises(UnknownName, match="Did you mean 'seeds'"):
        read_study(written(tmp_path, SET), {"sedes": 3})
    with pytest.raises(BadData, match="is no TOML"):
        read_study(written(tmp_path, "a = " + "[" * 100_000))
    assert [folder_name(Experiment("digits", name=name)) for name in ("..", ".x", "a/b")] == ["data", "x", "a_b"]


words = st.sampled_from(
    ["[[dataset]]", "path", "name", "seeds", "=", "[", "]", '"digits"', "3", "{", "}", "-1", "inf", "#", "\n"]
)


@given(st.lists(words, max_size=12).map(" ".join))
def test_whatever_stands_in_a_file_it_is_a_study_or_a_sentence(tmp_path_factory, toml):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(toml)
    with contextlib.suppress(NextlabelError):
        assert read_study(path).names
