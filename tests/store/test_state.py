"""What the events say, against a slow version that reads all of them for every question."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextlabel.errors import BadEntry
from nextlabel.store.classes import Classes
from nextlabel.store.files import Files, ranges, spread
from nextlabel.store.records import ANSWERS, CAN_BE_TAKEN_BACK, Ask, Batch, Choice, Event
from nextlabel.store.state import State, Verdict

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SAMPLES, CLASSES = range(4), range(3)
ASKS = tuple(
    Ask(place + 1, 1, place, sample, why, None, None)
    for place, (sample, why) in enumerate([(0, "review"), (1, "review"), (0, "strategy"), (2, "audit")])
)
BATCH = Batch(1, Choice(0, "margin"), NOON, ASKS)


def event(number, kind, annotator=1, sample=None, **more):
    empty = dict.fromkeys(("ask_id", "class_id", "takes_back", "how", "shown_at", "data"))
    return Event(**{
        "id": number, "client_id": str(number), "kind": kind, "annotator_id": annotator, "sample_id": sample,
        "at": NOON, **empty, **more,
    })  # fmt: skip


def fold(events):
    state = State()
    state.add_batch(BATCH)
    state.files.add({"joined": [[0, 3]], "read": [[0, 3]]})
    for one in events:
        state.add(one)
    return state


KINDS = ["label"] * 5 + ["undo"] * 3 + ["skip", "discard", "note", "lease", "merge", "copy"]
SECONDS = [0, 60, 130, 260, -9999]
LINES = st.lists(
    st.tuples(
        st.sampled_from(KINDS), st.sampled_from([1, 1, 2]), st.sampled_from(SAMPLES), st.sampled_from(SAMPLES),
        st.sampled_from(CLASSES), st.sampled_from([None, None, 1, 2, 3]), st.sampled_from(SECONDS), st.integers(1, 6),
        st.sampled_from(["key", "button", "grid", "import"]),
    ),
    max_size=25,
)  # fmt: skip


def log_of(lines):
    """Any log that a store could hold, and some undos that it would have refused."""
    events, merged, copies = [], set(), {}
    for number, (kind, who, sample, other, class_id, ask, seconds, back, how) in enumerate(lines, 1):
        at = NOON + timedelta(seconds=seconds)
        if kind == "label":
            who = None if how == "import" else who
            events.append(event(number, kind, who, sample, at=at, class_id=class_id, how=how, ask_id=ask))
        elif kind == "undo":
            events.append(event(number, kind, who, takes_back=max(1, number - back)))
        elif kind == "lease":
            asked = None if ask is None else ASKS[ask]  # a question is about one sample
            place, ask_id = (sample, None) if asked is None else (asked.sample_id, asked.id)
            events.append(event(number, kind, who, place, at=at, ask_id=ask_id))
        elif kind in ("skip", "discard", "note"):
            events.append(event(number, kind, who, sample, at=at, ask_id=ask))
        elif kind == "merge" and class_id not in merged and (into := (class_id + 1) % 3) not in merged:
            merged.add(class_id)
            events.append(event(number, "class", class_id=class_id, data={"merged_into": into}))
        elif kind == "copy" and sample != other and not {sample, other} & {*copies} and sample not in copies.values():
            copies[sample] = other
            events.append(event(number, "scan", None, data={"copies": [[sample, other]]}))
    return events


logs = LINES.map(log_of)


class Obvious:
    """The same questions, each answered by reading the whole log."""

    def __init__(self, events):
        by_id, taken = {one.id: one for one in events}, set()
        for one in events:
            kept = by_id.get(one.takes_back)
            if kept and kept.id < one.id and kept.kind in CAN_BE_TAKEN_BACK and kept.annotator_id == one.annotator_id:
                taken.add(kept.id)
        self.events = events
        self.left = [one for one in events if one.kind in CAN_BE_TAKEN_BACK and one.id not in taken]
        self.merged = {one.class_id: one.data["merged_into"] for one in events if one.kind == "class"}
        self.copies = dict(pair for one in events if one.kind == "scan" for pair in one.data["copies"])

    def first(self, sample):
        return self.copies.get(sample, sample)

    def meaning(self, one):
        found = one.class_id
        while found in self.merged:
            found = self.merged[found]
        return one.kind, found

    def verdict(self, sample):
        mine = [one for one in self.left if self.first(one.sample_id) == self.first(sample) and one.kind in ANSWERS]
        who = {one.annotator_id for one in mine}
        last = {each: [one for one in mine if one.annotator_id == each][-1] for each in who}
        opinions = [one for one in last.values() if one.kind != "skip"]
        if not opinions:
            return Verdict("skip", event_id=mine[-1].id) if mine else Verdict()
        opinions = [one for one in opinions if one.annotator_id is not None] or opinions  # an import is nobody's word
        began = {
            each: min((one.id for one in mine if one.annotator_id == each and one.kind != "skip"), default=None)
            for each in who
        }
        opinions.sort(key=lambda one: began[one.annotator_id])
        reviews = [one for one in opinions if one.ask_id in (1, 2)]
        stands = max(reviews, key=lambda one: one.id) if reviews else opinions[0]
        disputed = not reviews and len({self.meaning(one) for one in opinions}) > 1
        return Verdict(*self.meaning(stands), stands.id, disputed)

    def lease(self, sample):
        """The lease that is on a sample, and how many of each ask ran out."""
        lease, run_out = None, {}
        for one in self.events:
            if one.sample_id != sample:
                continue
            if one.kind == "lease":
                if lease and not -120 < (one.at - lease.at).total_seconds() < 120:
                    run_out[lease.ask_id] = run_out.get(lease.ask_id, 0) + 1
                lease = one
            elif one.kind in ANSWERS and lease and one.annotator_id == lease.annotator_id:
                lease = None
        return lease, run_out

    def is_done(self, ask, now):
        lease, run_out = self.lease(ask.sample_id)
        late = lease is not None and lease.ask_id == ask.id and abs((now - lease.at).total_seconds()) >= 120
        is_copy = ask.sample_id in self.copies
        return self.verdict(ask.sample_id).kind != "open" or is_copy or run_out.get(ask.id, 0) + late >= 2


@given(logs)
def test_a_state_that_is_kept_up_says_what_the_whole_log_says(events):
    kept, now = fold([]), NOON + timedelta(seconds=200)
    for count, one in enumerate(events, 1):
        kept.add(one)
        obvious = Obvious(events[:count])
        assert [kept.verdict(sample) for sample in SAMPLES] == [obvious.verdict(sample) for sample in SAMPLES]
        assert [kept.is_done(ask, now) for ask in ASKS] == [obvious.is_done(ask, now) for ask in ASKS]
    assert vars(kept) == vars(fold(events))
    everyone = {sample: Obvious(events).verdict(sample) for sample in SAMPLES if kept.files.first(sample) == sample}
    assert kept.verdicts() == {sample: verdict for sample, verdict in everyone.items() if verdict.kind != "open"}


@given(logs)
def test_backspace_takes_back_ones_own_until_nothing_is_left(events):
    state = fold(events)
    while last := state.last_answers(1):
        state.add(event(state.upto + 1, "undo", takes_back=last[0].id))
    left = [one for sample in SAMPLES for one in state.standing(sample)]
    assert {one.annotator_id for one in left} <= {None, 2}


def test_while_two_disagree_the_first_stands_until_review_decides():
    events = [event(n, "label", who, 0, class_id=c, how="key") for n, who, c in ((1, 1, 0), (2, 2, 1))]
    assert fold(events).verdict(0) == Verdict("label", 0, 1, disputed=True)
    corrected = [*events, event(3, "label", 1, 0, class_id=2, how="key")]
    assert fold(corrected).verdict(0) == Verdict("label", 2, 3, disputed=True)
    decided = [*corrected, event(4, "label", 2, 0, class_id=1, how="key", ask_id=1)]
    assert fold(decided).verdict(0) == Verdict("label", 1, 4, disputed=False)
    agreed = [*events, event(3, "undo", 2, takes_back=2), event(4, "label", 2, 0, class_id=0, how="key")]
    assert fold(agreed).verdict(0) == Verdict("label", 0, 1, disputed=False)


def test_old_answers_follow_a_merge_and_end_a_dispute():
    events = [event(n, "label", who, 0, class_id=c, how="key") for n, who, c in ((1, 1, 0), (2, 2, 1))]
    merges = [
        event(3, "class", class_id=0, data={"merged_into": 2}),
        event(4, "class", class_id=1, data={"merged_into": 2}),
    ]
    assert fold(events + merges).verdict(0) == Verdict("label", 2, 1, disputed=False)


def test_a_lease_belongs_to_one_for_two_minutes():
    state = fold([event(1, "lease", 1, 2, ask_id=4)])
    assert state.holder(2, NOON + timedelta(seconds=119)) == 1
    assert state.holder(2, NOON + timedelta(seconds=120)) is None
    assert state.holder(2, NOON - timedelta(hours=1)) is None  # the clock was set back: not for an hour


def test_a_batch_closes_when_each_picture_is_answered_gone_or_looked_at_twice_in_vain():
    now = NOON + timedelta(minutes=10)
    state = fold([])
    answers = [event(1, "label", 1, 0, class_id=0, how="key"), event(2, "skip", 1, 1)]
    for one in answers:
        state.add(one)
    assert [ask.sample_id for ask in state.open_asks(1, now)] == [2]
    for number, minutes in ((3, 0), (4, 3)):
        state.add(event(number, "lease", 2, 2, ask_id=4, at=NOON + timedelta(minutes=minutes)))
        early = NOON + timedelta(minutes=minutes + 1)
        assert [ask.sample_id for ask in state.open_asks(1, early)] == [2]
    assert state.open_asks(1, now) == []
    state.add(event(5, "undo", 1, takes_back=1))
    assert [ask.id for ask in state.open_asks(1, now)] == [1, 3]
    state.add(event(6, "scan", None, data={"gone": [[0, 0]]}))
    assert state.open_asks(1, now) == []


def test_a_lease_that_is_renewed_in_time_has_not_run_out():
    renewed = [event(n, "lease", 1, 2, ask_id=4, at=NOON + timedelta(minutes=n)) for n in range(1, 9)]
    assert 2 in [ask.sample_id for ask in fold(renewed).open_asks(1, NOON + timedelta(minutes=11))]


def test_a_skip_knows_how_many_answers_came_after_it():
    state = fold([event(1, "skip", 1, 0), event(2, "label", 1, 1, class_id=0, how="key")])
    state.add(event(3, "label", 1, 2, class_id=0, how="grid"))  # not asked one by one
    assert state.answers_since(1) == 1


def test_an_event_that_was_added_is_not_added_again():
    with pytest.raises(ValueError, match="added already"):
        fold([event(1, "skip", 1, 0)]).add(event(1, "skip", 1, 0))


@pytest.mark.parametrize(
    ("class_id", "change", "said"),
    [
        (None, {"name": ""}, "1 to 300"),
        (None, {"name": "x" * 301}, "1 to 300"),
        (None, {"name": "a\nb"}, "cannot be shown"),
        (None, {"name": " DAISY"}, "a class 'daisy' already"),
        (None, {"name": "cafe\u0301"}, "a class 'café' already"),
        (None, {"key": "x"}, "needs a name"),
        (None, {"name": "new", "key": "d"}, "bound to 'daisy' already"),
        (None, {"name": "new", "key": "<script>"}, "one letter, digit or mark"),
        (None, {"name": 7}, "7 cannot be the name"),
        (0, {"nmae": "x"}, "Did you mean 'name'"),
        (0, {"place": True}, "True cannot be the place"),
        (0, {"merged_into": 0}, "another class of this project"),
        (0, {"merged_into": 9}, "another class of this project"),
        (0, {"merged_into": 2}, "another class of this project"),
        (2, {"name": "back"}, "was merged into another"),
        (9, {"name": "x"}, "no class 9"),
    ],
)
def test_a_class_that_cannot_be_is_refused(class_id, change, said):
    with pytest.raises(BadEntry, match=said):
        some_classes().check(class_id, change)


@pytest.mark.parametrize("name", ["🌼", "שושנה", "x" * 300, "../CON", "=1+1", "<b>"])
def test_a_class_may_be_called_anything_that_can_be_shown(name):
    assert some_classes().check(None, {"name": name}) == 3


def some_classes():
    classes = Classes()
    for number, fields in enumerate([{"name": "daisy", "key": "d"}, {"name": "café"}, {"name": "old", "key": "o"}]):
        classes.add(event(number, "class", class_id=number, data=fields))
    classes.add(event(3, "class", class_id=2, data={"merged_into": 1}))
    return classes


@given(st.sets(st.integers(0, 60)))
def test_ranges_hold_just_their_ids(ids):
    assert set(spread(ranges(ids))) == ids
    files = Files()
    files.add({"joined": ranges(ids), "read": ranges(ids)})
    assert files.askable() == ids
