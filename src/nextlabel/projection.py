"""Features in the plane: by UMAP (McInnes et al., 2018) where it is installed, else by t-SNE (van der Maaten, 2008)."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

Points = npt.NDArray[np.float64]

COMPONENTS = 50  # principal components that the projection starts from
TSNE_STEPS = 500  # of t-SNE
MOST_TSNE, MOST_UMAP = 4_000, 20_000  # samples that are projected: half a minute's work on one core
NEAREST = 3  # projected samples between which another one is placed


def flatten(features: npt.NDArray[Any], seed: int, umap: bool) -> tuple[Points, str]:
    """Features (m, d) in the plane: (m, 2) within 0 and 1, but for outliers, and the method's name.

    The same input gives the same places.
    """
    X = _unit(np.asarray(features, dtype=np.float64))
    # One thread: sums over several threads differ in their last bits, and a map can turn over because of one.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both libraries warn about small or disconnected data, which a map may show
        if X.shape[1] > COMPONENTS and len(X) > COMPONENTS:
            X = PCA(COMPONENTS, random_state=seed).fit_transform(X)
        if umap:
            near = min(15, len(X) - 1)
            found = find_umap().UMAP(n_neighbors=near, random_state=seed, n_jobs=1).fit_transform(X)
            return _rescale(found), "UMAP"
        near = min(30, (len(X) - 1) // 3)
        # A start from principal components needs two features, and divides by their spread: without any, scikit-learn
        # 1.9 crashes the whole process.
        start = "pca" if X.shape[1] > 1 and X.any() else "random"
        found = TSNE(perplexity=near, init=start, max_iter=TSNE_STEPS, random_state=seed).fit_transform(X)
    return _rescale(found), "t-SNE"


def flatten_all(features: npt.NDArray[Any], rng: np.random.Generator) -> Points:
    """Any number of samples (n, d) in the plane (n, 2): some are projected, the others lie between their nearest.

    >>> places = flatten_all(np.random.default_rng(0).normal(size=(40, 5)), np.random.default_rng(0))
    >>> places.shape, bool((places >= -0.02).all() and (places <= 1.02).all())
    ((40, 2), True)
    """
    umap = find_umap() is not None
    most, seed = MOST_UMAP if umap else MOST_TSNE, int(rng.integers(2**31 - 1))
    if len(features) <= most:
        return flatten(features, seed, umap)[0]
    chosen = np.sort(rng.choice(len(features), most, replace=False))
    places = np.empty((len(features), 2))
    places[chosen] = flatten(features[chosen], seed, umap)[0]
    rest = np.setdiff1d(np.arange(len(features)), chosen)
    near = NearestNeighbors(n_neighbors=NEAREST).fit(features[chosen])
    for start in range(0, len(rest), MOST_TSNE):
        some = rest[start : start + MOST_TSNE]
        apart, found = near.kneighbors(features[some])
        weight = 1 / np.maximum(apart, 1e-9)
        weight /= weight.sum(axis=1, keepdims=True)
        places[some] = (places[chosen][found] * weight[:, :, None]).sum(axis=1)
    return places


def _unit(X: Points) -> Points:
    """Centred, and of variance 1 as a whole; zeros where all rows are alike."""
    centred: Points = X - X.mean(axis=0)
    largest = np.abs(centred).max(initial=0.0)
    if largest <= 1e-9 * np.abs(X).max(initial=0.0) or not largest:
        return np.zeros_like(X)
    unit: Points = centred / largest / (centred / largest).std()
    return unit


def find_umap() -> Any:
    """The library, where it is installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of other libraries that it would like to see installed
        try:
            import umap
        except ImportError:
            return None
    return umap


def _rescale(places: npt.NDArray[Any]) -> Points:
    """Into the unit square, by quantiles, so that a few outliers do not squeeze the rest into a corner."""
    low, high = np.quantile(places, 0.002, axis=0), np.quantile(places, 0.998, axis=0)
    scaled: Points = np.clip((places - low) / np.maximum(high - low, 1e-12), -0.02, 1.02).astype(np.float64)
    return np.nan_to_num(scaled, nan=0.5)
