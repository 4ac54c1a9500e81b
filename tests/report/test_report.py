import csv
import io
import itertools
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_reader import Reader
from hypothesis import given
from hypothesis import strategies as some
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from nextlabel import report
from nextlabel.cli.pages import FIGURE_KINDS
from nextlabel.datasets.base import Dataset, Skipped
from nextlabel.errors import CannotWrite, UnknownName
from nextlabel.progress import Progress, quiet
from nextlabel.report.drawing import curves, maps, themes
from nextlabel.report.of_run import gallery, tables
from nextlabel.report.of_run.page import command_line, lead, model_words, page
from nextlabel.report.paths import hide_folders
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.statistics.curves import Band, Curve
from nextlabel.statistics.standings import standings

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "{{ 7 * 7 }} $\\frac{1}$ & '", "日本 ü")


@dataclass
class Noise:
    """Pictures of noise."""

    count: int
    version: str = "1"
    grey_side: int | None = None

    @property
    def digests(self) -> Sequence[str]:
        return [str(i) for i in range(self.count)]

    def squares(self, size: int, progress: Progress = quiet) -> Any:
        return np.random.default_rng(0).integers(0, 256, (self.count, size, size, 3), dtype=np.uint8)


@dataclass
class Shape:
    """What kind of run to make up."""

    strategies: Sequence[str] = ("random", "margin")
    seeds: Sequence[int] = (0, 1)
    rounds: int = 3
    classes: Sequence[str] = ("cat", "dog", "owl")
    n: int = 60
    pictures: bool = False
    measured: bool = True
    paths: tuple[str, ...] | None = None
    more: dict[str, Any] = field(default_factory=dict)


def made(folder: Path, shape: Shape) -> tuple[Run, Dataset, Any]:
    """A run of that shape, with its dataset and features; 2 samples per batch, 6 to start with, 12 to test on."""
    rng = np.random.default_rng(0)
    y = np.arange(shape.n) % len(shape.classes)
    pictures = Noise(shape.n) if shape.pictures else None
    dataset = Dataset(
        name=shape.more.get("name", "made up"), y=y, classes=tuple(shape.classes), fingerprint="f", pictures=pictures,
        table=None if pictures else np.zeros((shape.n, 2), dtype=np.float32), paths=shape.paths,
        skipped=shape.more.get("skipped", ()), duplicates=shape.more.get("duplicates", ()),
    )  # fmt: skip
    keys = [{"strategy": s, "seed": k, "round": r} for s in shape.strategies for k in shape.seeds
            for r in range(shape.rounds + 1)]  # fmt: skip
    rows = [key | _scores(rng, shape, key) for key in keys]
    picks = [key | {"ids": _ids(rng, shape, key)} for key in keys]
    timings = [key | {"fit_s": 0.1, "ask_s": 0.02} for key in keys]
    matrix = (rng.integers(0, 9, (len(shape.classes),) * 2) * shape.measured).tolist()
    confusions = [key | {"matrix": matrix} for key in keys if key["round"] == shape.rounds]
    splits = [{"seed": k, "test": list(range(12)), "val": [], "start": list(range(12, 18))} for k in shape.seeds]
    return Run(folder, _manifest(shape, dataset), rows, picks, timings, confusions, splits), dataset, rng.normal(
        size=(shape.n, 5)
    )  # fmt: skip


def _scores(rng: np.random.Generator, shape: Shape, key: Row) -> Row:
    names = ("accuracy", "balanced_accuracy", "f1_macro", "log_loss", "ece")
    scores = {name: float(rng.uniform(0.4, 0.6)) if shape.measured else None for name in names}
    return {"dataset": "made up", "labelled": 6 + 2 * key["round"], "mended": 0, **scores}


def _ids(rng: np.random.Generator, shape: Shape, key: Row) -> list[int]:
    at = 18 + 2 * key["round"]
    return [] if key["round"] == shape.rounds else rng.permutation([at, at + 1]).tolist()


