"""Which sample is which file, whatever happens in a folder between two scans."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextlabel.errors import BadEntry
from nextlabel.store import FILE, Entry, File, open_store
from nextlabel.store.catalogue import Catalogue
from nextlabel.store.files import Files

NOW = datetime(2026, 5, 1, tzinfo=UTC)
PATHS, BYTES = ["a", "b", "c", "sub/d"], ["red", "green", "blue"]


def draw(path):
    return hash(path) % 97 / 97


def scan(catalogue, folder, digests):
    """What a scan of all files finds; with digests, or as a page that opens at once has it, without."""
    files = [File(path, content if digests else None) for path, content in sorted(folder.items())]
    return catalogue.take(files, True, draw, NOW)


def change(folder, step):
    verb, path, other, content = step
    if verb == "write":
        folder[path] = content
    elif verb == "delete":
        folder.pop(path, None)
    elif verb == "move" and path in folder:
        folder[other] = folder.pop(path)
    elif verb == "swap" and path in folder and other in folder:
        folder[path], folder[other] = folder[other], folder[path]


PLACES = st.sampled_from(PATHS)
STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "write", "delete", "move", "swap"]), PLACES, PLACES, st.sampled_from(BYTES)),
    max_size=4,
)


@given(st.lists(st.tuples(STEPS, st.booleans()), max_size=8))
def test_a_sample_is_its_bytes_for_good(sessions):
    folder, catalogue, files, ids, draws = {}, Catalogue([]), Files(), {}, {}
    for steps, hash_first in sessions:
        for step in steps:
            change(folder, step)
        if not hash_first:
            files.add(scan(catalogue, folder, digests=False))
        files.add(scan(catalogue, folder, digests=True))
        assert {path: sample.digest for path, sample in catalogue.by_path.items()} == folder
        firsts = [one for one in catalogue.by_path.values() if one.copy_of is None]
        assert sorted(one.digest for one in firsts) == sorted(set(folder.values()))  # each content is asked once
        for one in catalogue.by_path.values():
            first = one.id if one.copy_of is None else one.copy_of
            assert ids.setdefault(one.digest, first) == first  # and has one id, wherever it lies
            assert draws.setdefault(one.digest, one.draw) == one.draw
        assert files.askable() == {one.id for one in firsts}
        assert {sample: files.first(sample) for sample in catalogue.by_id} == {
            one.id: one.id if one.copy_of is None else one.copy_of for one in catalogue.by_id.values()
        }
        assert list(catalogue.by_id) == list(range(len(catalogue.by_id)))
        assert scan(catalogue, folder, digests=True) == {}  # nothing changed since


def test_the_database_holds_what_the_catalogue_believes(store):
    chance, folder, followed = random.Random(0), {}, dict(enumerate(store.samples()))
    for _ in range(25):
        for _ in range(3):
            verb = chance.choice(["write", "write", "delete", "move", "swap"])
            change(folder, (verb, chance.choice(PATHS), chance.choice(PATHS), chance.choice(BYTES)))
        for digests in (False, True):
            files = [File(path, content if digests else None) for path, content in folder.items()]
            store.register(files, draw, whole=True)
            followed |= {sample.id: sample for sample in store.changed_samples()}
        assert store.samples() == list(followed.values())
        believed = sorted(store._catalogue.by_id.values(), key=lambda one: one.id)
        assert store.samples() == believed
    assert store.state().files.askable() == {one.id for one in believed if one.gone is None and one.copy_of is None}


def test_digests_of_some_cost_the_same_however_many_samples_there_are(tmp_path):
    """Counted in steps of SQLite's machine: it looks through no table for each of them."""
    ticks = []
    for count in (100, 2000):
        with open_store(tmp_path / f"{count}" / FILE) as store:
            store.register([File(f"{i}.jpg") for i in range(count)], draw, whole=True)
            steps = []
            raw = store._connection.connection.driver_connection
            raw.set_progress_handler(lambda steps=steps: steps.append(1), 100)
            store.register([File(f"{i}.jpg", f"bytes of {i}") for i in range(50)], draw)
            assert [one.id for one in store.changed_samples()] == list(range(50))
            ticks.append(len(steps))
    assert ticks[1] < 2 * ticks[0]


def test_an_answer_follows_a_file_that_was_moved_and_not_one_that_was_changed(store, label):
    store.append(label(0, 1))
    store.register([File("moved.jpg", "bytes of a"), File("b.jpg", "other bytes")], draw, whole=True)
    state, by_path = store.state(), {sample.path: sample for sample in store.samples() if sample.gone is None}
    assert by_path["moved.jpg"].id == 0
    assert by_path["moved.jpg"].draw == draw_of_fixture("a.jpg")
    assert (by_path["b.jpg"].id, state.verdict(0).class_id) == (4, 1)
    assert state.files.there == {0, 4}


def draw_of_fixture(path):
    return len(path) / 100


def test_a_copy_shares_the_answer_and_is_never_asked(store, label):
    store.register([File("copy of a.jpg", "bytes of a")], draw)
    store.append(label(0, 1))
    state = store.state()
    assert state.verdict(4) == state.verdict(0)
    assert state.files.askable() == {0, 1, 2, 3}
    assert list(state.verdicts()) == [0]
    assert store.samples()[4].draw == store.samples()[0].draw


def test_bytes_that_are_known_late_show_that_a_file_was_moved(store, label):
    store.register([File(f"{name}.jpg") for name in ("new name", "b", "c", "d")], draw, whole=True)
    store.append(label(4, 1))  # asked under its new id, before anybody had read it
    store.register([File("new name.jpg", "bytes of a")], draw)
    assert store.samples()[0].path == "new name.jpg"
    assert store.state().verdict(0).class_id == 1
    assert store.state().files.there == {0, 1, 2, 3}


def test_a_scan_that_finds_nothing_new_writes_nothing(store):
    before = store.events()
    assert store.register([File(f"{name}.jpg") for name in "abcd"], draw, whole=True) is None
    assert store.events() == before


@pytest.mark.parametrize("path", ["", ".", "/a.jpg", "../a.jpg", "a/../../b.jpg", "a//b.jpg", "./a.jpg", "a/"])
def test_only_paths_within_the_folder_are_kept(unchanged, path):
    with pytest.raises(BadEntry, match="no path within the project's folder"):
        unchanged.register([File(path)], draw)


def test_a_scan_that_fails_leaves_all_as_it_was(store):
    before = store.samples()
    with pytest.raises(BadEntry, match="twice in one scan"):
        store.register([File("new.jpg"), File("x.jpg"), File("x.jpg")], draw)
    assert store.samples() == before
    store.register([File("new.jpg")], draw)
    assert [sample.path for sample in store.samples()][4:] == ["new.jpg"]
    store.append(Entry("x", "skip", 1, sample_id=4))
