"""How good a classifier is: on what it has not learned, with intervals that hold."""

import json
import re

import numpy as np
import polars as pl
import pytest
from flower_beds import plant
from hypothesis import given
from hypothesis import strategies as st
from painted import paint
from scipy.stats import binom

from nextlabel import evaluate, load_dataset, train
from nextlabel.errors import BadData, Mistake
from nextlabel.knobs.columns import Columns
from nextlabel.report import write_evaluation
from nextlabel.report.of_evaluation.page import notes
from nextlabel.statistics.intervals import clopper_pearson


@pytest.fixture(scope="module")
def beds(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("beds"), 12)


@pytest.fixture(scope="module")
def classifier(beds):
    return train(load_dataset(beds), {"embedder": "pixels"})


@given(st.integers(1, 300), st.data())
def test_the_interval_is_the_exact_one(total, data):
    """At each end, so many hits or more (or fewer) have a chance of 2.5 %."""
    hits = data.draw(st.integers(0, total))
    found = clopper_pearson(hits, total)
    assert found.low <= found.value <= found.high
    assert hits == 0 or binom.sf(hits - 1, total, found.low) == pytest.approx(0.025, abs=1e-6)
    assert hits == total or binom.cdf(hits, total, found.high) == pytest.approx(0.025, abs=1e-6)


def test_pictures_that_were_learned_are_left_out_by_content(classifier, beds, tmp_path):
    test = plant(tmp_path / "test", 5, seed=1)
    (test / "rose" / "by another name.png").write_bytes((beds / "rose" / "0-00.png").read_bytes())
    found = evaluate(classifier, test)
    assert (found.learned, found.accuracy.hits, found.accuracy.total) == (1, 10, 10)
    assert round(found.accuracy.low, 3) == 0.692


def test_a_test_set_that_was_learned_is_refused(classifier, beds):
    with pytest.raises(BadData, match="has learned from all 24 labelled pictures"):
        evaluate(classifier, beds)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_that_were_learned_are_left_out_by_their_values(tmp_path, suffix):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "size": [None if i == 33 else round(rng.normal(3 * (i % 2)), 3) for i in range(60)],
            "kind": ["xyz"[i % 3] for i in range(60)],
            "label": ["ab"[i % 2] for i in range(60)],
        }
    )
    frame[:40].write_csv(tmp_path / "known.csv")
    # In another order, of columns too, and in another format.
    test = frame[30:].reverse().select("label", "kind", "size")
    test.write_csv(tmp_path / "test.csv")
    test.write_parquet(tmp_path / "test.parquet")
    made = train(load_dataset(tmp_path / "known.csv"))
    found = evaluate(made, tmp_path / f"test{suffix}")
    assert (found.learned, len(found.y), found.alike) == (10, 20, 0)
    assert found.ids.tolist() == list(range(20))
    assert notes(found) == ["10 rows had been learned by the model, and were left out."]


def test_rows_that_are_alike_by_chance_count_and_are_told(tmp_path):
    """A table of few columns: that a row was there before does not make it the same one."""
    rows = [f"{i % 3},{'ab'[i % 2]}" for i in range(60)]
    for name, some in (("known", rows[:50]), ("test", rows[50:])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["size,label", *some]))
    found = evaluate(train(load_dataset(tmp_path / "known.csv")), tmp_path / "test.csv")
    assert (found.learned, found.alike, len(found.y)) == (0, 10, 10)
    assert notes(found)[0].startswith("10 rows of 10 could be ones that the model has learned: they have the same")


def test_texts_that_were_learned_are_left_out(tmp_path):
    lines = [f"{word} number {i},{label}" for i in range(9) for word, label in (("reef", "sea"), ("tax", "money"))]
    for name, some in (("known", lines[:12]), ("test", lines[10:])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["body,label", *some]))
    page = Columns(text_column="body")
    made = train(load_dataset(tmp_path / "known.csv", table=page), {"embedder": "tfidf"})
    found = evaluate(made, load_dataset(tmp_path / "test.csv", table=page))
    assert (found.learned, found.accuracy.hits, found.accuracy.total) == (2, 6, 6)
    assert notes(found) == ["2 texts had been learned by the model, and were left out."]