def _manifest(shape: Shape, dataset: Dataset) -> dict[str, Any]:
    told = {
        "name": dataset.name, "source": shape.more.get("source", "there"), "n": shape.n, "classes": list(shape.classes),
        "counts": [int((dataset.y == code).sum()) for code in range(len(shape.classes))], "kind": "table",
        "fingerprint": "f", "skipped": [{"path": one.path, "reason": one.reason} for one in dataset.skipped],
        "duplicates": [list(group) for group in dataset.duplicates], "warnings": shape.more.get("warnings", []),
    }  # fmt: skip
    return {
        "nextlabel": "0.1.0", "command": shape.more.get("command", ["/bin/nextlabel", "simulate", "a b"]),
        "experiment": {"oracle": "truth"}, "plan": {"batch": "2", "cold": "random", "audit": 0.0, "ahead": 0},
        "dataset": told, "embedder": {"name": "table", "d": 5, "settings": {}, "version": 1, "transductive": True},
        "model": "linear", "strategies": {name: {"class": "a.B"} for name in shape.strategies}, "settings": {},
        "sizes": {"test": 12, "val": shape.more.get("val", 0), "start": 6, "pool": 42}, "threads": 1, "jobs": 2,
        "versions": {"python": "3.11"}, "machine": {"system": "Linux"}, "seeds": {},
    }  # fmt: skip


