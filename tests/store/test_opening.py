"""What is no store, or cannot be used as one, is refused in a sentence and left as it is."""

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from small_project import fill

from nextlabel.errors import BadSpecification, CannotOpen, CannotWrite, StoreBroken, StoreBusy
from nextlabel.store import FILE, drives, open_store, visit_store
from nextlabel.store.store import _database

SERVER = (
    "import sys; from nextlabel.store import open_store; s = open_store(sys.argv[1]); print('up', flush=True); input()"
)


@pytest.fixture
def file(filled_file, tmp_path):
    """An SQLite store that nobody has open."""
    return shutil.copy(filled_file, tmp_path / FILE)


def all_bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


def sentence(error):
    """One or two plain sentences, without a trace of SQL."""
    said = str(error.value)
    assert len(re.findall(r"\.(?: |$)", said)) <= 3
    assert "\n" not in said
    assert not re.search(r"sqlalche|SELECT|PRAGMA|Traceback", said)
    return said


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", StoreBroken, "is empty"),
        (b"not a database at all, but somebody's text\n" * 100, StoreBroken, "is no database"),
        (b"SQLite", StoreBroken, "is no database"),
    ],
)
@pytest.mark.parametrize("opened", [open_store, visit_store])
def test_what_is_no_database_is_refused(tmp_path, content, kind, said, opened):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(kind, match=said) as error:
        opened(tmp_path / FILE)
    assert sentence(error)
    assert all_bytes(tmp_path) == {FILE: content}


@pytest.mark.parametrize("left", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_short_is_refused(file, left):
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * left)])
    before = all_bytes(file.parent)
    with pytest.raises(StoreBroken, match="was cut short") as error:
        open_store(file)
    assert sentence(error)
    assert all_bytes(file.parent) == before


def test_a_file_with_holes_is_refused(file):
    content = bytearray(file.read_bytes())
    content[3 * 4096 : 5 * 4096] = bytes(2 * 4096)
    file.write_bytes(content)
    with pytest.raises(StoreBroken, match="is damaged") as error:
        open_store(file)
    assert sentence(error)
    assert file.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("CREATE TABLE sample (id)")
    before = all_bytes(tmp_path)
    with pytest.raises(CannotOpen, match="is another program's database"):
        open_store(tmp_path / FILE)
    assert all_bytes(tmp_path) == before


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(CannotOpen, match="cannot be read"):
        open_store(tmp_path)
    with pytest.raises(CannotOpen, match="There is no labelling project"):
        visit_store(tmp_path / "nothing" / FILE)
    assert list(tmp_path.iterdir()) == [] or [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_a_newer_store_is_refused_and_left_alone(place):
    set_version(place, "nextlabel_0042")
    for opened in (open_store, visit_store):
        with pytest.raises(
            CannotOpen, match=r"newer nextlabel \(its tables are version 42, this one knows version 1\)"
        ):
            opened(place)
    set_version(place, "ae1027a6acf")
    with pytest.raises(CannotOpen, match="another program's database"):
        open_store(place)
    set_version(place, "nextlabel_0001")
    open_store(place).close()


def set_version(place, revision):
    connection = _database(place)._open()
    with connection, connection.begin():
        connection.exec_driver_sql(f"UPDATE nextlabel_version SET version_num = '{revision}'")


def test_another_programs_tables_in_postgresql_are_refused(new_database):
    import psycopg

    with psycopg.connect(new_database) as connection:
        connection.execute("CREATE TABLE event (id int)")
    with pytest.raises(CannotOpen, match="is another program's database"):
        open_store(new_database)


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path):
    pytest.importorskip("psycopg")
    with pytest.raises(CannotOpen, match="cannot be reached") as error:
        open_store(f"postgresql://me:secret@/x?host={tmp_path}")
    assert "secret" not in str(error.value)
    with pytest.raises(BadSpecification, match="address cannot be read"):
        open_store("postgresql://host:port/x")


def test_a_second_server_is_refused_and_a_killed_ones_lock_is_none(place):
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout.readline() == b"up\n"
        with pytest.raises(StoreBusy, match="Another nextlabel serves the project") as error:
            open_store(place)
        assert sentence(error)
        server.kill()
    for _ in range(2):  # a close lets go of it, too
        open_store(place).close()


def test_a_visitor_knows_whether_somebody_serves(place):
    with open_store(place), visit_store(place) as visit:
        assert visit.is_served()
    with visit_store(place) as visit:
        assert not visit.is_served()
        with open_store(place):  # whoever looked does not stand in the way
            assert visit.is_served()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount")
def test_a_read_only_folder_is_refused(mount):
    subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
    with pytest.raises(CannotWrite, match=r"cannot be written .*--project DIR") as error:
        open_store(mount / ".nextlabel" / FILE)
    assert sentence(error)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk_is_told_and_nothing_is_lost(mount, label):
    waste = mount / "waste"
    with open_store(mount / FILE) as store:
        fill(store)
        kept = store.events()
        waste.write_bytes(bytes(20_000))
        said = [label(n % 4, 0, data={"fill": "x" * 1000}) for n in range(500)]
        with pytest.raises(CannotWrite, match="is full") as error:
            kept.extend(store.append(one) for one in said)  # as many as it takes to fill the disk
        assert sentence(error)
        assert store.events() == kept
        waste.unlink()
        kept.append(store.append(said[len(kept)]))
        assert store.events() == kept
    with open_store(mount / FILE) as store:
        assert store.events() == kept


