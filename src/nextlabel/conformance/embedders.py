"""The contract of embedders, one function for each promise. Use it on embedders of your own:

>>> from nextlabel.conformance import embedders
>>> from nextlabel.embedders.pixels import Pixels
>>> for check in embedders.for_embedders:
...     check(Pixels(size=4))

For one that takes texts, they are ``for_text_embedders``. A check raises `AssertionError`, with a sentence, where the
promise is broken. Vectors are kept by what a sample holds, so the promise that matters most is that a sample's vector
does not depend on the samples beside it, not in one bit.
"""

import dataclasses
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from nextlabel.datasets.base import Squares
from nextlabel.embedders.base import Embedder, Features32, Fits, Learner, TextEmbedder, Transductive

COUNT = 40
WORDS, LONG = 12, 100_000  # words of a text; letters of one that does not end
# Where forty scripts begin: twenty letters of each, from Latin to Chinese, one beyond 16 bits among them.
SCRIPTS = (
    0x61, 0x3B1, 0x430, 0x561, 0x5D0, 0x627, 0x710, 0x780, 0x7CA, 0x905,
    0x985, 0xA05, 0xA85, 0xB05, 0xB85, 0xC05, 0xC85, 0xD05, 0xD85, 0xE01,
    0xE81, 0xF40, 0x1000, 0x10D0, 0x1100, 0x1200, 0x13A0, 0x1401, 0x16A0, 0x1780,
    0x1820, 0x1900, 0x1950, 0x1A00, 0x3041, 0x30A1, 0x3105, 0x4E00, 0xAC00, 0x10330,
)  # fmt: skip


def pictures(embedder: Embedder, seed: int = 0) -> Squares:
    """Forty pictures of the size that it wants: smooth ones with a little noise, no two alike. (40, size, size, 3)"""
    # Smooth, as photographs are: in pure noise no direction stands out, and a fit would hang on rounding.
    rng, size = np.random.default_rng(seed), embedder.size
    ramp = np.linspace(0, 1, size)[:, None, None] * rng.uniform(0, 200, (COUNT, 1, 1, 3))  # (40, size, 1, 3)
    return (ramp + rng.integers(0, 56, (COUNT, size, size, 3))).astype(np.uint8)


def texts(seed: int = 0) -> list[str]:
    """Forty texts, each of invented words in a script of its own, no two alike."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 9, (COUNT, WORDS))
    return [
        " ".join("".join(map(chr, first + rng.integers(0, 20, n))) for n in each)
        for first, each in zip(SCRIPTS, lengths, strict=True)
    ]


def samples(embedder: Learner[Any], seed: int = 0) -> Any:
    """Forty samples of the kind that it takes: pictures, if it wants them in a size."""
    return pictures(embedder, seed) if isinstance(embedder, Sizing) else texts(seed)


@runtime_checkable
class Sizing(Embedder, Protocol):
    """An embedder of pictures."""


def _pick(sample: Any, ids: Sequence[int]) -> Any:
    return sample[ids] if isinstance(sample, np.ndarray) else [sample[i] for i in ids]


def _fit_all(embedder: Learner[Any]) -> tuple[Any, Fits, Features32]:
    sample = samples(embedder)
    fits = embedder.fit(sample)
    return sample, fits, embedder.transform(sample, fits)


def check_gives_plain_features(embedder: Learner[Any]) -> None:
    """One row a sample, float32, finite; samples that differ have rows that differ."""
    _, _, features = _fit_all(embedder)
    assert features.dtype == np.float32, f"features are {features.dtype}"
    assert features.ndim == 2, f"features have the shape {features.shape}"
    assert features.shape[0] == COUNT, f"{len(features)} rows for {COUNT} samples"
    assert features.shape[1] > 0, "no feature at all"
    assert np.isfinite(features).all(), "features are not all finite"
    # No dead output: a constant vector would pass everything else here.
    assert len(np.unique(features, axis=0)) == COUNT, "samples that differ have the same features"


def check_gives_the_same_bits_twice(embedder: Learner[Any]) -> None:
    """Fitted and asked again, whatever state numpy's global generator is in."""
    before = np.random.get_state()
    try:
        np.random.seed(1)
        once = _fit_all(embedder)[2]
        np.random.seed(2)
        twice = _fit_all(embedder)[2]
    finally:
        np.random.set_state(before)
    assert np.array_equal(once, twice), "the same samples gave other features the second time"


def check_a_sample_has_the_same_bits_in_any_company(embedder: Learner[Any]) -> None:
    """Alone, among few, among all, in another order: the same row."""
    sample, fits, features = _fit_all(embedder)
    # BLAS sums in another order for other shapes, so the trap is one matrix product over the whole batch.
    for ids in ([0], [COUNT - 1], [3, 4, 5], list(range(7, 20)), list(range(COUNT))[::-1]):
        rows = embedder.transform(_pick(sample, ids), fits)
        assert np.array_equal(rows, features[ids]), f"samples {ids} by themselves have other features than among all"


def check_learns_only_if_it_says_so(embedder: Learner[Any]) -> None:
    """What is not `Transductive` fits nothing, and embeds samples of any kind with nothing."""
    fits = embedder.fit(samples(embedder))
    if isinstance(embedder, Transductive):
        assert fits, "it has a fit_transform, and learns nothing"
        assert all(isinstance(each, np.ndarray) for each in fits.values()), "what was fitted are not all arrays"
    else:
        assert not fits, f"it learns {', '.join(fits)} without a fit_transform, so nobody would keep that"


def check_fits_and_transforms_at_once(embedder: Learner[Any]) -> None:
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


def check_leaves_texts_alone(embedder: TextEmbedder) -> None:
    """It takes any sequence of texts, which it does not change."""
    sample, fits, features = _fit_all(embedder)
    assert sample == texts(), "the texts were changed"
    assert np.array_equal(embedder.transform(tuple(sample), fits), features), "texts in a tuple give other features"


def check_survives_any_text(embedder: TextEmbedder) -> None:
    """Empty texts, endless ones, control characters, among others and nothing but them."""
    odd = ["", " ", "\n\t", "a", "\0", "\0a\0", "\u202e\u200b", "\U0001f44d", "z" * LONG, "\u4e00" * LONG]
    for some in ([*texts(), *odd], odd, ["", " "], ["a", "a"]):
        features = embedder.transform(some, embedder.fit(some))
        assert len(features) == len(some), f"{len(features)} rows for {len(some)} texts"
        assert np.isfinite(features).all(), "such texts give features that are not finite"


def check_counts_what_is_done(embedder: Learner[Any]) -> None:
    """``report`` hears of every sample once."""
    sample, fits, _ = _fit_all(embedder)
    counts: list[int] = []
    embedder.transform(sample, fits, counts.append)
    assert sum(counts) == COUNT, f"{sum(counts)} of {COUNT} samples were reported"


def check_its_fields_are_its_settings(embedder: Learner[Any]) -> None:
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
    check_a_sample_has_the_same_bits_in_any_company,
    check_learns_only_if_it_says_so,
    check_fits_and_transforms_at_once,
    check_leaves_pictures_alone,
    check_survives_blank_pictures,
    check_counts_what_is_done,
    check_its_fields_are_its_settings,
]

for_text_embedders: list[Callable[[TextEmbedder], None]] = [
    check_gives_plain_features,
    check_gives_the_same_bits_twice,
    check_a_sample_has_the_same_bits_in_any_company,
    check_learns_only_if_it_says_so,
    check_fits_and_transforms_at_once,
    check_leaves_texts_alone,
    check_survives_any_text,
    check_counts_what_is_done,
    check_its_fields_are_its_settings,
]
