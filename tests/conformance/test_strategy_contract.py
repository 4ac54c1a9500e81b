"""The contract finds out whoever breaks it: one strategy that keeps it, and all the ways in which it can be broken."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from nextlabel.conformance import strategies
from nextlabel.strategies.door import StrategyEntry
from nextlabel.strategies.kit.drop_in import DropIn


class Plain(DropIn):
    """Somebody's strategy: the first that are unlabelled. ``bad`` makes it misbehave in one way."""

    def __init__(self, bad=None, missing_label=-1, random_state=None):
        super().__init__(missing_label, random_state)
        self.bad = bad + "!" if str(bad).startswith("clone") else bad

    def query(self, X, y, clf, fit_clf=True, candidates=None, batch_size=1, return_utilities=False):
        if self.bad == "mask" and np.asarray(candidates).dtype == bool:
            candidates = np.asarray(candidates, dtype=int)
        with warnings.catch_warnings():
            if self.bad == "silent":
                warnings.simplefilter("ignore")
            task = self._task(X, y, candidates, batch_size, return_utilities)
        if self.bad == "known" and task.labelled[task.rows].any():
            task = replace(task, rows=task.rows[~task.labelled[task.rows]])
            task = replace(task, batch=min(task.batch, len(task.rows)))
        model = clf.fit(X, y) if self.bad == "fit" and fit_clf else self._model(task, clf, fit_clf, None)
        count = len(task.rows)
        scores = np.linspace(1, 0, count) if self.bad != "lowest" else np.linspace(0, 1, count)
        order = np.arange(count)
        if self._misled(X, y, candidates, return_utilities, model):
            order = order[::-1]
        found = task.answer(order[: task.batch], lambda: np.tile(scores, (task.batch, 1)))
        return self._spoilt(found, X, y, model)

    def _misled(self, X, y, candidates, wordy, model):
        """Does something turn its choice that should not?"""
        if self.bad == "generator" and isinstance(self.random_state, np.random.RandomState):
            self.random_state.random_sample()
        if self.bad == "remember":
            before, self.seen = getattr(self, "seen", len(X)), len(X)
            return before != len(X)
        return {
            "utilities": wordy,
            "order": candidates is not None and np.asarray(candidates)[0] > 10,
            "text": np.asarray(y).dtype.kind not in "if",
            "layout": not X.flags.writeable,
            "list": isinstance(y, list),
        }.get(self.bad, False)

    def _spoilt(self, found, X, y, model):
        indices, utilities = found if isinstance(found, tuple) else (found, None)
        if {
            "repeat": True,
            "cold": np.all(np.asarray(y) == -1),
            "alike": len(np.unique(X, axis=0)) == 1,
            "many": len(model.classes_) > 500,
            "samples": utilities is not None and utilities.shape[1] != len(X),
        }.get(self.bad):
            indices = np.repeat(indices[:1], len(indices))
        if self.bad == "narrow":
            indices = indices.astype(np.int32)
        if self.bad == "picked" and utilities is not None:
            utilities[1:, indices[0]] = 0
        if self.bad == "labelled" and np.count_nonzero(np.asarray(y) >= 0) == 4:
            indices = np.arange(len(indices))
        return indices if utilities is None else (indices, utilities)


def test_a_strategy_of_ones_own_that_keeps_its_promises():
    for check in strategies.for_strategies + strategies.for_drop_ins:
        check(StrategyEntry(Plain))


@pytest.mark.parametrize(
    ("bad", "check", "why"),
    [
        ("narrow", "answers_as_upstream_does", "indices are int32"),
        ("utilities", "answers_as_upstream_does", "utilities change the picks"),
        ("repeat", "answers_as_upstream_does", "asks twice"),
        ("picked", "answers_as_upstream_does", "NaN in row 1"),
        ("lowest", "answers_as_upstream_does", "pick 0 is not the highest"),
        ("order", "reads_candidates", "order matters"),
        ("mask", "reads_candidates", "a boolean mask is read as indices"),
        ("known", "asks_labelled_candidates", r"of \[0, 3, 4, 5\]"),
        ("known", "works_in_wrappers", "of a part of"),
        ("samples", "takes_samples_as_candidates", "asks twice"),
        ("cold", "begins_with_any_labels", "and 5 were wanted"),
        ("labelled", "begins_with_any_labels", "asks for what is labelled"),
        ("alike", "asks_everybody_among_ties", "and 14 were wanted"),
        ("layout", "layout_does_not_matter", "features locked give"),
        ("list", "layout_does_not_matter", "labels in a list give"),
        ("generator", "takes_a_seed_of_any_kind", "generator was moved on"),
        ("silent", "shrinks_a_batch_that_is_too_large", "without a warning"),
        ("text", "reads_labels_of_every_kind", "whole numbers"),
        ("remember", "remembers_nothing", "depends on what was asked before"),
        ("repeat", "can_be_copied_and_wrapped", "asks twice"),
        ("many", "tells_many_classes_apart", "and 5 were wanted"),
        ("fit", "leaves_models_alone", "was changed with fit_clf=True"),
    ],
)
def test_every_broken_promise_is_found_out(bad, check, why):
    with pytest.raises(AssertionError, match=why):
        getattr(strategies, f"check_{check}")(StrategyEntry(Plain, {"bad": bad}))


def test_every_check_has_been_seen_to_fail():
    (mark,) = test_every_broken_promise_is_found_out.pytestmark
    told = {check for _, check, _ in mark.args[1]}
    assert {f"check_{name}" for name in told} == {check.__name__ for check in strategies.for_drop_ins}


def test_a_parameter_that_is_changed_when_it_is_set_cannot_be_copied():
    with pytest.raises(RuntimeError, match="Cannot clone"):
        strategies.check_can_be_copied_and_wrapped(StrategyEntry(Plain, {"bad": "clone"}))
