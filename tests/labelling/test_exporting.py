"""What leaves a project: whose labels, in which form, and nowhere else than where it should."""

import csv
import json
import os

import polars as pl
import pytest
from beds_project import open_beds

from nextlabel import load_dataset
from nextlabel.datasets.answers import read_all_answers
from nextlabel.errors import CannotWrite, Mistake
from nextlabel.labelling import Wish, open_project
from nextlabel.labelling.export_files import check_out, table_of, write_csv, write_export, write_folders
from nextlabel.labelling.exporting import guess_rest, read_answers
from nextlabel.labelling.imports import import_labels
from nextlabel.labelling.records import read_record
from nextlabel.labelling.scan import scan
from nextlabel.progress import quiet
from nextlabel.store import Entry

EVIL = ["..", "a/b", "CON", "=cmd()|' /C calc'!A0", "A" * 300, "a:b", "../../etc", "metadata.csv", "🌹‮x"]


@pytest.fixture
def place(tmp_path):
    return tmp_path / "beds"


@pytest.fixture
def record(place):
    """Answers of two people, imports, a note, a dispute, and one each that is skipped, discarded and gone."""
    with open_beds(place, 6) as beds:
        ada, bob = beds.invite("ada"), beds.invite("bob")
        beds.say("rose/0-00.png", ada)
        beds.say("rose/0-01.png", bob)
        beds.say("rose/0-01.png", ada, name="iris")
        beds.say("rose/0-02.png", ada)
        beds.say("iris/0-00.png", None, how="import")
        beds.say("iris/0-01.png", ada, "skip")
        beds.say("iris/0-02.png", ada, "discard")
        beds.say("rose/0-00.png", ada, "note", data={"text": "=1+1\nblurred"}, how=None)
    (place / "rose" / "0-02.png").unlink()
    with open_beds(place) as beds:
        scan(beds.project)
    return read_record(place)


def export(record, kind, out):
    answers = read_answers(record)
    write_export(record, answers.rows, None, kind, out)
    return out


def test_every_row_says_whose_label_it_is(record, tmp_path):
    with export(record, "csv", tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["path"], row["label"], row["by"], row["how"], row["disputed"]) for row in rows] == [
        ("iris/0-00.png", "iris", "imported", "import", "false"),
        ("rose/0-00.png", "rose", "ada", "key", "false"),
        ("rose/0-01.png", "rose", "bob", "key", "true"),
    ]
    assert rows[1]["note"] == "'=1+1\nblurred"
    assert rows[1]["at"].endswith("+00:00")
    answers = read_answers(record)
    assert (answers.discarded, answers.skipped, answers.lost) == (["iris/0-02.png"], 1, 1)


def test_parquet_holds_the_same_as_it_was_said(record, tmp_path):
    frame = pl.read_parquet(export(record, "parquet", tmp_path / "a.parquet"))
    assert frame["note"].to_list() == ["", "=1+1\nblurred", ""]  # nobody runs its cells
    assert frame.schema["at"] == pl.Datetime("us", "UTC")
    assert frame["disputed"].to_list() == [False, False, True]


@pytest.mark.parametrize("kind", ["csv", "label-studio"])
def test_an_export_is_taken_in_again(record, kind, tmp_path):
    out = export(record, kind, tmp_path / {"csv": "a.csv", "label-studio": "a.json"}[kind])
    place = record.place
    opened = open_project(Wish(place, tmp_path / "second", settings={"embedder": "pixels"}))
    with opened.project.store:
        import_labels(opened.project, [str(out)])
        labels = {opened.project.path(i): v.class_id for i, v in opened.project.verdicts.items()}
        names = {path: opened.project.state.classes.by_id[one].name for path, one in labels.items()}
    assert names == {"iris/0-00.png": "iris", "rose/0-00.png": "rose", "rose/0-01.png": "rose"}


def test_tasks_are_what_label_studio_takes(record, tmp_path):
    first, *_ = json.loads(export(record, "label-studio", tmp_path / "a.json").read_text())
    assert first["data"] == {"image": "/data/local-files/?d=beds/iris/0-00.png"}
    assert first["annotations"][0]["result"] == [
        {"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": ["iris"]}}
    ]


def test_folders_are_an_image_folder_that_loads(record, tmp_path):
    assert write_folders(record, read_answers(record).rows, None, tmp_path / "sorted", copy=False) == 0
    assert (tmp_path / "sorted" / "rose" / "rose" / "0-00.png").is_symlink()
    found = load_dataset(tmp_path / "sorted")
    assert [(path, found.classes[code]) for path, code in zip(found.paths, found.y, strict=True)] == [
        ("iris/iris/0-00.png", "iris"),
        ("rose/rose/0-00.png", "rose"),
        ("rose/rose/0-01.png", "rose"),
    ]


def test_a_copy_is_no_link_and_a_file_that_vanished_is_counted(record, tmp_path):
    (record.place / "rose" / "0-01.png").unlink()
    assert write_folders(record, read_answers(record).rows, None, tmp_path / "sorted", copy=True) == 1
    file = tmp_path / "sorted" / "rose" / "rose" / "0-00.png"
    assert not file.is_symlink()
    assert file.read_bytes() == (record.place / "rose" / "0-00.png").read_bytes()


