import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nextlabel.pool import NOBODY, Pool


def pool(n=10, known=(), watch=(), audit=(), askable=None):
    y = np.full(n, -1)
    y[list(known)] = 1
    y[list(watch)] = 0
    may = np.ones(n, dtype=bool) if askable is None else askable
    may[[*watch, *audit]] = False
    return Pool(np.zeros((n, 2), np.float32), y, may, 2, np.array(watch, int), np.array(audit, int))


def test_validation_labels_belong_to_nobody_but_the_model():
    found = pool(known=[1, 2], watch=[3, 4])
    assert found.labelled().tolist() == [1, 2]
    assert not {3, 4} & set(found.unlabelled())


def test_answers_make_a_new_pool():
    before = pool(known=[0])
    after = before.answered(np.array([5, 3]), np.array([1, 0]))
    assert after.labelled().tolist() == [0, 3, 5]
    assert before.labelled().tolist() == [0]


def test_what_nobody_could_answer_is_not_asked_again():
    after = pool().answered(np.array([5, 3]), np.array([1, -1]))
    assert 3 not in after.unlabelled()
    assert after.labelled().tolist() == [5]


def test_an_answered_audit_sample_joins_the_labelled_set():
    after = pool(audit=[7, 2]).answered(np.array([7]), np.array([1]))
    assert after.unaudited().tolist() == [2]
    assert after.labelled().tolist() == [7]


def test_what_is_out_for_an_answer_is_neither_seen_nor_asked():
    seen = pool(audit=[7]).without(np.array([7, 1]))
    assert seen.unaudited().tolist() == []
    assert 1 not in seen.unlabelled()


def test_known_classes_are_those_of_the_labelled_set():
    assert pool(known=[1, 2], watch=[3]).known_classes() == 1


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(-1, 1)), unique_by=lambda pair: pair[0]))
def test_every_sample_is_in_one_place(given_answers):
    ids = np.array([i for i, _ in given_answers], dtype=np.int64) if given_answers else NOBODY
    labels = np.array([label for _, label in given_answers], dtype=np.int64)
    after = pool(20).answered(ids, labels)
    assert after.left() + len(after.labelled()) + (labels < 0).sum() == 20
