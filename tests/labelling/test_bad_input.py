"""What goes wrong before and while somebody labels: one sentence, the right exit code, and nothing lost."""

import contextlib
import os
import resource
import socket
import sqlite3
import struct
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from people import CLASSES, Person, draw_pictures, open_at, wait_for
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.errors import CannotWrite, Conflict, NextlabelError
from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.store import FILE, open_store
from nextlabel.store.migrations import VERSIONS

HOME = ".nextlabel"


def refuse(folder, *more, code=1):
    """What the command says when it does not even begin."""
    found = CliRunner().invoke(app, ["label", str(folder), "--no-browser", "--embedder", "pixels", *more])
    assert found.exit_code == code, found.output
    return " ".join(found.output.split())


@pytest.fixture
def shop(tmp_path):
    """A folder of a few pictures."""
    return draw_pictures(tmp_path / "shop", 4)


def test_where_nothing_is_to_be_labelled_nothing_is_written(tmp_path):
    assert "is empty" in refuse(tmp_path)
    (tmp_path / "notes.pdf").write_text("no picture")
    assert "no pictures or texts" in refuse(tmp_path)
    assert "There is no folder or file" in refuse(tmp_path / "nowhere")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.pdf"]


def test_the_inside_of_a_project_is_no_folder_to_label(shop):
    open_at(shop).project.store.close()
    assert "lies in a project's own folder" in refuse(shop / HOME, code=2)


def test_a_project_around_or_inside_a_folder_is_told_and_its_own_files_are_not_scanned(shop, tmp_path):
    inner = draw_pictures(shop / "inner", 3, seed=1)
    open_at(inner).project.store.close()
    draw_pictures(inner / HOME, 1, seed=2)  # as a map's picture might lie there
    opened = open_at(shop)
    with contextlib.closing(opened.project.store):
        assert len(opened.project.samples) == 7
    assert "in this folder, is a project too" in " ".join(opened.notes)
    opened = open_at(draw_pictures(shop / "other", 1))
    opened.project.store.close()
    assert "around this folder, is a project too" in " ".join(opened.notes)


def test_two_servers_are_one_too_many(shop):
    opened = open_at(shop)
    with contextlib.closing(opened.project.store):
        assert "serves the project" in refuse(shop)
        assert "is served, but where is not known" in refuse(shop, "--invite", "ben")  # no page is up here


def test_a_port_in_use(shop):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "Name another one with --port" in refuse(shop, "--port", str(taken.getsockname()[1]))


def test_a_folder_that_may_not_be_written_to_has_its_project_elsewhere(shop, tmp_path):
    (shop / HOME).write_text("in the way")  # root may write anywhere else
    assert "--project DIR" in refuse(shop)
    opened = open_project(Wish(shop, tmp_path / "elsewhere"))
    opened.project.store.close()
    assert (tmp_path / "elsewhere" / FILE).exists()


def foreign(file):
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE sample (id)")


def cut_short(file):
    open_store(file).close()
    os.truncate(file, 5000)


def newer(file):
    open_store(file).close()
    with contextlib.closing(sqlite3.connect(file)) as future, future:
        future.execute("UPDATE " + VERSIONS + " SET version_num = 'nextlabel_9999'")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [(foreign, "another program's database"), (cut_short, "was cut short"), (newer, "newer")],
)
def test_a_database_that_is_no_store_of_ours_is_refused_as_it_is(shop, spoil, sentence):
    (shop / HOME).mkdir()
    file = shop / HOME / FILE
    spoil(file)
    before = file.read_bytes()
    assert sentence in refuse(shop)
    assert file.read_bytes() == before


@pytest.mark.parametrize("names", ["daisy,Daisy", "daisy,", "x" * 301])
def test_class_names_on_the_command_line(tmp_path, names):
    """The same but for case is one; an empty one, and one of three hundred and one characters, is none."""
    shop = draw_pictures(tmp_path / "shop", 2)
    wish = Wish(shop, classes=[name for name in names.split(",") if name], settings={"embedder": "pixels"})
    if len(names) > 300:
        with pytest.raises(NextlabelError, match="1 to 300 characters"):
            open_project(wish)
    else:
        opened = open_project(wish)
        with contextlib.closing(opened.project.store):
            assert [one.name for one in opened.project.state.classes.active()] == ["daisy"]


def test_class_names_on_the_page(late):
    ada = Person(late)
    for name in ("é" * 300, "🦔🌼", "زهرة", "A‏B", "<script>"):
        assert late.add_class(ada.id, name)[-1]["name"] == name
    for name, why in (("", "1 to 300"), ("  ", "1 to 300"), ("CIRCLE ", "already"), ("a\nb", "cannot be shown")):
        with pytest.raises(Conflict, match=why):
            late.add_class(ada.id, name)
    with pytest.raises(Conflict, match="bound to 'circle' already"):
        late.change_class(ada.id, 1, {"key": "1"})
    with pytest.raises(Conflict, match="Two actions cannot have one key"):
        late.change_settings(ada.id, {"actions": {"skip": "q", "zoom": "q"}})
    rows = [late.add_class(ada.id, f"class {i}") for i in range(200)][-1]
    keys = [row["key"] for row in rows if row["key"]]
    assert len(keys) == len(set(keys)) > 25
    assert len(rows) == 208


