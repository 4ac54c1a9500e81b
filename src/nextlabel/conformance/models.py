"""The contract that every model must pass, one function for each promise. Use it on models of your own:

    from nextlabel.conformance import models
    from nextlabel.models.base import ModelEntry

    for check in models.for_models:
        check(ModelEntry(lambda dataset, settings: MyModel(settings)))

A check raises `AssertionError`, with a sentence, where the promise is broken. The problem is small: 24 samples of three
classes that are easy to tell apart, as features and as pictures, and a fourth class that nobody has seen.
"""

import json
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from skactiveml.base import SkactivemlClassifier
from sklearn.base import clone

from nextlabel.datasets.base import Block, Dataset, Squares
from nextlabel.loop.learner import ActiveLearner, learn
from nextlabel.models.base import Fitted, ModelEntry, Settings
from nextlabel.plan import Plan
from nextlabel.pool import Floats, Pool
from nextlabel.progress import Progress, quiet
from nextlabel.seeds import stream
from nextlabel.strategies import RandomSampling
from nextlabel.strategies.door import StrategyEntry

N, SEEN, CLASSES = 24, 3, 4  # samples; classes with labels; classes in all
TRUTH = np.arange(N) % SEEN  # (24,)
WATCH = np.array([21, 22, 23])  # validation samples, one of each class


@dataclass(frozen=True)
class _Colours:
    """Noisy pictures, one colour a class."""

    version: str = "1"
    grey_side: int | None = None
    digests: Sequence[str] = tuple(map(str, range(N)))

    def squares(self, size: int, progress: Progress = quiet) -> Squares:
        # Colour and not shape: a network of few epochs, or a mean of pixels, must tell the classes apart.
        colour = np.array([(200, 30, 30), (30, 200, 30), (30, 30, 200)])[TRUTH][:, None, None, :]  # (24, 1, 1, 3)
        noise = stream(0, "colours").normal(0, 40, (N, size, size, 3))  # (24, size, size, 3)
        return np.clip(colour + noise, 0, 255).astype(np.uint8)

    def blocks(self, size: int, ids: Sequence[int]) -> Iterator[Block]:
        yield ids, self.squares(size)[list(ids)]


def small_dataset() -> Dataset:
    """The samples as pictures, with their labels."""
    return Dataset("colours", TRUTH, ("red", "green", "blue", "grey"), "small", pictures=_Colours())


def small_pool(labelled: int = 12) -> Pool:
    """The first ``labelled`` samples are known; features (24, 5) tell the three classes apart."""
    X = stream(0, "features").normal(size=(N, 5)) + 4 * np.eye(SEEN, 5)[TRUTH]
    y = np.where(np.arange(N) < labelled, TRUTH, -1)
    # As in a simulation: validation labels stand in y, and only `watch` says that nobody may train on them.
    y[WATCH] = TRUTH[WATCH]
    askable = ~np.isin(np.arange(N), WATCH)
    return Pool(X.astype(np.float32), y, askable, CLASSES, watch=WATCH)


def fit(entry: ModelEntry, pool: Pool, settings: Settings | None = None, seed: int = 0) -> Fitted:
    """A model made anew and trained, as the loop does it in round 0."""
    # A stream made anew: given on from one fit to the next, it would carry something over.
    return entry.make(small_dataset(), settings or {}).fit(pool, stream(seed, "fit", 0))


def _predict(fitted: Fitted) -> Floats:
    return np.asarray(fitted.clf.predict_proba(fitted.features))  # (24, 4)


def _same_model(one: Fitted, two: Fitted, why: str) -> None:
    # To the bit: rows of a resumed run must be those that it would have had.
    assert np.array_equal(one.features, two.features), f"{why} changes the features"
    assert np.array_equal(_predict(one), _predict(two)), f"{why} changes the probabilities"


