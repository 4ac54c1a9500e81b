"""Texts as a classifier sees them: embedded block by block, with what training fitted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nextlabel.datasets.texts import Texts
from nextlabel.embedders.base import Features32, Fits, TextEmbedder
from nextlabel.knobs.columns import Columns
from nextlabel.progress import Progress, quiet


@dataclass(frozen=True)
class TextInput:
    """How texts become features: an embedder, what it was fitted to in training, and the column that held them.

    ``columns`` says how the table of the training was read; None where texts were files.
    """

    name: str
    embedder: TextEmbedder
    fits: Fits
    columns: Columns | None = None

    def look(self, texts: Texts, progress: Progress = quiet) -> Iterator[Features32]:
        """Features (m, d), some texts at a time, in their order."""
        done = 0
        for some, block in texts.blocks(range(len(texts))):
            yield np.asarray(self.embedder.transform(block, self.fits), dtype=np.float32)
            done += len(some)
            progress("Looking at texts", done, len(texts))
