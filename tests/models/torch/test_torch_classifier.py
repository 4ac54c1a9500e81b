import copy

import numpy as np
import pytest
import torch
from skactiveml.pool import Badge, Clue, GreedyBALD, UncertaintySampling
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from torch import nn

from nextlabel import TorchClassifier
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.errors import BadNumber, CannotGo, Mistake, TrainingFailed
from nextlabel.models.torch.cnn import network
from nextlabel.models.torch.training import Inputs

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


def attentive():
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.4, batch_first=True)
    return nn.Sequential(nn.Unflatten(1, (8, 8)), layer, nn.Flatten(), nn.Linear(64, 3))


def test_a_committee_of_a_transformer_disagrees():
    """Torch's fused path for attention leaves dropout out."""
    found = classifier(module=attentive, epochs=2).fit(X, Y)
    assert found.sample_proba(X[:20], 4).std(axis=0).max() > 0.01
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_module_drops_nothing_after_a_committee_that_broke(fitted):
    with pytest.raises(ZeroDivisionError):
        fitted.committee(1)[0]._forward_dropping(fitted.module_, Inputs(3, lambda rows: 1 / 0), None)
    assert not any(layer.training for layer in fitted.module_.modules())


def test_a_cloned_committee_disagrees_too(fitted):
    one, two = (clone(member).fit(X, Y).predict_proba(X) for member in fitted.committee(2))
    assert (one == fitted.committee(2)[0].predict_proba(X)).all()
    assert (one != two).any()


class Backwards(nn.Module):
    """Its layers are written down in another order than that in which they are called, and one never is."""

    def __init__(self):
        super().__init__()
        self.last, self.drop, self.first, self.spare = nn.Linear(5, 3), nn.Dropout(), nn.Linear(64, 5), nn.Linear(9, 9)

    def forward(self, x):
        return self.last(input=self.drop(self.first(x)))


def test_the_embedding_is_what_the_layer_called_last_sees():
    found = classifier(module=Backwards, epochs=1).fit(X, Y)
    for one in (found, found.committee(1)[0]):
        assert one.predict_proba(X[:2], return_embeddings=True)[1].shape == (2, 5)
    named = classifier(module=Backwards, epochs=1, head="first").fit(X, Y)
    assert named.predict_proba(X[:2], return_embeddings=True)[1] == pytest.approx(X[:2])


@pytest.mark.parametrize("before", [True, False])
def test_a_fit_that_failed_leaves_what_was_before(before):
    found = classifier(epochs=1)
    expected = found.fit(X, Y).predict_proba(X) if before else None
    with pytest.raises(TrainingFailed):
        found.set_params(rate=900.0).fit(X * 3e38, Y)
    if before:
        assert (found.predict_proba(X) == expected).all()
    else:
        with pytest.raises(NotFittedError):
            found.predict_proba(X)


def test_other_columns_than_those_learned_from_are_told(fitted):
    with pytest.raises(ValueError, match="X has 5 features, but TorchClassifier is expecting 64"):
        fitted.predict_proba(X[:, :5])
    flat = classifier(module=lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), epochs=1)
    flat.fit(X.reshape(-1, 8, 8), Y)
    with pytest.raises(ValueError, match=r"cannot be shown samples of shape \(8, 7\)"):
        flat.predict_proba(X.reshape(-1, 8, 8)[:, :, :7])


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf, 0.0])
def test_weights_that_cannot_be_are_told(weight):
    weights = np.full(len(X), weight)
    weights[-1] = 1.0  # nobody has labelled it
    with pytest.raises(Mistake, match="sample_weight holds"):
        classifier(epochs=1).fit(X, Y, weights)


class Counted:
    """Pictures that count how often they are fetched."""

    fetched = 0

    def squares(self, size, progress=None):
        Counted.fetched += 1
        return np.zeros((30, size, size, 3), np.uint8)


def test_pictures_are_fetched_once_and_left_behind_by_pickles():
    dataset = Dataset("grey", np.arange(30) % 3, tuple("abc"), "0", pictures=Counted())
    ids = np.arange(30)[:, None]
    clf = TorchClassifier(lambda: network(3), images=dataset, epochs=1, classes=range(3), missing_label=-1)
    clf.fit(ids, dataset.y).sample_proba(ids[:1], 3)
    assert Counted.fetched == 1
    again = copy.deepcopy(clf)  # by way of a pickle's state
    again.sample_proba(ids[:1], 3)
    assert Counted.fetched == 2


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
def test_what_a_module_makes_at_first_use_is_history_with(module):
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


class Odd(nn.Module):
    def __init__(self, forward):
        super().__init__()
        self.spare, self.forward = nn.Linear(64, 3), forward


class Loose(nn.Module):
    """Looks at eight parts of each sample, as if each were a sample."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        return self.last(x.reshape(-1, 8)).reshape(-1, 8, 3).mean(1)


@pytest.mark.parametrize(
    ("knobs", "error", "words"),
    [
        ({"module": None}, Mistake, "neither a torch module nor a function"),
        ({"module": nn.ReLU()}, Mistake, "has no weights"),
        ({"module": nn.Linear(5, 3)}, Mistake, "cannot be shown samples of shape"),
        ({"module": nn.Linear(64, 4)}, Mistake, "gives .* and there are 3 classes"),
        ({"module": nn.Linear(64, 4), "classes": None}, Mistake, r"name all in classes=\[…\]"),
        ({"module": nn.Linear(64, 3).requires_grad_(False)}, Mistake, "all its weights frozen"),
        ({"module": Odd(lambda x: (x[:, :3], x))}, Mistake, "gives a tuple, and a tensor of logits"),
        ({"module": Odd(lambda x, mask: x[:, :3])}, Mistake, "samples of shape .64,.: .* missing 1 required"),
        ({"module": Odd(lambda x: x[:, :3])}, Mistake, "calls none of its linear layers"),
        ({"module": Odd(lambda x: x[:, :3]), "head": "spare"}, Mistake, "never calls its layer 'spare'"),
        ({"module": Loose, "head": "last"}, Mistake, "sees 8 rows per sample"),
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
