"""A project's answers as labels: whose they are, which of them count, and which may judge."""

import shutil

import pytest
from beds_project import open_beds

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.errors import BadData, CannotOpen, Mistake
from nextlabel.knobs.course import Course
from nextlabel.labelling.labels import ProjectLabels
from nextlabel.labelling.records import find_record, read_record, refuse_distant
from nextlabel.labelling.status import count_project
from nextlabel.store import Entry
from nextlabel.training import train_audited
from nextlabel.training.calibration import share_above


@pytest.fixture
def place(tmp_path):
    return tmp_path / "beds"


def labelled(place):
    """What a project says of its pictures, by path."""
    labels = ProjectLabels(read_record(place))
    dataset = load(labels.fit(Request(str(place), unlabelled=True)))
    known = zip(dataset.paths, dataset.y.tolist(), strict=True)
    return {path: dataset.classes[code] for path, code in known if code >= 0}, labels, dataset


def test_a_project_is_read_while_it_is_served(place):
    with open_beds(place, 4) as beds:
        beds.say("rose/0-00.png", beds.invite("ada"))
        record = read_record(place)
        assert record.served
        assert labelled(place)[0] == {"rose/0-00.png": "rose"}
    assert not read_record(place).served


def test_discards_skips_and_what_was_taken_back_are_no_labels(place):
    with open_beds(place, 4) as beds:
        ada = beds.invite("ada")
        beds.say("rose/0-00.png", ada)
        beds.say("rose/0-01.png", ada, "discard")
        beds.say("iris/0-00.png", ada, "skip")
        beds.say("iris/0-01.png", ada)
        (last,) = beds.project.state.last_answers(ada)
        beds.project.append(Entry("back", "undo", ada, takes_back=last.id))
    assert labelled(place)[0] == {"rose/0-00.png": "rose"}
    assert "1 discarded and 1 skipped left out" in labelled(place)[2].warnings[0]


def test_merged_classes_are_followed_and_a_class_may_be_called_none(place):
    with open_beds(place, 4) as beds:
        ada = beds.invite("ada")
        beds.project.append(Entry("new", "class", ada, data={"name": "None"}))
        beds.project.append(Entry("merge", "class", ada, class_id=beds.classes["iris"], data={"merged_into": 2}))
        beds.say("iris/0-00.png", ada)
        beds.say("rose/0-00.png", ada)
    assert labelled(place)[0] == {"iris/0-00.png": "None", "rose/0-00.png": "rose"}


def test_files_that_moved_keep_their_answers_and_files_that_changed_lose_them(place):
    with open_beds(place, 4) as beds:
        ada = beds.invite("ada")
        for path in ("rose/0-00.png", "rose/0-01.png", "iris/0-00.png"):
            beds.say(path, ada)
        source = beds.project.source
        files = source.read([(i, path) for path, i in beds.ids.items()], None, lambda *_: None).files
        beds.project.register(files, whole=False)  # their content is known from now on
    (place / "rose" / "0-00.png").rename(place / "moved.png")
    shutil.copy(place / "iris" / "0-02.png", place / "rose" / "0-01.png")
    found, _, dataset = labelled(place)
    assert found == {"moved.png": "rose", "iris/0-00.png": "iris"}
    assert "1 answer about files that are no longer there is left out." in dataset.warnings[0]


def test_a_copy_is_learned_once_so_that_no_audit_answer_is_known_by_its_twin(place):
    with open_beds(place, 4) as beds:
        beds.say("rose/0-00.png", beds.invite("ada"))
    shutil.copy(place / "rose" / "0-00.png", place / "again.png")
    with open_beds(place) as beds:
        files = beds.project.source.read([(i, path) for path, i in beds.ids.items()], None, lambda *_: None).files
        beds.project.register(files, whole=False)
    assert len(labelled(place)[0]) == 1


