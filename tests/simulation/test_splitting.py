"""Splits that folders show, from the pictures on the disk to what is told."""

import json

import pytest
from painted import folder_of, noise

from nextlabel import Experiment, Plan, load_dataset
from nextlabel.errors import BadSplit, Mistake, NextlabelError
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


@pytest.fixture
def untidy(tmp_path):
    """A folder whose test pictures have no classes, and with a picture beside the classes of its training folder."""
    for name, counts in (("train", COUNTS), ("val", {"ape": 2, "bee": 2})):
        folder_of(tmp_path / "d" / name, counts)
    for i, path in enumerate(("test/1.png", "test/2.png", "train/own.png")):
        noise(tmp_path / "d" / path, seed=9000 + i)
    return tmp_path / "d"


def test_what_has_no_class_beside_a_split_is_told_and_takes_no_part(untidy):
    parts = read_parts(experiment(untidy))
    assert {parts.dataset.paths[i].partition("/")[0] for i in parts.splits[0].test} == {"val"}
    assert len(parts.splits[0].start) + len(parts.splits[0].pool) == sum(COUNTS.values())
    assert parts.dataset.warnings[1:3] == (
        "1 picture lies in 'train' itself, in no class: it is unlabelled, and is left out of the simulation, e.g. "
        "'train/own.png'.",
        "2 pictures lie in 'test', in no class: they are unlabelled, and are left out of the simulation, e.g. "
        "'test/1.png'.",
    )


def test_strays_on_several_sides_are_one_sentence(untidy):
    noise(untidy / "val" / "own.png", seed=9009)
    assert (
        "2 pictures lie in 'train' and 'val' themselves, in no class: they are unlabelled, e.g. 'train/own.png'."
        in load_dataset(untidy).warnings
    )


def test_answers_put_unlabelled_pictures_on_the_side_of_their_folder(untidy, tmp_path):
    paths = [path.relative_to(untidy).as_posix() for path in sorted(untidy.rglob("*.png"))]
    rows = [f"{path},{'ape' if 'ape' in path or path == 'test/1.png' else 'bee'}\n" for path in paths]
    (tmp_path / "answers.csv").write_text("path,label\n" + "".join(rows))
    found = load_dataset(untidy, labels=tmp_path / "answers.csv")
    assert not any("unlabelled" in told for told in found.warnings)
    parts = read_parts(experiment(untidy, labels=str(tmp_path / "answers.csv")))
    assert {found.paths[i] for i in parts.splits[0].test} == {"test/1.png", "test/2.png"}


def test_a_test_folder_without_labels_is_no_test_set(tmp_path):
    folder_of(tmp_path / "train", COUNTS)
    noise(tmp_path / "test" / "1.png", seed=9000)
    assert len({tuple(found.test) for found in read_parts(experiment(tmp_path)).splits.values()}) == 2
    with pytest.raises(BadSplit, match=r"Nothing in the test folder of .* has a label"):
        read_parts(experiment(tmp_path, split="folders"))


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


def say_groups(parts):
    return [told for told in parts.dataset.warnings if "group" in told]


def test_what_is_said_of_groups_is_true_of_the_split(folders, tmp_path):
    (drawn,) = say_groups(read_parts(experiment(folders, split="random", groups="00[0-9]")))
    assert drawn == (
        "There are 6 groups, the largest of 6 samples. Each is on one side of every split, so shares are as near as "
        "groups allow."
    )
    (torn,) = say_groups(read_parts(experiment(folders, groups="00[0-9]")))
    assert torn == (
        "There are 6 groups, the largest of 6 samples. 3 of them lie on both sides of the folders' split, which was "
        "made without them, so scores may be too good. --split random draws one for each seed that keeps groups "
        "together."
    )
    (whole,) = say_groups(read_parts(experiment(folders, groups="^[a-z]*/[a-z]*")))
    assert whole == "There are 6 groups, the largest of 6 samples. Each is on one side of every split."
    splits = [{"test": ["test/ape/000.png", "test/bee/000.png"], "start": ["val/ape/000.png", "val/bee/000.png"]}]
    (tmp_path / "s.json").write_text(json.dumps(splits * 2))
    (by_file,) = say_groups(read_parts(experiment(folders, split=str(tmp_path / "s.json"), groups="00[0-9]")))
    assert "1 of them lies on both sides of the split of seed 0, which was made without them" in by_file


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
