"""`tfidf`: which pieces of words a text holds, weighted by how rare they are, in 256 principal directions.

G. Salton and C. Buckley, "Term-weighting approaches in automatic text retrieval", 1988, and S. Deerwester et al.,
"Indexing by latent semantic analysis", 1990. Pieces are runs of letters within words, so that no language and no script
needs a dictionary, nor spaces between its words. Fitted without labels to all texts, by scikit-learn.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from nextlabel.datasets.base import Dataset
from nextlabel.embedders.base import Features32, Fits, Report, Strings, silent
from nextlabel.pool import Floats

SHORTEST, LONGEST = 2, 4  # letters of a piece
BLANK = "  "  # a piece that no text has


@dataclass(frozen=True)
class Tfidf:
    """Counts of pieces of 2 to 4 letters, as 1 + log, times the log of how rare they are; then a truncated SVD.

    ``pieces`` the most frequent ones are looked at; ``width`` of the result, or less: what few texts allow. Of a text
    the first ``characters`` are read.

    >>> texts = ["a reef of coral", "reefs and corals", "a tax return", "two tax returns"]
    >>> features, fits = Tfidf().fit_transform(texts)
    >>> features.shape, bool(features[0] @ features[1] > features[0] @ features[2])
    ((4, 3), True)
    """

    width: int = 256
    pieces: int = 20_000
    characters: int = 20_000
    seed: int = 0

    version: ClassVar[int] = 1

    def fit(self, sample: Strings, report: Report = silent) -> Fits:
        """The pieces (F,), how rare each one is (F,), and the directions (F, d), of texts (n,)."""
        return self.fit_transform(sample, report)[1]

    def transform(self, block: Strings, fits: Fits, report: Report = silent) -> Features32:
        """Features (m, d) of texts (m,), whether or not it was fitted to them."""
        counts = self._counter(vocabulary=fits["pieces"].tolist()).transform(self._read(block))
        report(len(block))
        return _project(counts, fits)

    def fit_transform(self, sample: Strings, report: Report = silent) -> tuple[Features32, Fits]:
        """Features (n, d) of the texts that it is fitted to, and what was fitted."""
        fits, counts = self._fit(sample)
        report(len(sample))
        return _project(counts, fits), fits

    def _fit(self, sample: Strings) -> tuple[Fits, Any]:
        counter = self._counter(max_features=self.pieces)
        try:
            counts = counter.fit_transform(self._read(sample))
        except ValueError:  # not one piece in all texts
            nothing = np.zeros(1, np.float32)
            return {"pieces": np.array([BLANK]), "rarity": nothing, "axes": nothing[:, None]}, sparse.csr_array(
                (len(sample), 1)
            )
        rarity = np.log((1 + len(sample)) / (1 + np.bincount(counts.indices))) + 1
        fits = {"pieces": counter.get_feature_names_out().astype(str), "rarity": rarity.astype(np.float32)}
        width = max(1, min(self.width, *(side - 1 for side in counts.shape)))
        with threadpool_limits(1):  # with more threads BLAS may round otherwise
            _, _, axes = randomized_svd(_weigh(counts, fits["rarity"]), width, n_iter=4, random_state=self.seed)
        return fits | {"axes": axes.T.astype(np.float32)}, counts

    def _counter(self, **more: Any) -> Any:
        return CountVectorizer(analyzer="char_wb", ngram_range=(SHORTEST, LONGEST), dtype=np.float32, **more)

    def _read(self, texts: Strings) -> list[str]:
        # In one Unicode form; and numpy's text cannot end in NUL.
        return [unicodedata.normalize("NFKC", text[: self.characters]).replace("\0", " ") for text in texts]


def _weigh(counts: Any, rarity: Floats) -> Any:
    """Counts (m, F) as weights, every row of length 1, or of none."""
    weighed = sparse.csr_array(counts, dtype=np.float32, copy=True)
    weighed.sort_indices()  # in one order, whoever counted: sums hang on it
    weighed.data = (1 + np.log(weighed.data)) * rarity[weighed.indices]
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    weighed.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(weighed.indptr)).astype(np.float32)
    return weighed


def _project(counts: Any, fits: Fits) -> Features32:
    """Features (m, d), each row a sum of its own: the same bits in any company."""
    return np.asarray(_weigh(counts, fits["rarity"]) @ fits["axes"], dtype=np.float32)


def tfidf(dataset: Dataset) -> Tfidf:
    """What `tfidf` specifies, for any texts."""
    return Tfidf()
