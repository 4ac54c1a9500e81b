import json

import numpy as np
import pytest

from nextlabel.datasets.base import Dataset
from nextlabel.errors import BadData, BadNumber, BadSpecification, UnknownName
from nextlabel.loop.oracles import oracle

Y = np.arange(300) % 3


def dataset(paths=None):
    return Dataset("toy", Y, ("ape", "bee", "cat"), "0", table=np.zeros((300, 1), np.float32), paths=paths)


def everyone(found):
    return found(np.arange(300))


def test_truth_is_the_truth():
    assert (everyone(oracle("truth", dataset(), 0)) == Y).all()


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_a_tired_annotator_errs_at_the_rate(rate):
    wrong = everyone(oracle(f"noisy:{rate}", dataset(), 0)) != Y
    assert wrong.mean() == pytest.approx(rate, abs=0.08)


def test_a_tired_annotator_answers_the_same_twice():
    found = oracle("noisy:0.5", dataset(), 3)
    assert (everyone(found) == everyone(oracle("noisy:0.5", dataset(), 3))).all()
    assert (everyone(found) != everyone(oracle("noisy:0.5", dataset(), 4))).any()
    assert (found(np.array([7, 2])) == everyone(found)[[7, 2]]).all()


def test_answers_are_replayed_from_csv(tmp_path):
    file = tmp_path / "said.csv"
    file.write_text("id,label\n3,cat\n5,bee\n3,ape\n", encoding="utf-8")
    found = everyone(oracle(f"replay:{file}", dataset(), 0))
    assert (found[3], found[5]) == (0, 1)
    assert (found >= 0).sum() == 2


def test_answers_are_replayed_by_path(tmp_path):
    paths = tuple(f"ape/{i} ü.png" for i in range(300))
    file = tmp_path / "said.jsonl"
    file.write_text(json.dumps({"path": "ape/4 ü.png", "label": "bee"}) + "\n", encoding="utf-8")
    assert everyone(oracle(f"replay:{file}", dataset(paths), 0))[4] == 1


def test_line_ends_within_an_answer_end_no_answer(tmp_path):
    """A note may run over lines, and JSON may hold U+2028 as it is: both are one answer."""
    (tmp_path / "said.jsonl").write_text('{"id": 4, "label": "bee", "note": "a\u2028b"}\n', encoding="utf-8")
    (tmp_path / "said.csv").write_bytes(b'note,id,label\r\n"two\nlines",4,bee\r\n')
    for name in ("said.jsonl", "said.csv"):
        assert everyone(oracle(f"replay:{tmp_path / name}", dataset(), 0))[4] == 1


@pytest.mark.parametrize("line", ["999,ape", "3,dog", "x,ape"])
def test_answers_for_another_dataset_are_refused(tmp_path, line):
    file = tmp_path / "said.csv"
    file.write_text(f"id,label\n{line}\n", encoding="utf-8")
    with pytest.raises(BadData, match=r"Row 1 .* another dataset"):
        oracle(f"replay:{file}", dataset(), 0)


@pytest.mark.parametrize("text", ["{", "[1]\n", "[" * 100_000, '{"sample": 1, "answer": 2}\n'])
def test_a_file_that_is_no_replay_is_told(tmp_path, text):
    file = tmp_path / "said.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadData, match="columns id or path"):
        oracle(f"replay:{file}", dataset(), 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sample,answer\n1,ape\n", "columns id or path"),
        ("id,label\n1," + "x" * 200_000, "says that '1' is 'x{60}…', and the dataset knows no such"),
    ],
)
def test_a_table_that_is_no_replay_is_told(tmp_path, text, why):
    (tmp_path / "said.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadData, match=why):
        oracle(f"replay:{tmp_path / 'said.csv'}", dataset(), 0)


@pytest.mark.parametrize("file", ["nowhere.csv", "~nobody-of-that-name/nowhere.csv"])
def test_a_missing_replay_is_told(file):
    with pytest.raises(BadData, match="No such file"):
        oracle(f"replay:{file}", dataset(), 0)


def test_rates_out_of_range_are_refused():
    with pytest.raises(BadNumber, match="between 0 and 1"):
        oracle("noisy:1.5", dataset(), 0)


@pytest.mark.parametrize("text", ["noisy", "noisy:often", "truth:really"])
def test_oracles_that_cannot_be_read_are_refused(text):
    with pytest.raises(BadSpecification, match=text.split(":")[0]):
        oracle(text, dataset(), 0)


def test_an_unknown_oracle_is_told():
    with pytest.raises(UnknownName, match="Did you mean 'truth'"):
        oracle("truht", dataset(), 0)