def check_gives_features_and_a_classifier(entry: ModelEntry) -> None:
    """One row of finite features for every sample; a scikit-activeml classifier that knows all classes by code."""
    fitted = fit(entry, small_pool())
    assert fitted.features.ndim == 2, f"features have the shape {fitted.features.shape}, not (N, d)"
    assert len(fitted.features) == N, f"{len(fitted.features)} rows of features, and there are {N} samples"
    assert np.isfinite(fitted.features).all(), "features hold what is no number"
    assert isinstance(fitted.clf, SkactivemlClassifier), f"{type(fitted.clf).__name__} is no scikit-activeml classifier"
    assert fitted.clf.missing_label == -1, f"missing_label is {fitted.clf.missing_label}, not -1"
    # All four, of which one has no label: columns are codes everywhere, and must not move when a label arrives.
    assert list(fitted.clf.classes_) == list(range(CLASSES)), f"classes are {list(fitted.clf.classes_)}"


def check_probabilities_are_shares(entry: ModelEntry) -> None:
    """Rows sum to 1, columns are classes; embeddings on request, one row each.

    A class without a label has probability 0, unless the model trains features of its own: a network's last layer has
    a row for every class, and gives each some probability.
    """
    fitted = fit(entry, small_pool())
    proba, embedded = fitted.clf.predict_proba(fitted.features[:7], return_embeddings=True)  # (7, 4), (7, d)
    assert proba.shape == (7, CLASSES), f"probabilities have the shape {proba.shape}, not (7, {CLASSES})"
    assert (proba >= 0).all(), "a probability is negative"
    assert np.allclose(proba.sum(axis=1), 1), f"probabilities sum to {proba.sum(axis=1)}"
    assert len(embedded) == 7, f"{len(embedded)} embeddings of 7 samples"
    if not entry.pictures:
        assert (proba[:, -1] == 0).all(), f"a class that nobody has seen has probability {proba[:, -1].max()}"


def check_learns(entry: ModelEntry) -> None:
    """Most of what it was trained on comes out right: a model that ignores labels, or mixes them up, does not do so."""
    pool = small_pool(labelled=21)
    right = _predict(fit(entry, pool)).argmax(axis=1) == TRUTH
    share = right[pool.labelled()].mean()
    # Well above chance and well below perfect: this is no race, it finds labels that were mixed up.
    assert share > 0.6, f"{share:.0%} of the labelled samples come out right, and chance is 33 %"


def check_depends_on_pool_and_stream_alone(entry: ModelEntry) -> None:
    """The same again, from the same object or a fresh one, whatever numpy's global generator says in between."""
    model, before = entry.make(small_dataset(), {}), np.random.get_state()
    try:
        np.random.seed(1)
        first = model.fit(small_pool(), stream(0, "fit", 0))
        np.random.seed(2)
        model.fit(small_pool(labelled=6), stream(1, "fit", 0))  # another round: nothing of it may remain
        again = model.fit(small_pool(), stream(0, "fit", 0))
    finally:
        np.random.set_state(before)
    _same_model(first, again, "an earlier round")
    _same_model(first, fit(entry, small_pool()), "a fresh object")


def check_order_of_labelling_does_not_matter(entry: ModelEntry) -> None:
    """The same set of labels gives the same model, whoever was asked first."""
    pool, ids = small_pool(labelled=6), np.arange(6, 12)
    forth, back = pool, pool
    for some in (ids[:2], ids[2:]):
        forth = forth.answered(some, TRUTH[some])
    for some in (ids[:1:-1], ids[1::-1]):  # the last four backwards, then the first two
        back = back.answered(some, TRUTH[some])
    _same_model(fit(entry, forth), fit(entry, back), "the order of labelling")


def check_leaves_the_pool_alone(entry: ModelEntry) -> None:
    """Features and labels are as they were."""
    pool = small_pool()
    before = pickle.dumps(pool)
    fit(entry, pool)
    assert pickle.dumps(pool) == before, "the pool was written to"


