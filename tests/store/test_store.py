"""What is appended is kept once, in order, for good; on SQLite and on PostgreSQL."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from nextlabel.errors import BadEntry
from nextlabel.store import Choice, Entry, File, Question, open_store, visit_store
from nextlabel.store.tables import ADDED_ONLY


def draw(path):
    return len(path) / 100


def test_what_comes_back_is_what_is_kept(store, place, label):
    said = label(0, 1, how="grid", data={"group": ("a", 1), "why": "\udcff\0"}, shown_at=datetime.now(UTC))
    event = store.append(said)
    assert store.events()[-1] == event
    assert event.data == {"group": ["a", 1], "why": "\udcff\0"}
    store.close()
    with open_store(place) as again:
        assert again.events()[-1] == event
        assert again.append(said) == event


def test_an_answer_that_is_sent_twice_is_kept_once(store, label):
    before = len(store.events())
    first = store.append(label(0, 1, client_id="x"))
    again = store.append(label(0, 1, client_id="x", shown_at=datetime.now(UTC)))
    assert first == again
    assert len(store.events()) == before + 1


@pytest.mark.parametrize("change", [{"class_id": 0}, {"sample_id": 1}, {"annotator_id": 2}, {"how": "grid"}])
def test_a_client_id_with_another_content_is_refused(store, label, change):
    said = label(0, 1, client_id="x")
    store.append(said)
    with pytest.raises(BadEntry, match="was used before, for another entry"):
        store.append(replace(said, **change))


def test_a_class_that_is_added_twice_by_one_click_is_one_class(store):
    said = Entry("click", "class", data={"name": "tulip"})
    assert store.append(said) == store.append(said)
    assert len(store.state().classes.by_id) == 3


def test_several_entries_are_kept_all_or_not_at_all(store, label):
    before = store.events()
    with pytest.raises(BadEntry, match="this project does not have"):
        store.append_all([label(0, 1), label(1, 1), label(99, 1)])
    assert store.events() == before
    kept = store.append_all([label(0, 1), label(1, 1)])
    assert store.events() == [*before, *kept]


@pytest.mark.parametrize("field", ["sample_id", "class_id", "annotator_id", "ask_id"])
def test_what_the_project_does_not_have_is_refused(unchanged, label, field):
    with pytest.raises(BadEntry, match="this project does not have"):
        unchanged.append(replace(label(0, 1), **{field: 77}))


def test_the_log_cannot_be_changed(store, label):
    event = store.append(label(0, 1))
    store.add_batch(Choice(event.id, "margin"), [Question(1, "strategy")])
    for table, change in product(ADDED_ONLY, ["UPDATE {} SET id = id", "DELETE FROM {}"]):
        with store._connection.begin(), pytest.raises(DBAPIError, match=f"rows of {table} are only ever added"):
            store._connection.execute(text(change.format(table)))
    assert store.events()[-1] == event


def test_numbers_of_numpy_are_kept_as_numbers(store, label):
    event = store.append(label(np.int64(2), np.int64(1)))
    batch = store.add_batch(
        Choice(event.id, "m"), [Question(np.int64(3), "audit", np.float32(0.5), {np.int64(0): np.float32(0.25)})]
    )
    assert store.batches() == [batch]
    assert store.events()[-1] == event
    assert [type(event.sample_id), type(batch.asks[0].sample_id)] == [int, int]


def test_floats_come_back_to_the_bit(store):
    odd = [0.1 + 0.2, 5e-324, 1 - 2**-53, -1e300]
    batch = store.add_batch(Choice(1, "m", tau=odd[0]), [Question(0, "cold", one, {0: one}) for one in odd])
    assert [(ask.score, ask.probabilities[0]) for ask in store.batches()[0].asks] == [(one, one) for one in odd]
    assert store.batches()[0].choice.tau == batch.choice.tau == odd[0]


@pytest.mark.parametrize(
    ("choice", "questions", "said"),
    [
        (Choice(99, "m"), [Question(0, "cold")], "cannot know event 99"),
        (Choice(1, "m"), [], "without questions"),
        (Choice(1, "m"), [Question(9, "cold")], "a sample that this project does not have"),
        (Choice(1, "m"), [Question(0, "cold", float("nan"))], "nan cannot be kept"),
        (Choice(1, "m"), [Question(0, "cold", 0.5, {0: float("inf")})], "inf cannot be kept"),
        (Choice(1, "m", settings_id=1), [Question(0, "cold")], "no change of settings"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(unchanged, choice, questions, said):
    with pytest.raises(BadEntry, match=said):
        unchanged.add_batch(choice, questions)
    assert unchanged.batches() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "labl"}, "no entry of kind 'labl'"),
        ({"client_id": ""}, "is no client id"),
        ({"client_id": "a\nb"}, "is no client id"),
        ({"client_id": "x" * 101}, "is no client id"),
        ({"how": "mind"}, "and not by 'mind'"),
        ({"class_id": None}, "must say its class_id"),
        ({"takes_back": 1}, "says nothing of takes_back"),
        ({"sample_id": "0"}, "'0' cannot be the sample_id"),
        ({"sample_id": False}, "False cannot be the sample_id"),
        ({"sample_id": -1}, "-1 cannot be the sample_id"),
        ({"sample_id": 2**40}, "cannot be the sample_id"),
        ({"data": {"score": float("nan")}}, "must be JSON"),
        ({"data": {"a": {1, 2}}}, "must be JSON"),
        ({"kind": "note", "class_id": None, "data": {"words": "x"}}, "A note is kept as"),
    ],
)
def test_an_entry_that_says_too_little_or_too_much_is_refused(unchanged, label, change, said):
    with pytest.raises(BadEntry, match=said):
        unchanged.append(replace(label(0, 1), **change))


def test_a_note_and_a_skip_are_kept_with_their_sample(store):
    note = store.append(Entry("note", "note", 1, sample_id=0, data={"text": "a bee <b>on</b> it"}))
    skip = store.append(Entry("skip", "skip", 1, sample_id=0))
    state = store.state()
    assert state.notes(0) == [note]
    assert (state.verdict(0).kind, state.verdict(0).event_id) == ("skip", skip.id)


def test_a_clock_that_is_set_back_reorders_nothing(store, label):
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    for hours, class_id in ((0, 0), (-5, 1)):
        store.append(label(0, class_id, at=now + timedelta(hours=hours)))
    assert store.state().verdict(0).class_id == 1


def test_times_are_kept_in_utc(store, label):
    here = datetime.fromisoformat("2026-05-01T14:00:00.123456+02:00")
    event = store.append(label(0, 0, at=here))
    assert store.events()[-1].at.isoformat() == event.at.isoformat() == "2026-05-01T12:00:00.123456+00:00"
    with pytest.raises(BadEntry, match="has no time zone"):
        store.append(label(0, 0, at=datetime(2026, 5, 1)))


def test_one_takes_back_ones_own_once(store, label):
    event = store.append(label(0, 0))
    undo = Entry("undo", "undo", 1, takes_back=event.id)
    with pytest.raises(BadEntry, match="Only an answer of one's own"):
        store.append(replace(undo, annotator_id=2))
    done = store.append(undo)
    with pytest.raises(BadEntry, match="taken back already"):
        store.append(replace(undo, client_id="another"))
    with pytest.raises(BadEntry, match="'undo' cannot be taken back"):
        store.append(Entry("undo of undo", "undo", 1, takes_back=done.id))
    assert store.state().verdict(0).kind == "open"


def test_undo_goes_back_over_a_restart(store, place, label):
    for class_id in (0, 1):
        store.append(label(2, class_id))
    store.close()
    with open_store(place) as again:
        for _ in range(2):
            last = again.state().last_answers(1)[0]
            again.append(Entry(f"undo {last.id}", "undo", 1, takes_back=last.id))
        assert again.state().last_answers(1) == []
        assert again.state().verdicts() == {}


def test_the_table_of_classes_is_what_the_events_say(store):
    for number, (class_id, change) in enumerate(
        [(None, {"name": "Tulip", "key": "t"}), (0, {"name": "Gänseblümchen"}), (1, {"key": None}), (2, {"place": 0})]
    ):
        store.append(Entry(f"change {number}", "class", 1, class_id=class_id, data=change))
    store.append(Entry("merge", "class", 1, class_id=1, data={"merged_into": 2}))
    rows = store._connection.execute(text('SELECT id, name, key, place, merged_into FROM "class" ORDER BY id')).all()
    store._connection.rollback()
    found = sorted(store.state().classes.by_id.values(), key=lambda one: one.id)
    assert rows == [(one.id, one.name, one.key, one.place, one.merged_into) for one in found]
    assert [one.name for one in store.state().classes.active()] == ["Gänseblümchen", "Tulip"]


def test_many_threads_append_and_nothing_is_lost(store, label):
    entries = [[label(n % 4, n % 2) for n in range(20)] for _ in range(4)]
    threads = [threading.Thread(target=lambda mine: [*map(store.append, mine)], args=(mine,)) for mine in entries]
    before = len(store.events())
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = store.events()
    assert [event.id for event in events] == list(range(1, before + 81))
    assert {event.client_id for event in events[before:]} == {each.client_id for mine in entries for each in mine}


def test_a_visitor_reads_and_invites_while_a_server_runs(store, place, label):
    store.append(label(0, 1))
    with visit_store(place) as visit:
        assert visit.events() == store.events()
        cleo = visit.invite("Cleo", "hash of Cleo")
        new = visit.invite("Ada", "another hash")
        event = store.append(label(1, 1))
        assert visit.state().upto == event.id
    assert store.annotators()[0] == new
    assert store.annotators()[-1] == cleo
    store.append(label(2, 0, annotator=cleo.id))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_nobody_is_called_that(unchanged, name):
    with pytest.raises(BadEntry, match="name is 1 to 100 characters"):
        unchanged.invite(name, "hash")


def test_what_a_batch_was_chosen_from_can_be_built_again(store, label):
    first = store.append(label(0, 0))
    store.append(Entry("goal", "settings", 1, data={"batch": 5}))
    one = store.add_batch(Choice(first.id, "margin"), [Question(1, "strategy")])
    store.append(label(0, 1))
    store.add_batch(Choice(first.id, "margin"), [Question(2, "strategy")])
    then = store.state(one.choice.upto, one.choice.last_batch + 1)
    assert (then.verdict(0).class_id, then.batches, then.settings) == (0, {}, {})
    now = store.state()
    assert (now.verdict(0).class_id, list(now.batches), now.settings) == (1, [1, 2], {"batch": 5})


def test_names_of_any_kind_are_kept(store):
    odd = ["\udcff.jpg", "a\\b.jpg", "back\\u0041.jpg", "new\nline.jpg", "\U0001f33c.jpg", "C:x.jpg", "'; DROP TABLE--"]
    store.register([File(name) for name in odd], draw, whole=True)
    assert [sample.path for sample in store.samples() if sample.gone is None] == odd


def test_the_page_on_the_store_shows_a_query_that_runs(store, label):
    kept = store.append(label(2, 1))
    page = (Path(__file__).parents[2] / "docs" / "store.md").read_text(encoding="utf-8")
    query = re.search(r"```sql\n(.*?)```", page, flags=re.S)[1]
    with store._reading() as connection:
        assert connection.execute(text(query)).all() == [(kept.id, "Ada", "c.jpg", "rose")]
