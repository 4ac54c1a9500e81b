"""The contract of embedders, one function for each promise. Use it on embedders of your own:

>>> from nextlabel.conformance import embedders
>>> from nextlabel.embedders.pixels import Pixels
>>> for check in embedders.for_embedders:
...     check(Pixels(size=4))

A check raises `AssertionError`, with a sentence, where the promise is broken. Vectors are kept by what a picture holds,
so the promise that matters most is that a picture's vector does not depend on the pictures beside it, not in one bit.
"""

import dataclasses
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nextlabel.datasets.base import Squares
from nextlabel.embedders.base import Embedder, Features32, Fits, Transductive

PICTURE_COUNT = 40


def pictures(embedder: Embedder, seed: int = 0) -> Squares:
    """Forty pictures of the size that it wants: smooth ones with a little noise, no two alike. (40, size, size, 3)"""
    # Smooth, as photographs are: in pure noise no direction stands out, and a fit would hang on rounding.
    rng, size = np.random.default_rng(seed), embedder.size
    ramp = np.linspace(0, 1, size)[:, None, None] * rng.uniform(0, 200, (PICTURE_COUNT, 1, 1, 3))  # (40, size, 1, 3)
    return (ramp + rng.integers(0, 56, (PICTURE_COUNT, size, size, 3))).astype(np.uint8)


def _fit_all(embedder: Embedder) -> tuple[Squares, Fits, Features32]:
    sample = pictures(embedder)
    fits = embedder.fit(sample)
    return sample, fits, embedder.transform(sample, fits)


def check_gives_plain_features(embedder: Embedder) -> None:
    """One row a picture, float32, finite; pictures that differ have rows that differ."""
    _, _, features = _fit_all(embedder)
    assert features.dtype == np.float32, f"features are {features.dtype}"
    assert features.ndim == 2, f"features have the shape {features.shape}"
    assert features.shape[0] == PICTURE_COUNT, f"{len(features)} rows for {PICTURE_COUNT} pictures"
    assert features.shape[1] > 0, "no feature at all"
    assert np.isfinite(features).all(), "features are not all finite"
    # No dead output: a constant vector would pass everything else here.
    assert len(np.unique(features, axis=0)) == PICTURE_COUNT, "pictures that differ have the same features"


def check_gives_the_same_bits_twice(embedder: Embedder) -> None:
    """Fitted and asked again, whatever state numpy's global generator is in."""
    before = np.random.get_state()
    try:
        np.random.seed(1)
        once = _fit_all(embedder)[2]
        np.random.seed(2)
        twice = _fit_all(embedder)[2]
    finally:
        np.random.set_state(before)
    assert np.array_equal(once, twice), "the same pictures gave other features the second time"


def check_a_picture_has_the_same_bits_in_any_company(embedder: Embedder) -> None:
    """Alone, among few, among all, in another order: the same row."""
    sample, fits, features = _fit_all(embedder)
    # BLAS sums in another order for other shapes, so the trap is one matrix product over the whole batch.
    for ids in ([0], [PICTURE_COUNT - 1], [3, 4, 5], list(range(7, 20)), list(range(PICTURE_COUNT))[::-1]):
        rows = embedder.transform(sample[ids], fits)
        assert np.array_equal(rows, features[ids]), f"pictures {ids} by themselves have other features than among all"


def check_learns_only_if_it_says_so(embedder: Embedder) -> None:
    """What is not `Transductive` fits nothing, and embeds pictures of any kind with nothing."""
    fits = embedder.fit(pictures(embedder))
    if isinstance(embedder, Transductive):
        assert fits, "it has a fit_transform, and learns nothing"
        assert all(isinstance(each, np.ndarray) for each in fits.values()), "what was fitted are not all arrays"
    else:
        assert not fits, f"it learns {', '.join(fits)} without a fit_transform, so nobody would keep that"


def check_fits_and_transforms_at_once(embedder: Embedder) -> None:
    """`fit_transform` gives what `fit`, then `transform` give: the same fit to the bit, features up to rounding."""
    if not isinstance(embedder, Transductive):
        return
    sample, fits, features = _fit_all(embedder)
    at_once, same = embedder.fit_transform(sample)
    assert fits.keys() == same.keys(), "fit_transform fits something else than fit"
    # The fit is kept beside the features, whichever way it was made; features may be rounded otherwise on the way.
    assert all(np.array_equal(fits[name], same[name]) for name in fits), "fit_transform fits otherwise than fit"
    assert at_once.dtype == np.float32, f"features are {at_once.dtype}"
    assert np.allclose(at_once, features, rtol=1e-3, atol=1e-4), "fit_transform gives other features than transform"


def check_leaves_pictures_alone(embedder: Embedder) -> None:
    """It reads pictures from a read-only map of a file, as they come, and from memory without writing there."""
    sample, fits, features = _fit_all(embedder)
    assert np.array_equal(sample, pictures(embedder)), "the pictures were changed"
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "pictures.npy", sample)
        mapped = np.load(Path(folder) / "pictures.npy", mmap_mode="r")
        assert np.array_equal(embedder.transform(mapped, fits), features), "pictures in a file give other features"


def check_survives_blank_pictures(embedder: Embedder) -> None:
    """Pictures of one colour among others, and nothing but them."""
    sample = pictures(embedder)
    blank = np.zeros_like(sample)  # no spread at all: a scale of zero to divide by
    sample[::2] = 255  # every second picture, so pictures without spread among others
    for some in (sample, blank):
        fits = embedder.fit(some)
        assert np.isfinite(embedder.transform(some, fits)).all(), "blank pictures give features that are not finite"


def check_counts_what_is_done(embedder: Embedder) -> None:
    """``report`` hears of every picture once."""
    sample, fits, _ = _fit_all(embedder)
    counts: list[int] = []
    embedder.transform(sample, fits, counts.append)
    assert sum(counts) == PICTURE_COUNT, f"{sum(counts)} of {PICTURE_COUNT} pictures were reported"


def check_its_fields_are_its_settings(embedder: Embedder) -> None:
    """A frozen dataclass, whose settings JSON can hold; with a version."""
    names = [field.name for field in dataclasses.fields(embedder) if field.repr]
    json.dumps({name: getattr(embedder, name) for name in names})
    assert type(embedder.version) is int, f"its version is {embedder.version!r}, not a whole number"
    try:
        # To its own value, so that a class which lets it happen is at least not changed by the check.
        setattr(embedder, names[0], getattr(embedder, names[0]))
    except dataclasses.FrozenInstanceError:
        return
    raise AssertionError("its settings can be changed after features were kept under them")


for_embedders: list[Callable[[Embedder], None]] = [
    check_gives_plain_features,
    check_gives_the_same_bits_twice,
    check_a_picture_has_the_same_bits_in_any_company,
    check_learns_only_if_it_says_so,
    check_fits_and_transforms_at_once,
    check_leaves_pictures_alone,
    check_survives_blank_pictures,
    check_counts_what_is_done,
    check_its_fields_are_its_settings,
]