def test_a_full_disk_leaves_no_half_a_store(mount):
    (mount / "waste").write_bytes(bytes(240_000))
    with pytest.raises(CannotWrite, match="full"):
        open_store(mount / FILE)
    assert {path.name for path in mount.iterdir()} <= {"waste", "project.lock"}


def test_a_network_drive_is_refused_with_the_remedy(tmp_path, monkeypatch):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 1 0:40 / {tmp_path} rw shared:9 - fuse.sshfs me@there:/ rw\n")
    monkeypatch.setattr(drives, "MOUNTS", mounts)
    with pytest.raises(CannotOpen, match=r"network drive \(fuse.sshfs\).*--project DIR.*--store postgresql") as error:
        open_store(tmp_path / "sub" / FILE)
    assert sentence(error)
    assert not (tmp_path / "sub").exists()


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["/ - ext4", "/mnt - nfs4"], "nfs4"),
        (["/ - ext4", "/mnt - nfs4", "/mnt/a - xfs"], None),
        (["/mnt - nfs4", "/mnt - ext4"], None),  # covered by a later one
        (["/mnt/a/b - cifs", "/ - ext4"], "cifs"),
        (["/ - fuseblk", "nonsense"], None),  # ntfs-3g: a disk of this machine
        ([], None),
    ],
)
def test_the_deepest_mount_says_what_a_folder_lies_on(lines, kind):
    text = "\n".join(
        line if " - " not in line else f"1 1 0:1 / {line.replace(' - ', ' rw - ')} dev rw" for line in lines
    )
    assert drives.kind_in(text, drives.Path("/mnt/a/b")) == kind


@pytest.mark.parametrize("name", ["100% ?#&x=1", "\udcff", "sub/folder of its own"])
def test_a_project_may_lie_in_a_folder_of_any_name_and_be_moved(tmp_path, name, label):
    with open_store(tmp_path / name / FILE) as store:
        fill(store)
        kept = store.append(label(0, 1))
        store.backup(tmp_path / "copy")
    (tmp_path / name).rename(tmp_path / "moved")
    for path in (tmp_path / "moved" / FILE, tmp_path / "copy"):
        with open_store(path) as store:
            assert store.events()[-1] == kept


def test_what_a_killed_process_left_of_a_new_store_is_swept(tmp_path):
    for ending in ("", "-journal"):
        (tmp_path / f".{FILE}.0123abcd.part{ending}").write_bytes(b"half of it")
    open_store(tmp_path / FILE).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project.lock", FILE]


def test_this_disk_is_no_network_drive(tmp_path):
    assert drives.network_drive(tmp_path) is None


def test_a_store_whose_process_died_while_it_put_the_log_back_is_whole(file, tmp_path, label):
    """SQLite writes page 1 first, which says how long the file is, and then the rest; the log still holds all of it."""
    torn = tmp_path / "torn" / FILE
    torn.parent.mkdir()
    with open_store(file) as store:
        kept = [store.append(label(n % 4, 0, data={"fill": "x" * 3000})) for n in range(20)]
        shutil.copy(f"{file}-wal", f"{torn}-wal")
        store.backup(tmp_path / "whole")
        first = bytearray((tmp_path / "whole").read_bytes()[:4096])
        first[18:20] = b"\2\2"  # with a log, which a backup has not
        torn.write_bytes(first + file.read_bytes()[4096:])
    with open_store(torn) as store:
        assert store.events()[-20:] == kept


def test_nobody_else_may_read_a_store(tmp_path):
    with open_store(tmp_path / FILE) as store:
        fill(store)
        for path in tmp_path.glob(f"{FILE}*"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_answer_is_on_the_disk_before_it_is_acknowledged(file):
    with open_store(file) as store:
        pragma = lambda name: store._connection.exec_driver_sql(f"PRAGMA {name}").scalar()  # noqa: E731
        assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)
        assert pragma("busy_timeout") == 5000
        store._connection.rollback()


def test_answers_acknowledged_in_postgresql_are_on_the_disk(filled_database):
    with visit_store(filled_database) as visit:
        assert visit._connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        visit._connection.rollback()


def test_a_connection_that_is_lost_is_told_and_what_was_kept_is_there(place, label):
    if not isinstance(place, str):
        pytest.skip("a file has no connection")
    import psycopg

    store = open_store(place)
    kept = store.append(label(0, 1))
    with psycopg.connect(place, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                      "AND datname = current_database()")  # fmt: skip
    with pytest.raises(CannotOpen, match="was lost") as error:
        store.append(label(1, 1))
    assert sentence(error)
    store.close()
    with open_store(place) as again:
        assert again.events()[-1] == kept
