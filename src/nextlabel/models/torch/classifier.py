"""Anybody's torch module as a scikit-activeml classifier."""

import copy
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Self

import numpy as np
import torch
from scipy.special import softmax
from skactiveml.base import SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_n_features
from sklearn.base import clone
from sklearn.utils.validation import check_array, check_is_fitted
from torch import nn

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.errors import BadArray, Mistake
from nextlabel.models.head import allow_many_classes
from nextlabel.models.recipe import Recipe
from nextlabel.models.torch import cnn
from nextlabel.models.torch.probe import explain_misfit, probe
from nextlabel.models.torch.training import Inputs, Lesson, blas_threads, device_of, forward, infer, seed_torch, train
from nextlabel.pool import NOBODY, Floats, Ids

DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
ANY_SHAPE = {"allow_nd": True, "ensure_min_samples": 0, "dtype": np.float32}


class TorchClassifier(SkactivemlClassifier):
    """A torch module that learns from the labelled samples and takes part in scikit-activeml's own loop.

    ``module`` is a function without arguments that makes a module, which then begins with fresh seeded weights at every
    fit; or a module, of which every fit trains a copy (fine-tuning). It maps a batch (b, …) to logits (b, C).
    ``images``: a dataset with pictures; then X is (n, 1) ids, and the module is shown (b, 3, 64, 64), normalised as
    ImageNet is. Without it X is (n, …) numbers, handed over as float32.
    ``head``: the layer whose input is the embedding, where it is not the linear one that is called last. ``augment``
    needs ``images``. Weights of samples count against their mean over all labelled ones.
    The other knobs are those of `nextlabel.models.recipe.Recipe`; the last epoch is kept, as nothing is watched.

    >>> from skactiveml.pool import UncertaintySampling
    >>> X, y = [[0.0, 0.0], [1.0, 1.0], [0.4, 0.6], [1.0, 0.9]], [0, 1, -1, -1]  # -1: nobody has answered
    >>> clf = TorchClassifier(lambda: nn.Linear(2, 2), rate=0.1, classes=[0, 1], missing_label=-1, random_state=0)
    >>> proba, embeddings = clf.fit(X, y).predict_proba(X, return_embeddings=True)
    >>> proba.shape, embeddings.shape, proba.argmax(axis=1)[:2].tolist()
    ((4, 2), (4, 2), [0, 1])
    >>> margin = UncertaintySampling(method="margin_sampling", missing_label=-1, random_state=0)
    >>> margin.query(X, y, clf=clf, fit_clf=False).tolist()
    [2]
    """

    _squares_at_hand: tuple[Dataset, Squares] | None = None

    def __init__(
        self,
        module: Any = None,
        images: Dataset | None = None,
        epochs: int = 30,
        batch: int = 64,
        rate: float = 1e-3,
        decay: float = 1e-4,
        augment: bool = False,
        head: str | None = None,
        device: str = "cpu",
        classes: Any = None,
        missing_label: Any = MISSING_LABEL,
        cost_matrix: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            classes=classes, missing_label=missing_label, cost_matrix=cost_matrix, random_state=random_state
        )
        self.module, self.images, self.head, self.device = module, images, head, device
        self.epochs, self.batch, self.rate, self.decay, self.augment = epochs, batch, rate, decay, augment

    @allow_many_classes()
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on the labelled rows of ``X`` (n, …) or (n, 1) ids; ``y`` (n,) labels or ``missing_label``.

        Without any label nothing is trained, and all classes are equally likely. Raises `Mistake` where module and
        data do not fit together, and `TrainingFailed` where the loss is no number any more; then everything is as it
        was before.
        """
        before = dict(self.__dict__)
        try:
            return self._fit(X, y, sample_weight)
        except BaseException:
            self.__dict__ = before  # or half of a fit would pass for a whole one
            raise

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        recipe = self._recipe()
        X, y, weight = self._validate_data(X, y, sample_weight, check_X_dict=dict(ANY_SHAPE))
        known = np.flatnonzero(y >= 0)  # the base class has encoded labels to 0 … C-1, missing to -1
        weight = None if weight is None else _scale_weights(weight, known)
        self.seed_ = int(self.random_state_.randint(2**31 - 1))
        self.head_, self.history_, self.shape_ = self.head, None, X.shape[1:]
        # Weights are drawn, and batches shuffled, from one seed: what was drawn before this fit changes nothing.
        with seed_torch(self.seed_, device_of(recipe.device)), blas_threads():
            module = self._build_module()
            if len(X):
                with explain_misfit(self.shape_):
                    # Asked once before it learns: what does not fit is told before an epoch is spent.
                    self.head_ = probe(module, self._inputs(X[:1]), len(self.classes_), self.head)
            if len(known):
                inputs = self._inputs(X[known])
                lesson = Lesson(inputs, y[known].astype(np.int64), inputs.at(NOBODY), NOBODY, weight)
                self.history_ = train(module, lesson, recipe)
        self.module_ = module
        return self

    def predict_proba(self, X: Any, return_embeddings: bool = False) -> Any:
        """Probabilities (n, C) and, on request, embeddings (n, d): what the head sees."""
        logits, embeddings = self._forward(X, infer)
        proba = self._probabilities(logits)
        return (proba, embeddings) if return_embeddings else proba

    def sample_proba(self, X: Any, n_samples: int = 10) -> Floats:
        """Probabilities (n_samples, n, C) under so many draws of dropout (Gal & Ghahramani, 2016).

        scikit-activeml's committee strategies take it by name: ``sample_predictions_method_name="sample_proba"``.
        """
        return np.stack([member.predict_proba(X) for member in self.committee(n_samples)])

    def committee(self, size: int = 10) -> list["TorchClassifier"]:
        """``size`` copies that leave dropout on, each with draws of its own: the same X gives the same answer twice."""
        check_is_fitted(self, "module_")
        if not any(_drops(layer) for layer in self.module_.modules()):
            raise Mistake("The module has no dropout, so all members of its committee would agree. Add nn.Dropout.")
        if self.images is not None:
            self._squares()  # once for all members
        return [_Member.of(self, number) for number in range(size)]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_squares_at_hand"}

    def _recipe(self) -> Recipe:
        recipe = Recipe(self.epochs, self.batch, self.rate, self.decay, self.augment, self.device)
        if self.augment and self.images is None:
            raise Mistake("augment=True turns and mirrors pictures, and there are none. Give images, or leave it out.")
        return recipe

    def _build_module(self) -> nn.Module:
        made = copy.deepcopy(self.module) if isinstance(self.module, nn.Module) else _build(self.module)
        weights = list(made.parameters())
        if not any(weight.requires_grad for weight in weights):
            why = "has no weights" if not weights else "has all its weights frozen (requires_grad is False)"
            raise Mistake(f"{type(made).__name__} {why}, so there is nothing to train. Give another module.")
        return made

    def _inputs(self, X: Floats) -> Inputs:
        if self.images is None:
            return Inputs(len(X), lambda rows: torch.from_numpy(X[rows]))
        return cnn.as_inputs(self._squares()).at(_read_ids(X, len(self.images)))

    def _squares(self) -> Squares:
        """The pictures; held, since fetching them means hashing all of them, but left behind by pickles and clones."""
        assert self.images is not None, "who asks for pictures has looked whether there are any"
        if self._squares_at_hand is None or self._squares_at_hand[0] is not self.images:
            if self.images.pictures is None:
                raise Mistake(
                    f"'{self.images.name}' is a table, so it has no images. Leave images out, and give X itself."
                )
            self._squares_at_hand = self.images, self.images.pictures.squares(cnn.SIZE)
        return self._squares_at_hand[1]

    def _forward(self, X: Any, how: Callable[..., tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
        check_is_fitted(self, "module_")
        X = check_array(X, **ANY_SHAPE)
        inputs = self._inputs(X)
        if self.images is None:
            check_n_features(self, X, reset=False)
        known = X.shape[1:] == self.shape_  # then they fit, and what fails now is the module's own fault
        with blas_threads(), nullcontext() if known else explain_misfit(X.shape[1:]):
            return how(self.module_, inputs, self.head_)

    def _probabilities(self, logits: Floats) -> Floats:
        if self.history_ is None:  # nothing was learned, so the weights are noise
            return np.full(logits.shape, 1 / logits.shape[1])
        proba: Floats = softmax(logits.astype(np.float64), axis=1)
        return proba


class _Member(TorchClassifier):
    """One member of a committee: the same weights, with dropout on."""

    draw = 0

    @classmethod
    def of(cls, whole: TorchClassifier, number: int) -> "_Member":
        member = cls(**whole.get_params(deep=False))
        # It shares the module with the others: T copies of a large network would not fit into memory.
        member.__dict__ |= whole.__dict__ | {"draw": number}
        return member

    def __sklearn_clone__(self) -> "_Member":
        bare = _Member(**{name: clone(value, safe=False) for name, value in self.get_params(deep=False).items()})
        bare.draw = self.draw  # no parameter, as it is nothing to search over; but clones must not all draw the same
        return bare

    def predict_proba(self, X: Any, return_embeddings: bool = False) -> Any:
        """As `TorchClassifier.predict_proba`, under one draw of dropout."""
        logits, embeddings = self._forward(X, self._forward_dropping)
        proba = self._probabilities(logits)
        return (proba, embeddings) if return_embeddings else proba

    def _forward_dropping(self, module: nn.Module, inputs: Inputs, head: str | None) -> tuple[Floats, Floats]:
        module.eval()  # batch norm, say, stays as it is
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)  # it computes a whole transformer layer at once, without dropout
        try:
            for layer in filter(_drops, module.modules()):
                layer.train()
            with seed_torch(self.seed_ + 1 + self.draw, next(module.parameters()).device):
                return forward(module, inputs, head)
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            module.eval()


def _drops(layer: nn.Module) -> bool:
    return isinstance(layer, DROPOUTS)


def _build(module: Any) -> nn.Module:
    made = module() if callable(module) else None
    if not isinstance(made, nn.Module):
        raise Mistake("module is neither a torch module nor a function that makes one. Give one of the two.")
    return made


def _scale_weights(weight: Any, known: Ids) -> Floats:
    """Weights (n,) of the labelled samples, the largest 1."""
    given = np.asarray(weight, dtype=np.float64)
    if not (np.isfinite(given).all() and (given >= 0).all() and (given[known].any() or not len(known))):
        raise BadArray(
            "sample_weight holds a negative number, one that is not finite, or only zeros where there are labels, so "
            "it does not say what counts. Give numbers from 0 on, some of them above 0."
        )
    scaled: Floats = given[known] / given[known].max(initial=1e-300)
    return scaled


def _read_ids(X: Floats, count: int) -> Ids:
    """Ids out of X (n, 1)."""
    ids = X.reshape(-1)
    if len(ids) != len(X) or (ids != np.rint(ids)).any() or (ids < 0).any() or (ids >= count).any():
        raise Mistake(f"With images, X is (n, 1) ids from 0 to {count - 1}, and this X {X.shape} is not.")
    return ids.astype(np.int64)