def test_audit_answers_are_those_of_their_side_given_one_by_one(place):
    with open_beds(place, 8) as beds:
        ada = beds.invite("ada")
        beds.say_all(ada)
        side = {one.id for one in beds.project.samples if one.draw < 0.5}
        imported = min(side)
        (event,) = beds.project.state.opinions(imported).values()
        beds.project.append(Entry("back", "undo", ada, takes_back=event.id))
        beds.say(beds.project.path(imported), None, how="import")
    record = read_record(place)
    assert set(record.audit()) == side - {imported}
    assert [record.samples[one].draw for one in record.audit()] == sorted(
        record.samples[one].draw for one in record.audit()
    )


def test_a_model_is_calibrated_on_audit_answers_that_it_had_not_learned(place):
    with open_beds(place) as beds:
        beds.say_all(beds.invite("ada"))
    labels = ProjectLabels(read_record(place))
    dataset = load(labels.fit(Request(str(place))))
    found = train_audited(dataset, labels.suit(Course()), labels.audit_rows(dataset))
    audit = len(labels.record.audit())
    assert found.classifier.calibration.labels == audit >= 30
    assert found.classifier.about["labels"] == {"iris": 40, "rose": 40}
    right = share_above(found.audit, 0.9, calibrated=True)
    assert 0 < right.total <= audit


def test_too_few_audit_answers_calibrate_nothing_and_are_told(place):
    with open_beds(place) as beds:
        beds.say_all(beds.invite("ada"), 12)
    labels = ProjectLabels(read_record(place))
    dataset = load(labels.fit(Request(str(place))))
    with pytest.warns(UserWarning, match="there are 12 audit answers, and it takes 30"):
        found = train_audited(dataset, labels.suit(Course()), labels.audit_rows(dataset))
    assert found.classifier.confidence == "score"


def test_the_projects_model_and_embedder_are_the_defaults(place):
    with open_beds(place, 4):
        pass
    labels = ProjectLabels(read_record(place))
    assert labels.suit(Course()) == Course(model="linear", embedder="pixels")
    assert labels.suit(Course(embedder="patches")).embedder == "patches"


def test_a_network_makes_features_of_its_own(place):
    with open_beds(place, 4, model="cnn(epochs=2)"):
        pass
    assert ProjectLabels(read_record(place)).suit(Course()) == Course(model="cnn(epochs=2)")


def test_labels_beside_a_project_are_refused(place):
    with open_beds(place, 4):
        pass
    with pytest.raises(Mistake, match="is a labelling project, whose answers are the labels: leave out --labels"):
        ProjectLabels(read_record(place)).fit(Request(str(place), answers=("a.csv",)))


def test_a_folder_without_a_project_has_no_record(tmp_path):
    assert find_record(str(tmp_path)) is None
    with pytest.raises(CannotOpen, match="There is no labelling project"):
        read_record(tmp_path)
    with pytest.raises(BadData, match="There is no folder or file"):
        read_record(tmp_path / "none")
    (tmp_path / ".nextlabel").mkdir()
    (tmp_path / ".nextlabel" / "secret").touch()
    with pytest.raises(Mistake, match="are in a database"):
        read_record(tmp_path)
    with pytest.raises(Mistake, match="answers are in a database"):
        refuse_distant(str(tmp_path))


def test_a_status_counts_what_is_there(place):
    with open_beds(place, 4) as beds:
        ada, bob = beds.invite("ada"), beds.invite("bob")
        beds.say("rose/0-00.png", ada)
        beds.say("rose/0-00.png", bob, name="iris")
        beds.say("rose/0-01.png", None, how="import")
        beds.say("iris/0-00.png", bob, "skip")
        beds.say("iris/0-01.png", bob, "discard")
        (place / ".nextlabel" / "address.json").write_text('{"url": "http://127.0.0.1:1"}')
        found = count_project(read_record(place))
    assert (found.samples, found.labels, found.left) == (8, 2, 4)
    assert (found.skipped, found.discarded, found.disputed, found.imported) == (1, 1, 1, 1)
    assert found.classes == {"iris": 0, "rose": 2}
    assert found.people == {"ada": 1, "bob": 3}
    assert (found.last_by, found.served, found.url) == ("bob", True, "http://127.0.0.1:1")
    left_behind = count_project(read_record(place))  # by a server that was killed
    assert (left_behind.served, left_behind.url) == (False, None)
