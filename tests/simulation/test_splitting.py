"""Splits that folders show, from the pictures on the disk to what is told."""

import json

import pytest
from painted import folder_of

from nextlabel import Experiment, Plan
from nextlabel.errors import Mistake, NextlabelError
from nextlabel.simulation.parts import read_parts

COUNTS = {"ape": 6, "bee": 6}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("split")
    for name, counts in (("train", COUNTS), ("val", {"ape": 2, "bee": 2}), ("test", {"ape": 3, "bee": 3})):
        folder_of(root / name, counts)
    return root


def experiment(folders, **more):
    return Experiment(str(folders), ("random",), seeds=(0, 1), plan=Plan(batch=1, rounds=1), start="1/class", **more)


def test_the_test_folder_is_the_test_set_of_every_seed(folders):
    parts = read_parts(experiment(folders))
    for found in parts.splits.values():
        assert {parts.dataset.paths[i].partition("/")[0] for i in found.test} == {"test"}
        assert len(found.test) == 6
    assert any("The test set of every seed is the test folder" in told for told in parts.dataset.warnings)
    assert any("its validation folder belongs to the pool" in told for told in parts.dataset.warnings)


def test_the_validation_folder_validates_where_somebody_asks(folders):
    parts = read_parts(experiment(folders, val="0.1"))
    assert {parts.dataset.paths[i].partition("/")[0] for i in parts.splits[0].val} == {"val"}


def test_a_split_may_be_drawn_instead(folders):
    parts = read_parts(experiment(folders, split="random"))
    assert len({tuple(found.test) for found in parts.splits.values()}) == 2


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"start": "9/class"}, "has 4 samples, but test, validation and start need 10"),
        ({"test": "40"}, "Ask for less"),
        ({"groups": "^[a-z]*"}, "Of 3 groups, none can be set apart without taking a whole class with it"),
        ({"plan": Plan(batch=90)}, "The first batch asks for 90 samples, but the pool holds"),
    ],
)
def test_what_no_split_can_give_is_told_before_pictures_are_embedded(fruits, own_cache, more, why):
    with pytest.raises(Mistake, match=why):
        read_parts(
            Experiment(str(fruits), ("random",), embedder="pixels", **({"start": "1/class", "test": "1/class"} | more))
        )
    assert not list(own_cache.glob("features-*"))


def test_a_class_of_broken_pictures_is_no_mistake(fruits, own_cache):
    (fruits / "junk").mkdir()
    (fruits / "junk" / "cut.png").write_bytes(b"nothing")
    parts = read_parts(
        Experiment(str(fruits), ("random",), embedder="pixels", start="1/class", test="1/class", plan=Plan(batch=1))
    )
    assert parts.dataset.classes == ("apple", "pear", "quince")


def test_groups_are_named_once(folders):
    with pytest.raises(Mistake, match="Use one of them"):
        read_parts(experiment(folders, groups="a", group_column="b"))


def test_groups_of_a_path_stay_on_one_side_and_are_told(folders):
    parts = read_parts(experiment(folders, split="random", groups="00[0-9]"))
    for found in parts.splits.values():
        test = {parts.dataset.paths[i][-7:] for i in found.test}
        assert not test & {parts.dataset.paths[i][-7:] for i in (*found.start, *found.pool)}


def test_small_classes_are_left_out(folders):
    folder_of(folders / "train", {"cat": 1})
    folder_of(folders / "test", {"cat": 1})
    parts = read_parts(experiment(folders, split="random", min_class=3))
    assert parts.dataset.classes == ("ape", "bee")


@pytest.mark.parametrize(
    ("split", "embedded", "read"),
    [
        (None, False, False),
        ("{", False, False),
        ({"test": [0], "start": [1]}, False, False),
        ([{"test": [0]}, {"test": [0], "start": [1]}], False, False),
        ([{"test": ["ape/77.png"], "start": [1]}] * 2, False, True),
        ([{"test": [0], "start": [1]}] * 2, True, True),
    ],
    ids=["absent", "no JSON", "one seed", "no start", "no such picture", "right"],
)
def test_a_split_file_is_looked_at_before_the_long_work(split, embedded, read, folders, own_cache, tmp_path):
    if split is not None:
        (tmp_path / "s.json").write_text(split if isinstance(split, str) else json.dumps(split))
    try:
        read_parts(experiment(folders, split=str(tmp_path / "s.json"), embedder="pixels"))
    except NextlabelError:
        assert not embedded
    assert bool(list(own_cache.glob("features-*"))) is embedded
    assert bool(list(own_cache.glob("scan-*"))) is read
