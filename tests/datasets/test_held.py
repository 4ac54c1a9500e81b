"""Data that are held in Python are the same dataset in whatever holds them, and a pair (X, y) is what its file is."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch

from nextlabel import Crew, Experiment, Plan, compare, evaluate, load_dataset, predict, record, simulate, train
from nextlabel.errors import BadArray, BadData, Mistake
from nextlabel.knobs.columns import Columns

KNOBS = {"strategies": "random,margin", "seeds": 2, "plan": Plan(batch=4, rounds=2)}
rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3)).astype(np.float32)
y = (X[:, 0] + rng.normal(size=120) > 0).astype(int)
y[:10] = -1
WRITTEN = [None if code < 0 else code for code in y.tolist()]
NAMED = [None if code < 0 else ["no", "yes"][code] for code in y.tolist()]

HELD = {
    "arrays": (X, y),
    "decimals": (X.astype(float), np.where(y < 0, np.nan, y)),
    "lists": (X.tolist(), WRITTEN),
    "tensors": (torch.tensor(X, requires_grad=True), torch.tensor(y)),
    "pandas": (pd.DataFrame(X), pd.Series(WRITTEN, dtype="Int64")),
    "polars": (pl.DataFrame(X), pl.Series(WRITTEN)),
    "sparse": (scipy.sparse.csr_array(X), y[:, None]),
    "masked": (X, np.ma.array(y, mask=y < 0)),
}


@pytest.mark.parametrize("how", HELD)
def test_a_pair_is_the_same_dataset_in_every_container(how):
    found = load_dataset(HELD[how])
    assert (found.classes, found.y.tolist()) == (("0", "1"), y.tolist())
    assert np.array_equal(found.table, X)
    assert found.fingerprint == load_dataset((X, y)).fingerprint


def test_arrays_give_the_rows_of_their_file(tmp_path):
    np.savez(tmp_path / "d.npz", X=X, y=np.array([word or "" for word in NAMED]))
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(kind=NAMED)
    few = {**KNOBS, "seeds": 1, "plan": Plan(batch=4, rounds=1)}
    expected = simulate(Experiment(tmp_path / "d.npz", name="d", **few))
    assert simulate(Experiment((X, NAMED), name="d", **few)) == expected
    assert simulate(Experiment(load_dataset((X, NAMED), name="d"), **few)) == expected
    assert simulate(Experiment(frame, name="d", label_column="kind", **few)) == expected


def test_arrays_are_recorded_resumed_and_compared(tmp_path):
    experiment = Experiment((X, y), **KNOBS)
    recorded = record(experiment, tmp_path / "run", Crew(jobs=1))
    assert list(recorded.run.rows) == simulate(experiment)
    assert pickle.loads(pickle.dumps(recorded.parts)).experiment.dataset == "the arrays"  # they travel in the dataset
    assert recorded.run.manifest["experiment"]["dataset"] == recorded.run.rows[0]["dataset"] == "the arrays"
    longer = record(Experiment((X, y), **{**KNOBS, "seeds": 5}), tmp_path / "run", Crew(jobs=1), resume=True)
    assert len(longer.run.rows) == 2 * 5 * 3
    assert [found["dataset"] for found in compare(tmp_path / "run")] == ["the arrays"]
    with pytest.raises(Mistake, match="another experiment"):
        record(Experiment((X[::-1], y), **KNOBS), tmp_path / "run", resume=True)


def test_pictures_and_texts_are_pairs_too():
    pictures = rng.integers(0, 256, (5, 6, 6, 3), dtype=np.uint8)
    found = load_dataset((torch.tensor(pictures), [2, 10, None, 2, 10]))
    assert (found.kind, found.classes, found.y.tolist()) == ("pictures", ("2", "10"), [0, 1, -1, 0, 1])
    assert np.array_equal(found.pictures.squares(6), pictures)
    found = load_dataset((pd.Series(["a reef", None, "a river"]), ["sea", "", "land"]))
    assert (found.kind, list(map(found.texts.__getitem__, range(3)))) == ("texts", ["a reef", "", "a river"])
    assert (found.classes, found.y.tolist()) == (("land", "sea"), [1, -1, 0])


def test_the_frame_of_a_pair_is_encoded_as_a_table_is():
    frame = pd.DataFrame({"size": [1.5, None, 2, 3], "colour": ["red", "blue", "red", "blue"], "who": list("aabb")})
    found = load_dataset((frame, [0, 1, 1, -1]), table=Columns(drop="who"))
    assert np.array_equal(found.table, [[1.5, 1, 0], [np.nan, 0, 1], [2, 1, 0], [3, 0, 0]], equal_nan=True)
    assert any("lacks 1 value" in note for note in found.warnings)


def test_minus_one_beside_one_alone_is_a_class_where_two_are_needed():
    found = load_dataset((X, np.sign(X[:, 0]).astype(int)))
    assert (found.classes, found.warnings) == (
        ("-1", "1"),
        ("The labels are -1 and 1, which were taken for two classes.",),
    )
    with pytest.raises(BadArray, match="or is -1 a missing label"):
        load_dataset((X, np.sign(X[:, 0]).astype(int)), unlabelled=True)
    assert load_dataset((X, None), unlabelled=True).classes == ()


def test_what_learned_from_arrays_predicts_and_judges_arrays():
    model = train(load_dataset((X, NAMED)))
    assert [one.label for one in predict(model, X[:20])] == [one.label for one in predict(model, torch.tensor(X[:20]))]
    assert evaluate(model, (X + np.float32(0.01), NAMED)).accuracy.value > 0.7
    with pytest.raises(BadData, match="has learned from all 110 labelled rows of"):
        evaluate(model, (X, NAMED))
    with pytest.raises(BadData, match="has 2 features, and the model learned from 3"):
        predict(model, X[:, :2])


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (X, r"source is array.* must be a name, a path, a frame, a Dataset, or a pair \(X, y\)"),
        ((X, y, X), r"must be a name, a path, a frame, a Dataset, or a pair \(X, y\)"),
        ((X[:5], y), "There are 5 samples and 120 labels"),
        ((X[:, 0], y), r"The features are float32 of the shape \(120,\)"),
        ((X, X), r"The labels of 'the arrays' are float32 of the shape \(120, 3\).*multi-label data"),
        ((X, np.where(y, np.inf, 0.0)), "The label of sample .* is inf"),
        ((X, None), "No row of 'the arrays' has a label"),
    ],
)
def test_what_is_no_pair_is_told(held, said):
    with pytest.raises((Mistake, BadData), match=said):
        load_dataset(held)


def test_only_frames_have_columns():
    with pytest.raises(Mistake, match="which only a frame has"):
        load_dataset((X, y), label_column="label")
    frame = pd.DataFrame(X).assign(patient=np.arange(120) // 4)
    with pytest.raises(Mistake, match="which only a frame has"):
        simulate(Experiment((X, y), group_column="patient", **KNOBS))
    assert len(simulate(Experiment((frame, y), group_column="patient", **KNOBS))) == 12


def test_a_frame_takes_its_labels_from_a_file_where_one_is_named(tmp_path):
    (tmp_path / "answers.csv").write_text("id,label\n0,a\n1,b\n2,a\n")
    found = load_dataset(pd.DataFrame({"x": [1.0, 2, 3, 5], "label": list("cdcd")}), labels=tmp_path / "answers.csv")
    assert (found.classes, found.y.tolist()) == (("a", "b"), [0, 1, 0, -1])
