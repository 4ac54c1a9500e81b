"""A group stays on one side of every split, whatever the groups; and shares are as near as they allow."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.cuts import Sizes, cut, leave_out_small
from nextlabel.datasets.feature_folder import FeatureFolder, write_features
from nextlabel.datasets.groups import draw_groups, group_by_path, torn_groups
from nextlabel.errors import BadData, BadSplit, Mistake
from nextlabel.experiment import Experiment
from nextlabel.plan import Amount
from nextlabel.simulation.parts import read_parts

SIZES = Sizes(*map(Amount.read, ("0.2", "0.1", "1/class")))


def made(y, groups=None, sides=None):
    y = np.array(y)
    names = tuple(f"c{code}" for code in range(y.max() + 1))
    sides = None if sides is None else np.array(sides)
    return Dataset("made", y, names, "f", table=np.zeros((len(y), 1), np.float32), groups=groups, sides=sides)


@given(st.integers(0, 2**20), st.integers(12, 60), st.integers(1, 3))
@settings(max_examples=40)
def test_no_group_is_torn(seed, count, classes):
    rng = np.random.default_rng(seed)
    groups = rng.integers(-1, count, 5 * count)
    data = made(np.concatenate([np.arange(classes), rng.integers(-1, classes, 5 * count - classes)]), groups)
    try:
        parts = cut(data, SIZES, seed, folders=False)
    except BadSplit:  # a class that lies in one group
        return
    sides = [set(groups[ids]) - {-1} for ids in (parts.test, parts.val, np.concatenate([parts.start, parts.pool]))]
    assert sum(map(len, sides)) == len(set().union(*sides))
    everybody = np.sort(np.concatenate([parts.test, parts.val, parts.start, parts.pool]))
    assert np.array_equal(everybody, np.flatnonzero(data.y >= 0))
    assert set(data.y[parts.start]) == set(data.y[data.y >= 0])


def test_shares_are_near_and_seeds_differ():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [600, 300, 100])
    data = made(y, rng.integers(0, 120, 1000))
    tests = [cut(data, SIZES, seed, folders=False).test for seed in range(5)]
    for ids in tests:
        assert np.abs(np.bincount(y[ids]) - [120, 60, 20]).max() <= 8
    assert len({ids.tobytes() for ids in tests}) == 5
    assert np.array_equal(tests[0], cut(data, SIZES, 0, folders=False).test)


def slow_draw(y, groups, wanted, keep, rng):
    """As `draw_groups`, with everything counted anew for each group."""
    taken = []
    sizes = np.bincount(y, minlength=len(wanted))
    for group in rng.permutation(np.unique(groups)):
        before, after = (
            np.bincount(y[np.isin(groups, some)], minlength=len(wanted)) for some in (taken, [*taken, group])
        )
        nearer = (((after - wanted) ** 2 - (before - wanted) ** 2) / sizes).sum() < -1e-12
        if nearer and (sizes - after >= keep).all():
            taken.append(group)
    return np.flatnonzero(np.isin(groups, taken))


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_drawn_as_a_slow_version_draws_them(seed):
    rng = np.random.default_rng(seed)
    y, groups = np.concatenate([np.arange(4), rng.integers(0, 4, 196)]), rng.integers(0, 40, 200)
    asked = [10, 10, 12, 9], [2, 2, 2, 2]
    found = draw_groups(y, groups, *asked, np.random.default_rng(seed))
    assert np.array_equal(found, slow_draw(y, groups, *map(np.array, asked), np.random.default_rng(seed)))


def test_groups_that_leave_nothing_are_refused():
    with pytest.raises(BadSplit, match="none can be set apart without taking a whole class"):
        cut(made([0, 0, 0, 1, 1, 1], np.array([0, 0, 0, 1, 1, 1])), SIZES, 0, folders=False)


def test_a_path_names_its_group():
    data = replace(made([0, 1, 0, 1]), paths=("a/s1-1.png", "b/s1-2.png", "a/s2-1.png", "b/loose.png"))
    found = group_by_path(data, r"/(s\d+)-")
    assert found.groups.tolist() == [0, 0, 1, -1]
    assert found.warnings == ("--groups matches nothing in 1 path, e.g. 'b/loose.png'; each is a group of its own.",)
    assert group_by_path(data, r"^[ab]").groups.tolist() == [0, 1, 0, 1]
    with pytest.raises(Mistake, match=r"matches no path, such as 'a/s1-1\.png'"):
        group_by_path(data, "nothing")
    with pytest.raises(Mistake, match="has no paths for"):
        group_by_path(made([0, 1]), "x")


def test_folders_are_the_split():
    data = made([0, 1] * 10, sides=[0] * 12 + [1] * 4 + [2] * 4)
    with_val = cut(data, SIZES, 0, folders=True)
    assert (with_val.test.tolist(), with_val.val.tolist()) == ([16, 17, 18, 19], [12, 13, 14, 15])
    without = cut(data, replace(SIZES, val=Amount(0)), 0, folders=True)
    assert (len(without.val), len(without.start) + len(without.pool)) == (0, 16)
    no_test = cut(replace(data, sides=np.array([0] * 16 + [1] * 4)), replace(SIZES, val=Amount(0)), 3, folders=True)
    assert no_test.test.tolist() == [16, 17, 18, 19]
    with pytest.raises(BadSplit, match="shows no splits"):
        cut(made([0, 1]), SIZES, 0, folders=True)


def test_small_classes_are_left_out_and_told():
    found = leave_out_small(made([0] * 5 + [1] * 2 + [2] * 6 + [-1]), 5)
    assert (found.classes, found.y.tolist()) == (("c0", "c2"), [0] * 5 + [-1] * 2 + [1] * 6 + [-1])
    assert found.warnings == ("1 class of fewer than 5 samples is left out: 'c1' (2).",)
    assert leave_out_small(found, 5) is found
    with pytest.raises(BadSplit, match="would leave 1 class of 2"):
        leave_out_small(found, 6)


ROWS = [("x", 1.5, "p"), ("x", 2.25, "q"), ("", 3.0, "p"), ("y", 0.5, "q"), ("y", 9.0, "p")]


def write_table(path):
    """The rows above as a file of some kind; the group is text that looks like numbers in none of them."""
    if path.suffix == ".npz":
        patient, a, label = map(np.array, zip(*ROWS, strict=True))
        np.savez(path, X=a.astype(float)[:, None], y=label, patient=patient)
    elif path.suffix == ".parquet":
        pl.DataFrame(ROWS, schema=["patient", "a", "label"], orient="row").write_parquet(path)
    else:
        path.write_text("patient,a,label\n" + "".join(f"{one},{a},{label}\n" for one, a, label in ROWS))
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet", "npz"])
def test_a_column_of_a_table_names_groups_and_is_no_feature(tmp_path, ending):
    found = load(Request(str(write_table(tmp_path / f"t.{ending}")), group_column="patient"))
    assert found.groups.tolist() == [0, 0, -1, 1, 1]
    assert found.table.tolist() == [[1.5], [2.25], [3.0], [0.5], [9.0]]
    with pytest.raises(BadData, match="'patients'"):
        load(Request(str(tmp_path / f"t.{ending}"), group_column="patients"))


def test_groups_of_a_large_table_are_what_is_written(tmp_path):
    lines = [f"{i % 7:03},{i}.5,{i % 2},{'x' * 60}" for i in range(60_000)]  # large enough to be read by its types
    (tmp_path / "t.csv").write_text("patient,a,label,more\n" + "\n".join([*lines, "7,0.5,1,", "007,0.25,0,"]))
    found = load(Request(str(tmp_path / "t.csv"), group_column="patient"))
    assert found.groups[:8].tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert found.groups[-2:].tolist() == [8, 7]  # 7 and 007 are two


def test_a_column_of_a_feature_folder_names_groups_and_labels(tmp_path):
    keys = [f"{i:032x}" for i in range(5)]
    about = FeatureFolder("five", {"name": "pixels", "settings": {}, "version": 1}, keys, [], list("ababa"))
    write_features(tmp_path / "f", np.eye(5, 3, dtype=np.float32), about)
    table = pl.read_csv(tmp_path / "f" / "samples.csv", infer_schema=False)
    more = [pl.Series("patient", [one for one, _, _ in ROWS]), pl.Series("kind", ["m", "n", "", "n", "m"])]
    table.with_columns(more).write_csv(tmp_path / "f" / "samples.csv")
    found = load(Request(str(tmp_path / "f"), group_column="patient", label_column="kind"))
    assert found.groups.tolist() == [0, 0, -1, 1, 1]
    assert (found.classes, found.y.tolist()) == (("m", "n"), [0, 1, -1, 1, 0])
    with pytest.raises(BadData, match="Did you mean 'patient'"):
        load(Request(str(tmp_path / "f"), group_column="patients"))


def test_groups_of_a_table_stay_on_one_side(tmp_path):
    lines = [f"s{i // 5},{i * 37 % 101}.5,{'pq'[i // 5 % 2]}" for i in range(100)]
    (tmp_path / "t.csv").write_text("patient,a,label\n" + "\n".join(lines))
    parts = read_parts(Experiment(tmp_path / "t.csv", "random", seeds=2, group_column="patient", plan={"batch": 2}))
    for split in parts.splits.values():
        assert list(torn_groups(parts.dataset.groups, [split.test, np.concatenate([split.start, split.pool])])) == []
        assert len(split.test) == 20


def test_a_file_without_columns_has_no_groups(tmp_path):
    (tmp_path / "t.svm").write_text("1 1:2\n2 1:3\n")
    with pytest.raises(Mistake, match="has no columns to choose groups from"):
        load(Request(str(tmp_path / "t.svm"), group_column="patient"))