@pytest.fixture
def sketchy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures with few pixels, and a map that is none, where nobody looks at them."""
    monkeypatch.setattr(themes, "DPI", 30)
    monkeypatch.setattr(
        maps, "project", lambda X, ids, *_: maps.Chart(ids, np.random.default_rng(0).random((len(ids), 2)), "t-SNE")
    )


def told(tmp_path: Path, shape: Shape) -> Reader:
    return shown(*made(tmp_path, shape))


def shown(run: Run, dataset: Dataset, features: Any) -> Reader:
    return Reader(page(run, dataset, features, standings(run.rows, run.manifest["dataset"]["counts"]))[0])


def test_a_report_is_one_file_that_needs_nothing_else(tmp_path: Path, sketchy: None) -> None:
    path = report.write(*made(tmp_path, Shape(pictures=True, rounds=1)))
    reader = Reader(path.read_text(encoding="utf-8"))
    sources = [one["src"] for one in reader.all("img")] + [one["srcset"] for one in reader.all("source")]
    assert len(sources) > 6
    assert all((source or "").startswith("data:image/") for source in sources)
    assert not {"link", "script", "iframe"} & {tag for tag, _ in reader.tags}


def test_figures_and_curves_lie_beside_the_page(tmp_path: Path) -> None:
    report.write(*made(tmp_path, Shape(rounds=1, strategies=("random",))))
    for name in ("curves", "map", "confusion"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.width == 2200
    assert (tmp_path / "curves.csv").exists()


def test_the_same_run_gives_the_same_files(tmp_path: Path, sketchy: None) -> None:
    run = made(tmp_path, Shape(pictures=True, rounds=1))
    report.write(*run)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    report.write(*run)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_hostile_names_stay_text(tmp_path: Path, sketchy: None) -> None:
    shape = Shape(
        strategies=("random", *HOSTILE), rounds=1, classes=HOSTILE, pictures=True,
        paths=tuple(HOSTILE[i % 4] for i in range(60)),
        more={"name": HOSTILE[0], "source": HOSTILE[1], "warnings": list(HOSTILE), "duplicates": ((0, 1),),
              "skipped": tuple(Skipped(name, name) for name in HOSTILE), "command": ["nextlabel", *HOSTILE]},
    )  # fmt: skip
    reader = told(tmp_path, shape)
    assert not reader.all("script")
    assert all((one["src"] or "").startswith("data:image/") for one in reader.all("img"))
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)
    assert all(name in reader.text for name in HOSTILE)


def test_a_run_with_estimates_says_how_often_they_held(tmp_path: Path, sketchy: None) -> None:
    run, dataset, features = made(tmp_path, Shape(rounds=1, strategies=(HOSTILE[0],)))
    assert "without the test set" not in shown(run, dataset, features).text
    figure = {"value": 0.7, "low": 0.5, "high": 0.9, "audit": 31, "labelled": 6}
    told = [
        {"strategy": HOSTILE[0], "seed": seed, "round": 0, "labelled": 6, "audit": 31, "test": 12, "figures": {
            "new": figure | {"truth": truth}, "rest": figure | {"value": None, "high": 1.0, "truth": truth}}}
        for seed, truth in enumerate((0.6, 0.1))
    ]  # fmt: skip
    reader = shown(replace(run, estimates=told), dataset, features)
    assert "What could be said without the test set" in reader.text
    words = " ".join(reader.text.split())
    assert f"{HOSTILE[0]}on new samples1 of 2 labellings40––" in words
    assert f"{HOSTILE[0]}on the rest1 of 2 labellings–––" in words
    assert not reader.all("script")


SHAPES = {
    "one seed": Shape(seeds=(3,)),
    "one strategy": Shape(strategies=("random",)),
    "one strategy, one seed, one round": Shape(strategies=("margin",), seeds=(0,), rounds=1),
    "no random": Shape(rounds=1, strategies=("margin", "entropy")),
    "no round": Shape(rounds=0),
    "nothing measured": Shape(measured=False),
    "two classes": Shape(rounds=1, classes=("-1", "1")),
    "a hundred classes": Shape(rounds=1, classes=[f"class number {k}" for k in range(100)], n=300),
    "thirty classes": Shape(rounds=1, strategies=("random",), classes=[f"class number {k}" for k in range(30)], n=90),
    "many strategies": Shape(
        strategies=["random", *(f"skactiveml:Strategy{k}(alpha=0.{k})" for k in range(9))], rounds=1
    ),
    "a tiny pool": Shape(n=24, rounds=2),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_run_has_a_report(shape: Shape, tmp_path: Path, sketchy: None) -> None:
    reader = told(tmp_path, shape)
    assert len(reader.all("h1")) == 1
    assert "nan" not in reader.text.lower().split()
    assert all(name in reader.text for name in shape.strategies)


def test_pictures_have_words_and_tables_have_heads(tmp_path: Path, sketchy: None) -> None:
    reader = told(tmp_path, Shape(pictures=True, rounds=1))
    assert all(one["alt"] for one in reader.all("img"))
    assert all(one["scope"] in ("col", "row", "colgroup") for one in reader.all("th"))


@pytest.mark.parametrize(("seeds", "few"), [(9, True), (10, False)])
def test_few_seeds_are_called_indicative(seeds: int, few: bool, tmp_path: Path, sketchy: None) -> None:
    reader = told(tmp_path, Shape(seeds=range(seeds), rounds=1))
    assert ("ndicative" in reader.text) == few


def test_validation_labels_stand_beside_the_budget(tmp_path: Path, sketchy: None) -> None:
    text = told(tmp_path, Shape(more={"val": 9})).text
    assert "12 labels: 6 to start with, then 2 a round, 3 rounds; beside it 9 validation labels" in text


def test_everything_odd_about_the_data_is_listed(tmp_path: Path, sketchy: None) -> None:
    skipped = tuple(Skipped(f"{k}.png", "is empty") for k in range(60))
    more = {"skipped": skipped, "duplicates": ((3, 4),), "warnings": ["Look out."]}
    text = told(tmp_path, Shape(rounds=1, more=more)).text
    assert all(words in text for words in ("Files skipped: 60", "49.png: is empty", "and 10 more", "Look out."))
    assert "sample 3 = sample 4" in text
    assert "fitted once on all samples" in text


def test_the_command_can_be_pasted_into_a_shell() -> None:
    assert command_line({"command": ["/usr/bin/nextlabel", "simulate", "a b"]}) == "nextlabel simulate 'a b'"
    assert command_line({"command": ["/x/nextlabel/__main__.py", "simulate"]}) == "python -m nextlabel simulate"
    assert command_line({"command": []}) == ""


HOME = "/home/somebody/private"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HOME}/my pictures/", "my pictures"),
        (f"onnx:{HOME}/my model.onnx(size=224)", "onnx:my model.onnx(size=224)"),
        (f"--split={HOME}/s.json", "--split=s.json"),
        (f"'{HOME}/a b/c.png' and {HOME}/d.png", "'c.png' and d.png"),
        ("C:\\Users\\somebody\\flowers", "flowers"),
        ("pictures/cats, 1/2, https://example.org/a/b", "pictures/cats, 1/2, https://example.org/a/b"),
        ("/", "/"),
    ],
)
def test_folders_of_absolute_paths_are_left_out(text: str, words: str) -> None:
    assert hide_folders(text) == words


def test_no_path_of_somebodys_machine_stands_in_a_report(tmp_path: Path, sketchy: None) -> None:
    more = {
        "source": f"{HOME}/flowers", "skipped": (Skipped(f"{HOME}/a.png", f"'{HOME}/b.png' is in its way"),),
        "warnings": [f"Look into {HOME}/c."], "command": ["/bin/nextlabel", "simulate", HOME, "--out", HOME],
    }  # fmt: skip
    run, dataset, features = made(tmp_path, Shape(rounds=1, more=more))
    run.manifest["model"] = f"cnn(init='{HOME}/w.safetensors')"
    run.manifest["experiment"]["oracle"] = f"replay:{HOME}/answers.csv"
    run.manifest["embedder"]["settings"] = {"file": f"{HOME}/model.onnx"}
    page_, _ = page(run, dataset, features, standings(run.rows, run.manifest["dataset"]["counts"]))
    assert "somebody" not in page_
    text = Reader(page_).text
    assert all(
        words in text for words in ("made up from flowers", "replay:answers.csv", "Look into c.", "b.png' is in")
    )
    assert "nextlabel simulate private --out private" in text


def test_a_phone_gets_every_figure_with_its_panels_stacked(tmp_path: Path, sketchy: None) -> None:
    reader = told(tmp_path, Shape(rounds=1))
    narrow = [one for one in reader.all("source") if "max-width: 600px" in (one["media"] or "")]
    assert len(narrow) == 2 * 3  # light and dark of curves, map and matrices
    sizes = [(int(one["width"] or 0), int(one["height"] or 0)) for one in narrow]
    assert all(width == 30 * themes.NARROW for width, _ in sizes)
    assert sizes[0][1] > 2.5 * sizes[0][0]  # four panels, one above the other


def test_figures_are_files_of_the_kinds_asked_for(tmp_path: Path, sketchy: None) -> None:
    run = made(tmp_path, Shape(rounds=1))
    report.write(*run)
    report.write(*run, figures=("svg", "pdf"))  # and no old PNG stays beside them
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.html", "numbers.csv", "curves.csv", *(f"{name}.{kind}" for name in ("curves", "map", "confusion")
        for kind in ("svg", "pdf")),
    }  # fmt: skip
    assert b"<svg" in before["curves.svg"][:1000]
    assert before["curves.pdf"].startswith(b"%PDF")
    report.write(*run, figures=("svg", "pdf"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert tuple(themes.KINDS) == FIGURE_KINDS  # what the command line offers
    with pytest.raises(UnknownName, match=r"No kind of figure is called 'spg'\. Did you mean '"):
        report.write(*run, figures=("spg",))


def test_numbers_csv_holds_what_the_table_shows(tmp_path: Path) -> None:
    run = made(tmp_path, Shape(seeds=range(5)))[0]
    found = standings(run.rows, run.manifest["dataset"]["counts"])
    rows = [row for row in csv.DictReader(tables.numbers_csv(run, found).splitlines()) if row["axis"] == "linear"]
    first = next(row for row in rows if row["strategy"] == "margin" and row["verdict"])
    assert float(first["aubc"]) == found[1].aubc
    assert (first["labels_to_70"], first["labels_to_90"]) == ("", "")  # no score is above .6
    assert float(first["detectable_difference"]) == (found[1].judgement and found[1].judgement.detectable)


def test_labels_to_reach_stand_in_the_table(tmp_path: Path, sketchy: None) -> None:
    run, dataset, features = made(tmp_path, Shape(rounds=1))
    for row in run.rows:
        row["accuracy"] = 0.65 if row["round"] == 0 else 0.85  # .7 after 6 labels and a quarter of 2 more
    row = tables.table_rows(run, standings(run.rows, [20, 20, 20]))[0]
    assert row.labels == ["6", "8", "–"]
    text = shown(run, dataset, features).text
    assert "AUBC, %" in text
    assert "Labels to reach" in text


def test_the_lead_sets_beside_random_only_who_ends_ahead(tmp_path: Path) -> None:
    run = made(tmp_path, Shape(seeds=range(10), rounds=2))[0]
    for row in run.rows:
        better = row["strategy"] == "margin" and row["round"] < 2
        row["accuracy"] = 0.5 + 0.01 * row["seed"] + 0.1 * better  # far ahead on the way, and level at the end
    found = standings(run.rows, [20, 20, 20])
    assert found[1].side == 1
    assert lead(run, found).startswith("Accuracy with the whole budget: random 54.5 %. 10 labels")
    for row in run.rows:
        row["accuracy"] += 0.05 * (row["strategy"] == "margin" and row["round"] == 2)
    assert "random 54.5 %, margin 59.5 %." in lead(run, standings(run.rows, [20, 20, 20]))


def test_mended_ids_are_told(tmp_path: Path, sketchy: None) -> None:
    run, dataset, features = made(tmp_path, Shape(rounds=1))
    run.rows[-1]["mended"] = 4
    assert "margin returned 4 ids that had to be mended" in shown(run, dataset, features).text


def test_a_full_disk_is_one_sentence(tmp_path: Path, sketchy: None) -> None:
    with pytest.raises(CannotWrite, match="cannot be written to"):
        report.write(*made(tmp_path / "gone", Shape(rounds=1)))


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, sketchy: None) -> None:
    """A limit on file sizes stands for the full disk."""
    run = made(tmp_path, Shape(pictures=True, rounds=1))
    before = report.write(*run).read_bytes()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, old[1]))
    try:
        with pytest.raises(CannotWrite, match="is full"):
            report.write(*run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert (tmp_path / "report.html").read_bytes() == before


def test_curves_csv_holds_every_seed_as_fractions(tmp_path: Path) -> None:
    run = made(tmp_path, Shape())[0]
    found = list(csv.DictReader(tables.curves_csv(run.rows).splitlines()))
    assert list(found[0])[:5] == ["dataset", "strategy", "seed", "labelled", "accuracy"]
    assert [float(row["accuracy"]) for row in found] == [row["accuracy"] for row in run.rows]
    empty = made(tmp_path, Shape(measured=False))[0]
    assert next(csv.DictReader(tables.curves_csv(empty.rows).splitlines()))["f1_macro"] == ""


def test_the_gallery_shows_the_first_batch_of_the_first_seed(tmp_path: Path) -> None:
    run, dataset, _ = made(tmp_path, Shape(pictures=True, seeds=(5, 6)))
    shelves = gallery.gallery(run, dataset)
    assert [shelf.strategy for shelf in shelves] == ["random", "margin"]
    expected = [dataset.classes[dataset.y[i]] for i in run.picks[0]["ids"]]
    assert [one.word for one in shelves[0].thumbnails] == expected


def test_a_table_has_no_gallery(tmp_path: Path) -> None:
    assert gallery.gallery(*made(tmp_path, Shape())[:2]) == []


def test_a_map_keeps_what_was_asked_and_no_test_sample(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(maps, "MOST_TSNE", 30)
    scenes, everything = maps.scenes(made(tmp_path, Shape(n=200))[0])
    asked = np.unique(np.concatenate([scene.asked for scene in scenes]))
    ids, _, _ = maps.choose_points(everything, asked, 0)
    assert len(ids) == len(set(ids)) == 30
    assert set(asked) <= set(ids)
    assert ids.min() >= 12


def test_scenes_are_first_middle_and_last(tmp_path: Path) -> None:
    scenes, _ = maps.scenes(made(tmp_path, Shape(rounds=7, strategies=("margin",)))[0])
    assert [scene.round for scene in scenes] == [0, 3, 6]
    assert [len(scene.labelled) for scene in scenes] == [6, 12, 18]


def test_a_map_does_not_change_from_call_to_call() -> None:
    X = np.random.default_rng(0).normal(size=(120, 60))
    first, second = (maps.project(X, np.arange(120), 7, umap=False) for _ in range(2))
    assert first.method == "t-SNE"
    np.testing.assert_array_equal(first.places, second.places)


def test_umap_draws_the_map_where_it_is_installed() -> None:
    pytest.importorskip("umap", reason="umap-learn is not installed")
    code = (
        "import numpy as np; from nextlabel import projection; from nextlabel.report.drawing import maps\n"
        "X = np.random.default_rng(0).normal(size=(20, 6)); assert projection.find_umap() is not None\n"
        "one, two = (maps.project(X, np.arange(20), 7, umap=True) for _ in range(2))\n"
        "assert one.method == 'UMAP' and (one.places == two.places).all()"
    )
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}  # for 20 points, compiling takes four times as long as not to
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=plain)


ODD = {
    "all alike": np.full((20, 4), 0.1),
    "one column": np.arange(20.0)[:, None],
    "few": np.random.default_rng(0).normal(size=(maps.FEWEST_POINTS, 4)),
    "huge": np.random.default_rng(0).normal(size=(20, 60)) * 1e30,
}


@pytest.mark.parametrize("features", ODD.values(), ids=ODD)
def test_odd_features_have_a_map(features: Any) -> None:
    assert np.isfinite(maps.project(features, np.arange(len(features)), 0, umap=False).places).all()


@given(some.lists(some.floats(0, 1), min_size=1, max_size=9).map(sorted))
def test_labels_at_line_ends_never_overlap(places: list[float]) -> None:
    moved = curves.place_apart(places, 0.1)
    assert all(after - before >= 0.1 - 1e-9 for before, after in itertools.pairwise(moved))
    assert min(moved) >= -1e-9
    assert max(moved) <= 1 + 1e-9


def bands(heights: dict[str, float]) -> dict[str, Band]:
    """Flat mean curves of ten seeds that end at these heights."""
    x = np.array([10.0, 20.0])
    return {
        name: Band(x, np.full(2, at), np.full(2, at - 0.01), np.full(2, at + 0.01), 10) for name, at in heights.items()
    }


def test_leader_lines_end_at_the_left_edge_of_their_own_name() -> None:
    panel = curves.Panel("", bands({"margin": 0.52, "least_confident": 0.521, "random": 0.522}), {}, False)
    figure = curves._draw_curves([[panel]], list(panel.bands), themes.WIDE, themes.LIGHT)
    FigureCanvasAgg(figure).draw()
    for text in figure.axes[0].texts:
        box, (x, y) = (
            Text.get_window_extent(text),
            text.arrow_patch.get_path().vertices[0],
        )  # its own also holds the line
        assert x == pytest.approx(box.x0, abs=10)
        assert y == pytest.approx((box.y0 + box.y1) / 2, abs=3)
        assert themes.contrast(str(text.get_color()), "#ffffff") >= 4.5


def test_names_stand_beside_their_lines_and_within_the_figure() -> None:
    panel = curves.Panel("", bands({"least_confident": 0.5, "a" * curves.LETTERS: 0.4}), {}, False)
    figure = curves._draw_curves([[panel]], list(panel.bands), themes.WIDE, themes.LIGHT)  # one metric: wide axes
    FigureCanvasAgg(figure).draw()
    assert all(Text.get_window_extent(text).x1 < figure.bbox.width for text in figure.axes[0].texts)


def test_a_phones_legend_stays_within_the_figure_and_tells_long_names_apart() -> None:
    names = ["random", *(f"skactiveml:SubSamplingWrapper(query_strategy='Clue{k}')" for k in range(3))]
    panel = curves.Panel("", bands({name: 0.1 * k for k, name in enumerate(names)}), {}, False)
    figure = curves._draw_curves([[panel]], names, themes.NARROW, themes.LIGHT)
    FigureCanvasAgg(figure).draw()
    words = figure.legends[0].get_texts()
    assert len({text.get_text() for text in words}) == len(names)
    assert all(Text.get_window_extent(text).x1 < figure.bbox.width for text in words)


@pytest.mark.parametrize("width", [themes.WIDE, themes.NARROW])
def test_few_colours_keep_every_strategy_apart(width: float) -> None:
    names = [f"s{k}" for k in range(6)]
    panel = curves.Panel("", bands({name: 0.1 * k for k, name in enumerate(names)}), {}, False)
    draw = partial(curves._draw_curves, [[panel]], names, width)
    with Image.open(io.BytesIO(themes._print(draw, themes.COLOURS[width]).light)) as picture:
        there = np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0).astype(int)
    for look in themes.choose_looks(names, themes.LIGHT).values():
        wanted = [int(look.colour[k : k + 2], 16) for k in (1, 3, 5)]
        assert np.abs(there - wanted).max(axis=1).min() < 12


@pytest.mark.parametrize(("seeds", "lines"), [(1, 0), (2, 2), (4, 4), (5, 0)])
def test_few_seeds_are_drawn_one_by_one_in_place_of_a_band(seeds: int, lines: int) -> None:
    found = {"random": {k: Curve(np.array([1.0, 2.0]), np.array([0.4, 0.5 + k / 50])) for k in range(seeds)}}
    panel = curves._panel("", found, False)
    axes = curves._draw_curves([[panel]], ["random"], themes.WIDE, themes.LIGHT).axes[0]
    assert len(axes.lines) == 1 + lines
    assert len(axes.collections) == (seeds >= curves.FEW_SEEDS)
    assert ("thin lines" in curves.curves_caption(seeds, None)) == bool(lines)


def test_strategies_look_different_and_random_always_the_same() -> None:
    names = [f"s{k}" for k in range(20)]
    for theme in (themes.LIGHT, themes.DARK):
        found = themes.choose_looks([*names, "random"], theme)
        assert len({(look.colour, str(look.dash)) for look in found.values()}) == 21
        assert found["random"] == themes.choose_looks(["random"], theme)["random"]


@pytest.mark.parametrize("theme", [themes.LIGHT, themes.DARK], ids=lambda theme: theme.name)
def test_lines_and_words_stand_out_from_the_paper(theme: themes.Theme) -> None:
    contrast = themes.contrast
    assert all(contrast(colour, theme.paper) >= 3 for colour in theme.palette)
    assert min(contrast(theme.ink, theme.soft), contrast(theme.muted, theme.paper)) >= 4.5
    assert all(contrast(themes.letter_colour(colour, theme), theme.paper) >= 4.5 for colour in theme.palette)


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#767676", "#ffffff", 4.54), ("#d55e00", "#ffffff", 3.87)]
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert themes.contrast(one, other) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize(
    ("val", "words"),
    [
        ((5, 5), "cnn"),
        ((0, 0), "cnn; without validation labels, its last epoch was kept, not its best one"),
        ((5, 0), "cnn; without validation labels under 1 seed (1), its last epoch was kept, not its best one"),
    ],
)
def test_a_network_that_nobody_watched_is_told(val, words):
    by_seed = {str(seed): {"val": count} for seed, count in enumerate(val)}
    told = {"model": "cnn", "embedder": {"name": "own", "map": {}}, "seeds": by_seed, "sizes_by_seed": by_seed}
    assert model_words(told) == words
