import numpy as np
import pytest
import torch
from skactiveml.pool import Badge, Clue, GreedyBALD, UncertaintySampling
from sklearn.base import clone
from sklearn.datasets import load_digits
from torch import nn

from nextlabel import TorchClassifier
from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.errors import BadNumber, CannotGo, Mistake, TrainingFailed
from nextlabel.models.cnn import network

X, TRUTH = load_digits(n_class=3, return_X_y=True)
ORDER = np.random.default_rng(0).permutation(len(X))[:300]
X, TRUTH = X[ORDER] / 16, TRUTH[ORDER]
Y = np.where(np.arange(len(X)) < 60, TRUTH, np.nan)


def net():
    return nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Dropout(0.3), nn.Linear(24, 3))


def classifier(**knobs):
    return TorchClassifier(
        **{"module": net, "epochs": 10, "batch": 16, "rate": 0.01, "classes": [0, 1, 2], "random_state": 0, **knobs}
    )


@pytest.fixture(scope="module")
def fitted():
    return classifier().fit(X, Y)


def test_it_learns_from_what_is_labelled(fitted):
    assert (fitted.predict(X[60:]) == TRUTH[60:]).mean() > 0.9


def test_probabilities_come_with_embeddings(fitted):
    proba, embeddings = fitted.predict_proba(X[:7], return_embeddings=True)
    assert proba.sum(1) == pytest.approx(np.ones(7))
    assert embeddings.shape == (7, 24)
    last = fitted.module_[-1]
    logits = embeddings @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    assert (logits.argmax(1) == proba.argmax(1)).all()


def test_the_same_seed_gives_the_same_bits_whatever_torch_drew_before(fitted):
    torch.rand(5)
    again, other = clone(fitted).fit(X, Y), classifier(random_state=1).fit(X, Y)
    assert (again.predict_proba(X) == fitted.predict_proba(X)).all()
    assert (other.predict_proba(X) != fitted.predict_proba(X)).any()


def test_it_leaves_torchs_own_draws_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    classifier(epochs=1).fit(X, Y)
    assert torch.equal(torch.rand(4), expected)


def test_a_module_is_tuned_from_where_it_stands():
    module = net()
    before = module[0].weight.detach().clone()
    found = classifier(module=module).fit(X, Y)
    assert torch.equal(module[0].weight, before)  # a copy was trained
    assert not torch.equal(found.module_[0].weight, before)


@pytest.mark.parametrize(
    ("strategy", "given"),
    [
        (UncertaintySampling(method="margin_sampling", random_state=0), "clf"),
        (Badge(clf_embedding_flag_name="return_embeddings", random_state=0), "clf"),
        (
            Clue(predict_dict={"return_embeddings": True}, cluster_algo_dict={"random_state": 0}, random_state=0),
            "estimator",
        ),
        (GreedyBALD(random_state=0), "ensemble"),
        (
            GreedyBALD(sample_predictions_method_name="sample_proba", sample_predictions_dict={"n_samples": 4}),
            "ensemble",
        ),
    ],
    ids=lambda part: type(part).__name__ if not isinstance(part, str) else part,
)
@pytest.mark.parametrize("fit", [True, False])
def test_it_works_in_scikit_activemls_own_loop(fitted, strategy, given, fit):
    listed = given == "ensemble" and strategy.sample_predictions_method_name is None
    part = fitted.committee(3) if listed else fitted
    y = Y.copy()
    for _ in range(2):
        asked = strategy.query(X, y, **{given: part, f"fit_{given}": fit}, batch_size=4)
        assert len(set(asked)) == 4
        assert np.isnan(y[asked]).all()
        y[asked] = TRUTH[asked]


def test_a_committee_disagrees_the_same_way_twice(fitted):
    votes = [np.stack([one.predict_proba(X) for one in fitted.committee(4)]) for _ in range(2)]
    assert (votes[0] == votes[1]).all()
    assert votes[0].std(axis=0).max() > 0.01
    assert (fitted.sample_proba(X, 4) == votes[0]).all()
    assert (fitted.predict_proba(X) == fitted.predict_proba(X)).all()  # dropout is off again