def test_classes_that_it_does_not_know_count_as_wrong(classifier, tmp_path):
    found = evaluate(classifier, plant(tmp_path / "test", 4, ("rose", "iris", "fern"), seed=1))
    assert (found.strange, found.accuracy.hits, found.accuracy.total) == ({"fern": 4}, 8, 12)
    assert found.confusions.sum(axis=1).tolist() == [4, 4, 4]
    assert [one.recall.value for one in found.by_class()] == [1, 1, 0]


def test_a_label_that_is_wrong_is_the_surest_mistake(classifier, tmp_path):
    test = plant(tmp_path / "test", 6, seed=1)
    (test / "rose" / "0-wrong.png").write_bytes((test / "iris" / "1-00.png").read_bytes())
    found = evaluate(classifier, test)
    (row,) = found.surest_mistakes(3)
    assert found.dataset.paths[found.ids[row]] == "rose/0-wrong.png"


def test_the_calibration_curve_holds_every_sample_once(classifier, tmp_path):
    found = evaluate(classifier, plant(tmp_path / "test", 25, seed=1))
    bins = found.calibration_curve()
    assert sum(one.right.total for one in bins) == 50
    assert [one.confidence for one in bins] == sorted(one.confidence for one in bins)


def test_the_page_is_whole_and_names_no_folder(classifier, tmp_path):
    test = plant(tmp_path / "test", 6, seed=1)
    (test / "rose" / "0-wrong.png").write_bytes((test / "iris" / "1-00.png").read_bytes())
    (test / "rose" / "broken.png").write_bytes(b"nothing")
    html = write_evaluation(evaluate(classifier, test), tmp_path / "e.html").read_text()
    assert "Right on 92.3 %" in html
    assert str(tmp_path) not in html
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "labelled rose<br>taken for <strong>iris</strong>" in html
    assert "not calibrated, so its numbers are scores" in html


def test_figures_are_json(classifier, tmp_path):
    found = evaluate(classifier, plant(tmp_path / "test", 4, seed=1)).plain()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["accuracy"] == 1
    assert found["confidence"] == "score"


def test_a_table_is_judged_as_it_was_learned(tmp_path):
    rng = np.random.default_rng(0)

    def write(name, n):
        y = np.arange(n) % 2
        rows = [f"{a:.3f},{'xyz'[i % 3]},{'ab'[k]}" for i, (a, k) in enumerate(zip(rng.normal(3 * y), y, strict=True))]
        (tmp_path / name).write_text("\n".join(["size,kind,label", *rows]))
        return tmp_path / name

    made = train(load_dataset(write("known.csv", 60)))
    test = write("test.csv", 8)  # too few rows to be encoded by itself as the others were
    assert evaluate(made, test).accuracy.total == 8
    with pytest.raises(Mistake, match="wants the table itself"):
        evaluate(made, load_dataset(write("other.csv", 2)))
    with pytest.raises(Mistake, match="trained on a table, and these are pictures"):
        evaluate(made, plant(tmp_path / "beds", 2))


def test_a_table_whose_column_names_pictures_is_judged_as_a_table(tmp_path):
    for i in range(40):
        paint(tmp_path / f"{i}.png")
    rows = [f"{i}.png,{i * i % 17},{'ab'[i % 2]}\n" for i in range(40)]
    for name, some in (("known.csv", rows[:30]), ("test.csv", rows[30:])):
        (tmp_path / name).write_text("scan,size,label\n" + "".join(some))
    assert load_dataset(tmp_path / "test.csv").kind == "pictures"
    made = train(load_dataset(tmp_path / "known.csv", table={"drop": "scan"}))
    assert evaluate(made, tmp_path / "test.csv").accuracy.total > 0
