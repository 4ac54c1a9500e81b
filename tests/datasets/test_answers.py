"""Answers in files: every form in which people and Label Studio write them, and what becomes of them beside data."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from painted import folder_of, noise

from nextlabel.datasets import load_dataset
from nextlabel.datasets.answers import Samples, join_answers, read_all_answers, read_answers
from nextlabel.datasets.base import Dataset
from nextlabel.errors import BadData, Mistake


def named(*paths):
    table = np.zeros((len(paths), 1), np.float32)
    return Dataset("toy", np.full(len(paths), -1), (), "0", table=table, paths=paths)


def labels_of(dataset):
    return [None if code < 0 else dataset.classes[code] for code in dataset.y]


def task(data, *choices, **more):
    results = [{"value": {"choices": [choice]}, "type": "choices"} for choice in choices]
    return {"id": 900, "data": data, "annotations": [{"result": [one], **more} for one in results]}


def said(tmp_path, name, text):
    file = tmp_path / name
    file.write_bytes(text.encode())
    return [(one.sample, one.label) for one in read_answers(file)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "path,label\na.jpg,cat\nb.jpg,\n"),
        ("a.csv", "\ufeffPath ; Label\r\na.jpg; cat \r\nb.jpg;\r\n"),
        ("a.tsv", "label\tfile_name\ncat\ta.jpg\n\tb.jpg\n"),
        ("a.csv", 'rank,id,path,score,label\n1,7,a.jpg,0.5,cat\n2,8,b.jpg,0.25,\n'),
        ("a.jsonl", '{"path": "a.jpg", "label": "cat"}\n{"path": "b.jpg", "label": null}\n'),
        ("a.json", json.dumps([{"path": "a.jpg", "label": "cat"}, {"path": "b.jpg", "label": ""}])),
        ("a.json", json.dumps([task({"image": "a.jpg"}, "cat"), task({"image": "b.jpg"})])),
        ("a.json", json.dumps([task({"img": "a.jpg"}, "dog", "cat"), task({"img": "b.jpg"}, "x", was_cancelled=True)])),
        ("a.json", json.dumps([{"image": "a.jpg", "id": 1, "choice": "cat"}, {"image": "b.jpg", "choice": ""}])),
        ("a.csv", 'annotation_id,choice,id,image\n4,cat,1,a.jpg\n5,,2,b.jpg\n'),
        ("a.csv", 'id,image,choice\n1,a.jpg,"{""choices"": [""cat""]}"\n2,b.jpg,\n'),
    ],
)  # fmt: skip
def test_answers_are_read_in_every_form_that_people_have(tmp_path, name, text):
    assert said(tmp_path, name, text) == [("a.jpg", "cat"), ("b.jpg", None)]


def test_several_choices_for_one_sample_are_refused(tmp_path):
    both = [{"data": {"image": "a.jpg"}, "annotations": [{"result": [{"value": {"choices": ["cat", "dog"]}}]}]}]
    with pytest.raises(Mistake, match="multi-label data, and nextlabel learns one label for each sample"):
        said(tmp_path, "a.json", json.dumps(both))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("/data/upload/3/0a1b2c3d-two.jpg", 1),
        ("/data/upload/3/0a1b2c3d-my_cat_1.jpg", 2),
        ("https://host/data/upload/3/0a1b2c3d-two.jpg?token=7", 1),
        ("/data/local-files/?d=pictures/b/one.jpg", 3),
        ("/data/local-files/?d=pictures%2Fb%2Fone.jpg", 3),
        (".\\b\\one.jpg", 3),
        ("two.jpg", 1),
        ("one.jpg", None),  # there are two of that name
        ("c/two.jpg", None),  # another folder's
        ("cafe\u0301.jpg", 4),
        ("2", 2),
        ("9", None),
    ],
)
def test_samples_are_found_as_other_programs_call_them(name, place):
    dataset = named("a/one.jpg", "a/two.jpg", "a/my cat (1).jpg", "b/one.jpg", "caf\u00e9.jpg")
    assert Samples(dataset).find(name) == place


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\\\0\n\r"), min_size=1), unique=True))
def test_every_path_is_found_by_itself(paths):
    samples = Samples(named(*paths))
    assert [samples.find(path) for path in paths] == [*range(len(paths))]


def joined(tmp_path, dataset, text):
    (tmp_path / "said.csv").write_text(text, encoding="utf-8")
    return join_answers(dataset, read_answers(tmp_path / "said.csv"))


def test_the_later_of_two_answers_stands_and_is_told(tmp_path):
    found = joined(tmp_path, named("a.jpg", "b.jpg", "c.jpg"), "path,label\na.jpg,cat\nb.jpg,dog\na.jpg,dog\nb.jpg,\n")
    assert labels_of(found) == ["dog", None, None]
    assert "1 sample has answers in 'said.csv' that disagree, e.g. 'a.jpg' ('cat', then 'dog')" in found.warnings[0]


def test_a_later_file_stands_before_an_earlier_one(tmp_path):
    (tmp_path / "mine.csv").write_text("path,label\na.jpg,cat\nb.jpg,cat\n")
    (tmp_path / "hers.jsonl").write_text('{"path": "b.jpg", "label": "dog"}\n{"path": "z.jpg", "label": "dog"}\n')
    files = [tmp_path / "mine.csv", tmp_path / "hers.jsonl"]
    found = join_answers(named("a.jpg", "b.jpg"), read_all_answers(files))
    assert labels_of(found) == ["cat", "dog"]
    assert found.warnings == (
        "1 answer in 'hers.jsonl' is about a sample that is not there, e.g. 'z.jpg', and left out.",
        "1 sample has answers in 'mine.csv' and 'hers.jsonl' that disagree, e.g. 'b.jpg' ('cat' in 'mine.csv', then "
        "'dog' in 'hers.jsonl'): the later one stands.",
    )


def test_an_answer_stands_before_a_folder_and_that_is_told(tmp_path):
    folder_of(tmp_path / "p", {"a": 2, "b": 2, "camera 2": 1})
    (tmp_path / "said.csv").write_text("path,label\na/000.png,b\na/001.png,a\nb/000.png,?\ncamera 2/000.png,a\n")
    found = load_dataset(tmp_path / "p", labels=tmp_path / "said.csv")
    assert labels_of(found) == ["b", "a", None, None, "a"]
    assert (
        "1 answer contradicts what the folder or the column of the sample says, e.g. of 'a/000.png' ('a' there, 'b' by "
        "the answer): it stands."
    ) in found.warnings


def test_answers_about_nobody_are_counted_unless_all_are(tmp_path):
    found = joined(tmp_path, named("a.jpg", "b.jpg"), "path,label\nz.jpg,cat\nb.jpg,dog\n")
    assert labels_of(found) == [None, "dog"]
    assert "1 answer in 'said.csv' is about a sample that is not there, e.g. 'z.jpg'" in found.warnings[0]
    with pytest.raises(BadData, match=r"None of the 1 answer .* called like 'a.jpg'"):
        joined(tmp_path, named("a.jpg"), "path,label\nz.jpg,cat\n")


def test_labels_are_spelled_as_those_of_tables_are(tmp_path):
    rows = "path,label\na.jpg,10\nb.jpg,?\nc.jpg, 2.0\nd.jpg,2\n"
    found = joined(tmp_path, named("a.jpg", "b.jpg", "c.jpg", "d.jpg"), rows)
    assert (found.classes, labels_of(found)) == (("2", "10"), ["10", None, "2", "2"])


def test_spellings_that_become_one_class_are_told(tmp_path):
    found = joined(tmp_path, named("a.jpg", "b.jpg", "c.jpg"), "path,label\na.jpg,cat\nb.jpg,cat \nc.jpg, dog\n")
    assert (found.classes, labels_of(found)) == (("cat", "dog"), ["cat", "cat", "dog"])
    assert found.warnings == ("Labels that are spelled 'cat' and 'cat ' were taken for one class, 'cat'.",)


def test_measured_numbers_are_no_labels(tmp_path):
    folder_of(tmp_path / "p", {"": 12})
    (tmp_path / "a.csv").write_text("path,label\n" + "".join(f"{i:03}.png,{i / 7:.3f}\n" for i in range(12)))
    with pytest.raises(BadData, match=r"The labels of 'a\.csv' look like a measured number, not a class: 12 different"):
        load_dataset(tmp_path / "p", labels=tmp_path / "a.csv")
    (tmp_path / "ages.csv").write_text("id,label\n" + "".join(f"{i},{20 + i % 21}\n" for i in range(63)))
    found = load_dataset((np.arange(63.0)[:, None] ** 2, None), labels=tmp_path / "ages.csv")
    assert "The labels of 'ages.csv' are 21 classes, all whole numbers from 20 to 40" in found.warnings[-1]


def test_answers_stand_in_the_place_of_class_folders(tmp_path):
    folder_of(tmp_path / "p", {"a": 2, "b": 2})
    (tmp_path / "said.csv").write_text("path,label\na/000.png,x\nb/001.png,y\n")
    found = load_dataset(tmp_path / "p", labels=tmp_path / "said.csv")
    assert labels_of(found) == ["x", None, None, "y"]
    assert found.fingerprint != load_dataset(tmp_path / "p").fingerprint


def test_pictures_without_labels_are_data_to_whoever_can_do_without(tmp_path):
    for i in range(3):
        noise(tmp_path / "p" / f"{i}.png", i)
    with pytest.raises(BadData, match=r"--labels answers.csv .* nextlabel select"):
        load_dataset(tmp_path / "p")
    found = load_dataset(tmp_path / "p", unlabelled=True)
    assert (len(found), found.classes, found.warnings) == (3, (), ())
    (tmp_path / "said.csv").write_text("path,label\n1.png,x\n2.png,x\n")
    with pytest.raises(BadData, match="are all 'x'"):
        load_dataset(tmp_path / "p", labels=tmp_path / "said.csv")
    assert load_dataset(tmp_path / "p", labels=tmp_path / "said.csv", unlabelled=True).classes == ("x",)


def test_a_table_without_a_column_of_labels_says_so(tmp_path):
    (tmp_path / "t.csv").write_text("width,species\n1,a\n2,b\n3,a\n")
    with pytest.raises(BadData, match=r"--label-column, or give labels in a file of their own: --labels"):
        load_dataset(tmp_path / "t.csv")
    found = load_dataset(tmp_path / "t.csv", unlabelled=True)
    assert found.table.shape == (3, 2)
    assert "has no column called 'label', so all of its columns are taken for features" in found.warnings[0]
    (tmp_path / "t.csv").write_text("width,class,target\n1,a,u\n2,b,v\n3,a,u\n")
    with pytest.raises(BadData, match="2 columns that may hold the labels"):
        load_dataset(tmp_path / "t.csv", unlabelled=True)