def test_pictures_are_named_by_their_ids():
    digits = load(Request("digits"))
    ids = np.arange(30)[:, None]
    y = np.where(np.arange(30) < 20, digits.y[:30], -1)
    clf = TorchClassifier(
        lambda: network(10), images=digits, epochs=1, augment=True, classes=range(10), missing_label=-1
    )
    proba, embeddings = clf.fit(ids, y).predict_proba(ids, return_embeddings=True)
    assert proba.shape == (30, 10)
    assert embeddings.shape == (30, 256)
    with pytest.raises(Mistake, match=r"ids from 0 to 1796"):
        clf.predict_proba([[5000]])


def test_nothing_known_means_anything_is_likely():
    found = classifier().fit(X, np.full(len(X), np.nan))
    assert found.predict_proba(X[:2]) == pytest.approx(np.full((2, 3), 1 / 3))


def test_weights_of_samples_count():
    heavy = np.where(TRUTH == 2, 100.0, 0.001)
    found = classifier(epochs=20).fit(X, Y, heavy)
    assert (found.predict(X) == 2).mean() > 0.8


@pytest.mark.parametrize("batch", [1, 7])
def test_weights_of_samples_count_in_small_batches_too(batch):
    heavy = np.where(TRUTH == 2, 100.0, 0.001)
    found = classifier(epochs=20, batch=batch).fit(X, Y, heavy)
    assert (found.predict(X) == 2).mean() > 0.8


def test_equal_weights_are_as_good_as_none(fitted):
    found = classifier().fit(X, Y, np.full(len(X), 7.0))
    assert found.predict_proba(X) == pytest.approx(fitted.predict_proba(X), abs=1e-4)


class Rotated(nn.Module):
    """Keeps what it made at first use, as rotary embeddings do."""

    def __init__(self):
        super().__init__()
        self.first, self.last, self.turn = nn.Linear(64, 64), nn.Linear(64, 3), None

    def forward(self, x):
        if self.turn is None:
            self.turn = torch.linspace(0, 1, 64, device=x.device).cos()
        return self.last(self.first(x) * self.turn)


def lazy():
    return nn.Sequential(nn.LazyLinear(24), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(3))


@pytest.mark.parametrize("module", [Rotated, lazy])
def test_what_a_module_makes_at_first_use_is_learned_with(module):
    found, again = (classifier(module=module).fit(X, Y) for _ in range(2))
    assert (found.predict(X[60:]) == TRUTH[60:]).mean() > 0.9
    assert (found.predict_proba(X) == again.predict_proba(X)).all()


def normed():
    return nn.Sequential(nn.Linear(64, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 3))


@pytest.mark.parametrize(("labels", "batch"), [(1, 16), (5, 1)])
def test_batch_norm_learns_from_one_sample_at_a_time(labels, batch):
    y = np.where(np.arange(len(X)) < labels, TRUTH, np.nan)
    found = classifier(module=normed, batch=batch).fit(X, y)
    assert (found.predict(X[:labels]) == TRUTH[:labels]).all()
    assert not found.module_[1].training


@pytest.mark.parametrize(
    ("knobs", "error", "words"),
    [
        ({"module": None}, Mistake, "neither a torch module nor a function"),
        ({"module": nn.ReLU()}, Mistake, "has no weights"),
        ({"module": nn.Linear(5, 3)}, Mistake, "cannot be shown samples of shape"),
        ({"module": nn.Linear(64, 4)}, Mistake, "gives .* and there are 3 classes"),
        ({"module": nn.Conv1d(1, 1, 1)}, Mistake, "no linear layer"),
        ({"head": "last"}, Mistake, "no layer called 'last'"),
        ({"epochs": 0}, BadNumber, "epochs is 0"),
        ({"augment": True}, Mistake, "there are none"),
        ({"rate": 900.0}, TrainingFailed, "no number any more"),
        ({"device": "cuda"}, CannotGo, "no 'cuda' device"),
    ],
)
def test_what_cannot_be_is_one_sentence(knobs, error, words):
    if knobs.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    huge = X * 3e38 if "rate" in knobs else X
    with pytest.raises(error, match=words):
        classifier(**knobs).fit(huge, Y)


def test_a_committee_needs_dropout():
    found = classifier(module=lambda: nn.Linear(64, 3), epochs=1).fit(X, Y)
    with pytest.raises(Mistake, match="no dropout"):
        found.committee(3)