def check_takes_any_features(entry: ModelEntry) -> None:
    """Read-only, and a memory map: the same model."""
    pool = small_pool()
    expected = fit(entry, pool)
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "features.npy", pool.features)
        mapped = np.load(Path(folder) / "features.npy", mmap_mode="r")
        _same_model(expected, fit(entry, replace(pool, features=mapped)), "a memory map")
    for array in (pool.features, pool.y, pool.askable):
        array.flags.writeable = False
    _same_model(expected, fit(entry, pool), "a read-only array")


def check_classifier_can_be_trained_again(entry: ModelEntry) -> None:
    """`clone` it, and fit it on rows of its features: strategies that look ahead do so for every candidate."""
    pool = small_pool()
    fitted, ids = fit(entry, pool), pool.labelled()
    before = pickle.dumps(fitted.clf)
    again = clone(fitted.clf).fit(fitted.features[ids], pool.y[ids])
    assert again.predict_proba(fitted.features).shape == (N, CLASSES)
    right = again.predict_proba(fitted.features[ids]).argmax(axis=1) == pool.y[ids]
    assert right.mean() > 0.6, f"trained again, {right.mean():.0%} of its own labels come out right"
    assert pickle.dumps(fitted.clf) == before, "the classifier was changed by what its copy learned"


def check_committee_answers_the_same_twice(entry: ModelEntry) -> None:
    """As many heads as asked for, each with probabilities of its own, and the same ones when asked again."""
    fitted = fit(entry, small_pool(labelled=6))
    # One `Fitted`, asked twice: a strategy may ask for its committee more than once in a round.
    votes = [np.stack([head.predict_proba(fitted.features) for head in fitted.committee(5)]) for _ in range(2)]
    assert votes[0].shape == (5, N, CLASSES), f"votes have the shape {votes[0].shape}, not (5, {N}, {CLASSES})"
    assert np.allclose(votes[0].sum(axis=2), 1), "a member's probabilities do not sum to 1"
    assert np.array_equal(votes[0], votes[1]), "a committee that is asked twice answers twice"


def check_settings_survive_json(entry: ModelEntry) -> None:
    """What `tune` chooses can stand in a manifest, and makes the same model when it is read again."""
    settings: Settings = {}
    for labelled in (2, 6, 12):  # as the labelled set grows, each choice is given those before it
        pool, before = small_pool(labelled), json.dumps(settings)
        settings, again = (entry.make(small_dataset(), json.loads(before)).tune(pool) for _ in range(2))
        assert json.dumps(again, allow_nan=False) == json.dumps(settings), f"tuned twice: {settings}, then {again}"
    read = json.loads(json.dumps(settings))
    _same_model(fit(entry, pool, settings), fit(entry, pool, read), "a way through JSON")


def check_begins_with_few_labels(entry: ModelEntry) -> None:
    """One label of each of two classes; and within the loop, labels of one class, or none at all."""
    assert _predict(fit(entry, small_pool(labelled=2))).shape == (N, CLASSES)
    asker = StrategyEntry(RandomSampling)
    learner = ActiveLearner(entry.make(small_dataset(), {}), asker, asker, Plan(batch=1), seed=0)
    # Samples 0 and 3 are both of class 0.
    none, one = small_pool(labelled=0), small_pool(labelled=0).answered(np.array([0, 3]), TRUTH[[0, 3]])
    for pool, expected in ((none, np.full(CLASSES, 1 / CLASSES)), (one, np.eye(CLASSES)[0])):
        # Through the loop, which answers for the model: its own `fit` is never called with fewer than two classes.
        proba = learn(pool, learner, 0).clf.predict_proba(pool.features[:2])
        assert np.allclose(proba, expected), f"with {pool.known_classes()} known classes it says {proba[0]}"


for_models: list[Callable[[ModelEntry], None]] = [
    check_gives_features_and_a_classifier,
    check_probabilities_are_shares,
    check_learns,
    check_depends_on_pool_and_stream_alone,
    check_order_of_labelling_does_not_matter,
    check_leaves_the_pool_alone,
    check_takes_any_features,
    check_classifier_can_be_trained_again,
    check_committee_answers_the_same_twice,
    check_settings_survive_json,
    check_begins_with_few_labels,
]