def test_the_same_command_brings_no_class_back_that_was_renamed_or_merged(tmp_path):
    shop = draw_pictures(tmp_path / "shop", 2)
    opened = open_at(shop)
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address)
        ada = Person(session)
        session.change_class(ada.id, 0, {"name": "ring"})
        session.merge_class(ada.id, 1, 2)
    opened = open_at(shop)
    with contextlib.closing(opened.project.store):
        assert [one.name for one in opened.project.state.classes.active()] == ["ring", "square"]


def png_of(width, height):
    """The beginning of a picture that says how large it would be."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def test_pictures_that_vanish_or_cannot_be_opened_hold_nobody_up(tmp_path):
    place = tmp_path / "shop"
    place.mkdir()
    (place / "0-000-circle.png").write_bytes(png_of(30_000, 30_000))
    (place / "0-001-circle.png").write_text("no picture")
    (place / "0-002-circle.png").symlink_to(place / "0-001-circle.png")
    opened = open_at(place)
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address)
        ada = Person(session)
        (place / "0-001-circle.png").unlink()
        questions = ada.ask(10)
        assert [question["width"] for question in questions] == [None] * 3
        for question in questions:
            ada.say(question, "discard")
        assert ada.ask(10) == []


def test_only_links_that_were_there_when_somebody_looked_are_followed(tmp_path):
    """What is put in the place of a picture later leads nowhere, --follow-links or not; and a restart forgets none."""
    place = draw_pictures(tmp_path / "shop", 3)
    away = draw_pictures(tmp_path / "away", 2, seed=1)
    listed, later, _ = sorted(place.iterdir())
    listed.unlink()
    listed.symlink_to(next(away.iterdir()))
    opened = open_at(place, follow_links=True)
    with contextlib.closing(opened.project.store):
        later.unlink()
        later.symlink_to(next(away.iterdir()))
    opened = open_at(place)
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address)
        assert {path: follow for path, follow in map(session.locate, range(3)) if follow} == {listed.name: True}
        ada = Person(session)
        assert session.rescan(ada.id) == {"new": 0, "gone": 0}
        assert {path for path, follow in map(session.locate, range(3)) if follow} == {listed.name, later.name}
        session.change_settings(ada.id, {"follow_links": False})
        assert not any(session.locate(i)[1] for i in range(3))


def test_one_picture_is_asked_and_then_nothing(tmp_path):
    opened = open_at(draw_pictures(tmp_path / "one", 1))
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address)
        ada = Person(session)
        (question,) = ada.ask(10)
        ada.say(question, "skip")
        assert [one["sample"] for one in ada.ask(10)] == [question["sample"]]  # nothing else waits
        ada.say(question)
        assert ada.ask(10) == []


def test_a_folder_that_changes_while_it_is_open(late):
    ada = Person(late)
    held = [question["path"] for question in ada.ask(5)]
    (late.root / held[0]).unlink()
    draw_pictures(late.root, 5, seed=9)
    assert late.rescan(ada.id) == {"new": 5, "gone": 1}
    assert held[0] not in [question["path"] for question in ada.ask(60)]


def test_a_clock_that_is_set_back_ends_leases_and_loses_no_answer(late, monkeypatch):
    ada, ben = Person(late, "ada"), Person(late, "ben")
    project = late._project
    first, second = ada.ask(2)
    ada.say(first)
    now = project.now
    monkeypatch.setattr(project, "now", lambda: now() - timedelta(hours=3))
    assert second["sample"] in [question["sample"] for question in ben.ask(60)]
    ada.say(second)  # late, and kept all the same
    assert late.overview(ada.id)["labelled"] == 2


def test_a_full_disk_is_said_and_what_was_acknowledged_stays(late):
    """Once there is room again, the same answer is kept."""
    ada = Person(late)
    questions = ada.ask(10)
    ada.say(questions[0])
    log = Path(f"{late._project.home / FILE}-wal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, limits[1]))
    try:
        with pytest.raises(CannotWrite):
            ada.say(questions[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert late.overview(ada.id)["labelled"] == 1
    ada.say(questions[1])
    assert late.overview(ada.id)["labelled"] == len(late._project.store.state().verdicts()) == 2


def test_an_answer_is_kept_once_and_its_id_stands_for_no_other(late):
    ada, ben = Person(late, "ada"), Person(late, "ben")
    first, second = ada.ask(2)
    client = "8d7f6c1e-0000-4000-8000-000000000001"
    assert ada.say(first, client=client) == ada.say(first, client=client)  # the reply was lost on its way
    for somebody, question, name in ((ada, second, None), (ben, first, None), (ada, first, "other")):
        other = next(one for one in CLASSES if one not in first["path"]) if name else None
        with pytest.raises(Conflict, match="it is another one"):
            somebody.say(question, client=client, name=other)
    assert late.overview(ada.id)["labelled"] == 1


def test_no_python_file_among_the_pictures_is_run(tmp_path, monkeypatch):
    """The command is often given in the very folder, and strange pictures may come with strange files."""
    place = draw_pictures(tmp_path / "shapes", 20)
    (place / "numpy.py").write_text("raise SystemExit('somebody else')\n")
    monkeypatch.chdir(place)
    opened = open_at(place)
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        wait_for(session.worker.is_settled)
        assert session.worker.trouble is None
