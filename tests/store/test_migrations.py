"""Tables are made, and brought from version to version, by scripts in the package."""

import importlib.util
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from nextlabel.errors import CannotOpen, CannotWrite
from nextlabel.store import FILE, File, migrations, open_store, visit_store
from nextlabel.store import sqlite as sqlite_store
from nextlabel.store.tables import metadata

SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "nextlabel_0002"
down_revision = "nextlabel_0001"


def upgrade():
    with op.batch_alter_table("sample") as batch:  # made anew on SQLite, and referred to by other tables
        batch.add_column(sa.Column("width", sa.Integer))
        batch.alter_column("digest", nullable=True, new_column_name="hash")
    {more}
"""


@pytest.fixture
def next_version(tmp_path_factory, monkeypatch):
    """A program with a second version of the tables; what is handed in is done at its end."""

    def make(more=""):
        scripts = tmp_path_factory.mktemp("100% scripts")
        shutil.copytree(migrations.SCRIPTS / "versions", scripts / "versions")
        (scripts / "versions" / "v0002_second.py").write_text(SECOND.format(more=more))
        monkeypatch.setattr(migrations, "SCRIPTS", scripts)
        for module in (migrations, sqlite_store):
            monkeypatch.setattr(module, "HEAD", "nextlabel_0002")

    return make


def rows(place, query):
    store = open_store(place)
    with store, store._reading() as connection:
        return connection.execute(text(query)).all()


def test_scripts_make_the_tables_that_the_program_uses(store):
    with store._reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": migrations.VERSIONS}
        )
        assert compare_metadata(context, metadata) == []


def test_the_version_that_is_looked_for_is_the_last_script():
    assert ScriptDirectory(migrations.SCRIPTS).get_current_head() == migrations.HEAD


def test_what_is_up_to_date_is_opened_without_alembic(filled_file, tmp_path):
    place = shutil.copy(filled_file, tmp_path / FILE)
    code = (
        "import sys; from nextlabel.store import open_store; open_store(sys.argv[1]).close(); "
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, place]).returncode == 0


def test_an_older_store_is_brought_up_with_all_that_is_in_it(place, label, next_version):
    with open_store(place) as store:
        store.append(label(0, 1))
        events, known = store.events(), store.samples()
    next_version()
    with pytest.raises(CannotOpen, match="older nextlabel"):
        visit_store(place)
    assert rows(place, "SELECT id, hash, width FROM sample ORDER BY id") == [
        (one.id, one.digest, None) for one in known
    ]
    with open_store(place) as store:
        assert store.events() == events


def test_a_copy_of_the_file_is_put_beside_it_first(filled_file, tmp_path, next_version):
    place = shutil.copy(filled_file, tmp_path / FILE)
    with open_store(place) as store:
        events = store.events()
        (tmp_path / "project.before-0002.sqlite").write_text("of an update that was cut off")
        next_version()
    open_store(place).close()
    with pytest.MonkeyPatch.context() as patch:
        for module in (migrations, sqlite_store):
            patch.setattr(module, "HEAD", "nextlabel_0001")
        with visit_store(tmp_path / "project.before-0002.sqlite") as copy:
            assert copy.events() == events


def test_an_update_that_fails_changes_nothing(place, next_version):
    with open_store(place) as store:
        events = store.events()
    next_version('raise RuntimeError("in the middle of it")')
    with pytest.raises(RuntimeError, match="in the middle"):
        open_store(place)
    next_version()
    with open_store(place) as store:
        assert store.events() == events


def test_a_backup_is_one_file_of_one_moment(filled_file, tmp_path, label):
    place = shutil.copy(filled_file, tmp_path / FILE)
    with open_store(place) as store:
        store.append(label(0, 1))
        events = store.events()
        store.backup(tmp_path / "backup.sqlite")
        with visit_store(place) as visit:
            visit.backup(tmp_path / "another.sqlite")
        store.append(label(1, 1))
        with pytest.raises(CannotWrite, match="a file of that name"):
            store.backup(tmp_path / "backup.sqlite")
        assert sorted(path.name for path in tmp_path.glob("*.sqlite*")) == [
            "another.sqlite", "backup.sqlite", FILE, f"{FILE}-shm", f"{FILE}-wal",
        ]  # fmt: skip
    for name in ("backup.sqlite", "another.sqlite"):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        with open_store(tmp_path / name) as copy:
            assert copy.events() == events


def test_a_backup_is_whole_while_answers_come_in(filled_file, tmp_path, label):
    with open_store(shutil.copy(filled_file, tmp_path / FILE)) as store:
        store.register([File(f"{n}.jpg", f"{n}") for n in range(3000)], lambda path: 0.5)
        writer = Thread(target=lambda: [store.append(label(n % 4, 0)) for n in range(60)])
        writer.start()
        for number in range(3):
            store.backup(tmp_path / f"{number}.sqlite")
        writer.join()
        events = store.events()
    for number in range(3):
        with open_store(tmp_path / f"{number}.sqlite") as copy:
            found = copy.events()
            assert found == events[: len(found)]


def test_postgresql_says_how_it_is_backed_up(filled_database, tmp_path):
    with visit_store(filled_database) as visit, pytest.raises(CannotOpen, match="pg_dump"):
        visit.backup(tmp_path / "backup")


def test_a_script_says_which_version_it_is():
    for path in (migrations.SCRIPTS / "versions").glob("v*.py"):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert migrations.number_of(module.revision) == int(path.stem[1:5])
