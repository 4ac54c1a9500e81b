"""Features for pictures without any download: a dictionary of small patches, learned from the pictures themselves.

After A. Coates and A. Y. Ng, "The Importance of Encoding Versus Training with Sparse Coding and Vector Quantization",
ICML 2011, with the spherical k-means of their "Learning Feature Representations with K-means" (2012). No labels.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from nextlabel.datasets.base import Squares
from nextlabel.embedders.base import Features32, Fits, Report, silent
from nextlabel.pool import Floats

THREADS = 2
CHUNK = 32  # pictures per task
FIT_PICTURES, FIT_PATCHES, FIT_ITERATIONS = 10_000, 50_000, 10
CONTRAST = 10.0  # added to a patch's variance (pixels are 0 ... 255), so that flat patches stay flat
WHITEN = 0.1  # added to the eigenvalues of the patches' covariance
SHADES = 4  # per colour channel, in the histogram
FLAT = 1e-4  # a feature that varies less than this is rounding, not signal


@dataclass(frozen=True)
class Dictionary:
    """What one scale of the picture is compared with: filters for contrast-normalised patches, whitening folded in."""

    filters: Floats  # (patch * patch * 3, F)
    offset: Floats  # (F,)


@dataclass(frozen=True)
class Patches:
    """How strongly each of some hundred learned patches shows in each part of a picture, beside its colours.

    A patch is whitened and compared with every filter; what exceeds ``threshold``, for either sign, is averaged over
    the four quadrants and the centre. This is done at ``scales`` sizes of the picture, each half the one before. A
    colour histogram of each quadrant stands beside it. The square root of all that is standardised and
    reduced to ``width`` principal components, scaled as a whole so that a column's variance is 1 on average.

    >>> pictures = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)
    >>> features, fits = Patches(filters=8).fit_transform(pictures)
    >>> features.shape, Patches(filters=8).transform(pictures[:2], fits).shape
    ((5, 4), (2, 4))
    """

    size: int = 64  # side of the square RGB pictures it wants
    filters: int = 400  # per scale
    width: int = 256  # of the result, or less: pictures - 1, or their rank
    seed: int = 0
    patch: int = 6
    stride: int = 2
    scales: int = 1
    threshold: float = 2.0  # in units of a whitened patch: high, so that a filter speaks only where it fits well

    version: ClassVar[int] = 1  # raise when results change

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """Filters, and principal components, of pictures (n, size, size, 3)."""
        return self.fit_transform(sample, report)[1]

    def transform(self, block: Squares, fits: Fits, report: Report = silent) -> Features32:
        """Features (m, d) of pictures (m, size, size, 3), whether or not it was fitted to them."""
        filters = [Dictionary(fits[f"filters_{scale}"], fits[f"offset_{scale}"]) for scale in range(self.scales)]
        with threadpool_limits(1), ThreadPoolExecutor(THREADS) as threads:
            pooled = _pool_cells(block, _Describer(self, filters), report, threads)  # (m, D)
            return _project_alone(pooled, fits)

    def fit_transform(self, sample: Squares, report: Report = silent) -> tuple[Features32, Fits]:
        """Features (n, d) of the pictures that it is fitted to, (n, size, size, 3), and the fitted arrays.

        The same pictures give the same bits, whatever the number of threads.
        """
        rng = np.random.default_rng(self.seed)
        with threadpool_limits(1), ThreadPoolExecutor(THREADS) as threads:
            chosen = np.sort(rng.permutation(len(sample))[:FIT_PICTURES])  # ids
            dictionaries = []
            for scale in range(self.scales):
                patches = _sample(sample, chosen, self.patch, scale, rng)  # (n, patch * patch * 3)
                dictionaries.append(_learn(patches, self.filters, rng, threads))
            pooled = _pool_cells(sample, _Describer(self, dictionaries), report, threads)  # (N, D)
            fits = _principal(pooled, chosen, self.width)
            features = _project(pooled, fits)
        for scale, dictionary in enumerate(dictionaries):
            fits |= {f"filters_{scale}": dictionary.filters, f"offset_{scale}": dictionary.offset}
        return features, fits


class _Describer:
    """Pooled responses and colours of one picture at a time: small arrays stay in the cache, and no picture's numbers
    depend on its neighbours'."""

    def __init__(self, settings: Patches, dictionaries: list[Dictionary]) -> None:
        self.settings, self.dictionaries = settings, dictionaries
        rooms = [(settings.size >> scale) - settings.patch for scale in range(len(dictionaries))]
        self.regions = [regions(room // settings.stride + 1) for room in rooms]  # each (5, side * side)
        quadrant = np.arange(settings.size) * 2 // settings.size
        self.quadrant = (quadrant[:, None] * 2 + quadrant) * SHADES**3  # (size, size)
        self.length = len(dictionaries) * 2 * 5 * settings.filters + 4 * SHADES**3

    def __call__(self, picture: NDArray[np.uint8]) -> Floats:
        scaled = picture.astype(np.float32)
        parts = [self._colours(picture)]
        for scale, (dictionary, regions) in enumerate(zip(self.dictionaries, self.regions, strict=True)):
            scaled = scaled if scale == 0 else _halve(scaled)
            parts += self._responses(scaled, dictionary, regions)
        return np.concatenate(parts)

    def _colours(self, picture: NDArray[np.uint8]) -> Floats:
        shade = picture // (256 // SHADES)
        code = self.quadrant + (shade @ np.array([SHADES**2, SHADES, 1]))  # (size, size)
        return np.bincount(code.ravel(), minlength=4 * SHADES**3) * np.float32(4 / code.size)

    def _responses(self, picture: Floats, dictionary: Dictionary, regions: Floats) -> Iterator[Floats]:
        patch, stride, threshold = self.settings.patch, self.settings.stride, np.float32(self.settings.threshold)
        response = _contrast(_windows(picture, patch, stride)) @ dictionary.filters  # (side * side, F)
        response += dictionary.offset
        # max(r - t, 0) = max(r, t) - t, and each region's weights sum to 1: pool first, subtract later.
        above = regions @ np.maximum(response, threshold) - threshold  # (5, F)
        below = -threshold - regions @ np.minimum(response, -threshold)  # (5, F)
        yield from (np.maximum(above, 0).ravel(), np.maximum(below, 0).ravel())


def _pool_cells(pictures: Squares, describe: _Describer, report: Report, threads: ThreadPoolExecutor) -> Features32:
    """The square root of everything that is known of each picture, (N, D)."""
    pooled = np.empty((len(pictures), describe.length), np.float32)

    def work(start: int) -> int:
        end = min(start + CHUNK, len(pictures))
        for i in range(start, end):
            pooled[i] = describe(pictures[i])
        return end - start

    for done in threads.map(work, range(0, len(pictures), CHUNK)):
        report(done)
    return np.sqrt(pooled, out=pooled)


def _learn(patches: Floats, k: int, rng: np.random.Generator, threads: ThreadPoolExecutor) -> Dictionary:
    """k filters from sampled patches (n, p)."""
    patches = _contrast(patches)
    mean = patches.mean(0)  # (p,)
    values, vectors = linalg.eigh(np.cov(patches - mean, rowvar=False))
    whiten = ((vectors / np.sqrt(np.maximum(values, 0) + WHITEN)) @ vectors.T).astype(np.float32)  # (p, p)
    centres = _spherical_kmeans((patches - mean) @ whiten, k, rng, threads)  # (k, p)
    filters = whiten @ centres.T
    return Dictionary(filters, -(mean @ filters))


def _sample(
    pictures: NDArray[np.uint8], chosen: NDArray[Any], patch: int, scale: int, rng: np.random.Generator
) -> Floats:
    """FIT_PATCHES patches from random places of the chosen pictures, (n, patch * patch * 3)."""
    wide = patch << scale
    row, column = rng.integers(pictures.shape[1] - wide + 1, size=(2, FIT_PATCHES, 1, 1))
    which = np.sort(rng.choice(chosen, FIT_PATCHES))[:, None, None]  # sorted, because pictures may lie on disk
    across = np.arange(wide)
    patches: Floats = pictures[which, row + across[:, None], column + across].astype(np.float32)  # (n, wide, wide, 3)
    for _ in range(scale):
        patches = _halve(patches)
    return patches.reshape(FIT_PATCHES, -1)


def _halve(pictures: Floats) -> Floats:
    """Means of 2 x 2 pixels; an odd last row or column is left out."""
    *many, height, width, colours = pictures.shape
    even = pictures[..., : height // 2 * 2, : width // 2 * 2, :]
    halved: Floats = even.reshape(*many, height // 2, 2, width // 2, 2, colours).mean((-4, -2))
    return halved


def _windows(picture: Floats, patch: int, stride: int) -> Floats:
    """All patches of a picture, (side * side, patch * patch * 3)."""
    view: Floats = np.lib.stride_tricks.sliding_window_view(picture, (patch, patch), axis=(0, 1))[::stride, ::stride]
    return view.transpose(0, 1, 3, 4, 2).reshape(view.shape[0] * view.shape[1], -1)  # red, green, blue last


def _contrast(patches: Floats) -> Floats:
    """Patches (n, p) without their brightness, and nearly without their contrast."""
    patches = patches - patches.mean(1, keepdims=True)
    spread = np.einsum("np,np->n", patches, patches) / patches.shape[1]
    patches /= np.sqrt(spread + CONTRAST)[:, None]
    return patches


def regions(side: int) -> Floats:
    """Weights (5, side * side) that average over the four quadrants and over the centre, as large as they are."""
    place = (np.arange(side) + 0.5) / side
    spans = [place < 0.5, place >= 0.5, (place >= 0.25) & (place < 0.75)]
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)]
    weights: Floats = np.stack([np.outer(spans[a], spans[b]).ravel() for a, b in pairs]).astype(np.float32)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1)  # on a very small picture a region may be empty
    return weights


def _spherical_kmeans(points: Floats, k: int, rng: np.random.Generator, threads: ThreadPoolExecutor) -> Floats:
    """k unit vectors; a point belongs to the one it projects on most strongly, with either sign (Coates & Ng 2012)."""
    centres = _unit_rows(rng.standard_normal((k, points.shape[1]), np.float32))  # (k, p)
    starts = range(0, len(points), 2_000)

    def assign(start: int) -> tuple[NDArray[np.intp], Floats]:
        strength = points[start : start + 2_000] @ centres.T  # (2000, k)
        nearest = np.abs(strength).argmax(1)
        return nearest, strength[np.arange(len(strength)), nearest]

    for _ in range(FIT_ITERATIONS):
        nearest, strength = (np.concatenate(part) for part in zip(*threads.map(assign, starts), strict=True))
        belongs = sparse.csr_array((strength, (nearest, np.arange(len(points)))), (k, len(points)))
        # The old centre is added, a little: one that nothing belongs to stays where it is.
        centres = _unit_rows(belongs @ points + np.float32(0.1) * centres)
    return centres


def _unit_rows(rows: Floats) -> Floats:
    scaled: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled


def _principal(pooled: Floats, chosen: NDArray[Any], width: int) -> dict[str, NDArray[Any]]:
    """Centre (D,), and the map (D, d) that standardises what varies and keeps its strongest directions."""
    sample = pooled if len(chosen) == len(pooled) else pooled[chosen]
    centre = sample.mean(0, dtype=np.float64).astype(np.float32)
    sample = sample - centre
    spread = np.sqrt(np.einsum("nd,nd->d", sample, sample) / len(sample))
    scale = np.where(spread > FLAT, 1 / np.maximum(spread, FLAT), 0).astype(np.float32)  # (D,)
    sample *= scale
    values, axes = _strongest(sample, min(width, max(1, len(sample) - 1)))  # (d,), (D, d)
    level = np.sqrt(values.sum() / len(values) / len(sample))  # root mean variance of a column
    axes = axes / level if level > 0 else axes
    return {"centre": centre, "axes": (scale[:, None] * axes).astype(np.float32)}


def _strongest(rows: Floats, width: int) -> tuple[Floats, Floats]:
    """Eigenvalues (d,) and vectors (D, d) of rows.T @ rows, largest first, through the smaller Gram matrix."""
    few = len(rows) < rows.shape[1]
    gram = (rows @ rows.T if few else rows.T @ rows).astype(np.float64)
    top = (max(0, len(gram) - width), len(gram) - 1)
    values, vectors = (part[..., ::-1] for part in linalg.eigh(gram, subset_by_index=top))
    kept = max(1, int((values > 1e-6 * values[0]).sum()))  # at least one column, even of zeros
    values, vectors = np.maximum(values[:kept], 0), vectors[:, :kept]
    if few:
        vectors = rows.T @ vectors.astype(np.float32) / np.sqrt(np.maximum(values, 1e-12))
    return values, vectors * np.where(vectors.sum(0) < 0, -1, 1)


def _project(pooled: Floats, fits: Fits) -> Features32:
    features = np.empty((len(pooled), fits["axes"].shape[1]), np.float32)
    for start in range(0, len(pooled), 1_000):
        features[start : start + 1_000] = (pooled[start : start + 1_000] - fits["centre"]) @ fits["axes"]
    return features


def _project_alone(pooled: Floats, fits: Fits) -> Features32:
    """As `_project`, but row by row, so that a row's bits do not depend on where it stands, nor on its neighbours'.

    A product of matrices rounds a row by its place among the 4 or 12 that BLAS takes at a time. `_project` keeps to
    that, since its bits are those of all results so far; one by one takes longer, but little beside the pooling.
    """
    rows = [(row - fits["centre"]) @ fits["axes"] for row in pooled]  # each (d,)
    return np.array(rows, dtype=np.float32)