def test_no_name_of_a_class_leaves_the_folder(place, tmp_path):
    with open_beds(place, 9) as beds:
        ada = beds.invite("ada")
        for i, name in enumerate(EVIL):
            beds.project.append(Entry(f"new-{i}", "class", ada, data={"name": name}))
            beds.classes[name] = i + 2
            beds.say(f"rose/0-0{i}.png", ada, name=name)
    record = read_record(place)
    out = tmp_path / "out" / "sorted"
    out.parent.mkdir()
    assert write_folders(record, read_answers(record).rows, None, out, copy=True) == 0
    assert [path.name for path in out.parent.iterdir()] == ["sorted"]
    assert len([path for path in out.iterdir() if path.is_dir()]) == len(EVIL)
    with (out / "metadata.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all((out / row["file_name"]).is_file() for row in rows)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    labels = read_all_answers([export(record, "csv", tmp_path / "a.csv")])
    assert {one.label for one in labels} == set(EVIL)


def test_folders_are_whole_or_not_there(record, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", fail)
    with pytest.raises(CannotWrite, match="is full"):
        write_folders(record, read_answers(record).rows, None, tmp_path / "sorted", copy=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beds"]


@pytest.mark.parametrize(
    ("kind", "where", "error", "words"),
    [
        ("csv", "beds/rose/0-00.png", Mistake, "belongs to the project"),
        ("csv", "beds/.nextlabel/project.sqlite", Mistake, "belongs to the project"),
        ("folders", "beds/sorted", Mistake, "lie in one another"),
        ("folders", "none/sorted", CannotWrite, "There is no folder for"),
        ("folders", "full", CannotWrite, "is not an empty folder"),
    ],
)
def test_nothing_of_the_project_is_written_over(record, tmp_path, kind, where, error, words):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with pytest.raises(error, match=words):
        check_out(record, kind, tmp_path / where)


def test_a_link_out_of_the_folder_is_not_followed(place, tmp_path):
    with open_beds(place, 4) as beds:
        beds.say("rose/0-00.png", beds.invite("ada"))
    (tmp_path / "secret").write_text("mine")
    (place / "rose" / "0-00.png").unlink()
    (place / "rose" / "0-00.png").symlink_to(tmp_path / "secret")
    record = read_record(place)
    with pytest.raises(Mistake, match="is outside the folder"):
        write_folders(record, read_answers(record).rows, None, tmp_path / "sorted", copy=True)
    assert not os.path.exists(tmp_path / "sorted")


def test_a_model_labels_the_rest_and_says_so(place):
    with open_beds(place) as beds:
        ada = beds.invite("ada")
        asked = beds.say_all(ada, 70)
        beds.say(asked[0], ada, "discard")
    record = read_record(place)
    everything = guess_rest(record, 0.0, quiet)
    assert {row.path for row in everything.rows} == set(beds.ids) - set(asked)
    assert {(row.by, row.how, row.at) for row in everything.rows} == {("model", "model", None)}
    assert sum(row.label == row.path.split("/")[0] for row in everything.rows) >= 9
    assert everything.right.total == len(record.audit())
    sure = guess_rest(record, 1.1, quiet)
    assert (len(sure.rows), sure.below, sure.right.total) == (0, 10, 0)
    columns = table_of(everything.rows, "path", everything.confidence)
    assert b",probability\n" in write_csv(columns)


@pytest.fixture
def letters(tmp_path):
    """A table of texts with a project beside it, and a label for all but two of its rows."""
    words = {"praise": "a splendid and lovely garden", "blame": "a dreadful and broken fence"}
    rows = [(list(words)[i % 2], f"{words[list(words)[i % 2]]} {i}") for i in range(40)]
    place = tmp_path / "letters.csv"
    place.write_text("\n".join(["body", *(text for _, text in rows)]))
    settings = {"text_column": "body", "embedder": "tfidf", "seed": 3}
    opened = open_project(Wish(place, classes=tuple(words), settings=settings))
    with opened.project.store as store:
        ada = store.invite("ada", "digest").id
        for i, (name, _) in enumerate(rows[:38]):
            entry = Entry(f"say-{i}", "label", ada, None, i, list(words).index(name), how="key")
            opened.project.append(entry)
    return read_record(place)


@pytest.mark.filterwarnings("ignore:Nothing is calibrated")  # a note, to whoever types it
def test_rows_of_a_table_are_named_by_their_numbers(letters, tmp_path):
    rows = read_answers(letters).rows
    assert [row.path for row in rows] == [str(i) for i in range(38)]
    assert (
        export(letters, "csv", tmp_path / "a.csv").read_text().startswith("id,label,by,how,at,note,disputed\n0,praise")
    )
    task = json.loads(export(letters, "label-studio", tmp_path / "a.json").read_text())[1]
    assert task["data"] == {"id": "1", "text": "a dreadful and broken fence 1"}
    assert [(row.path, row.label) for row in guess_rest(letters, 0.0, quiet).rows] == [
        ("38", "praise"),
        ("39", "blame"),
    ]
    with pytest.raises(Mistake, match="only files go into folders"):
        check_out(letters, "folders", tmp_path / "sorted")
