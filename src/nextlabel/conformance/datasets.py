"""The contract of datasets, one function for each promise. Use it on a loader of your own:

>>> from nextlabel.conformance import datasets
>>> from nextlabel.datasets import load
>>> from nextlabel.datasets.base import Request
>>> for check in datasets.for_datasets:
...     check(lambda: load(Request("digits")))

A check raises `AssertionError`, with a sentence, where the promise is broken. It is given what loads the dataset, and
not the dataset, since the first promise is that loading it again gives the same.
"""

import json
import pickle
import re
from collections.abc import Callable

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.text import printable

SQUARE_SIZE = 8  # pixels: small, for all pictures are decoded for it
DIGEST = re.compile(r"[0-9a-f]{32}")  # bytes.fromhex would let white space through
Load = Callable[[], Dataset]
MOST_BYTES, BYTES_A_SAMPLE = 300_000, 600  # of a pickled dataset: paths travel, what they lead to does not


def check_loads_the_same_twice(load: Load) -> None:
    """The same samples in the same order, with the same labels, under the same fingerprint."""
    one, two = load(), load()
    assert one.fingerprint == two.fingerprint, "loaded again, its fingerprint is another"
    assert one.content == two.content, "loaded again, its samples or their order are others"
    assert np.array_equal(one.y, two.y), "loaded again, its labels are others"
    assert one.classes == two.classes, "loaded again, its classes are others"


def check_labels_are_codes(load: Load) -> None:
    """One int64 a sample, 0 … C-1 or -1; every class has a sample, and a name of its own."""
    data = load()
    assert data.y.dtype == np.int64, f"labels are {data.y.dtype}"
    assert data.y.shape == (len(data),), f"labels have the shape {data.y.shape}"
    codes = sorted(set(data.y.tolist()) - {-1})
    # No gaps: a class without a sample would be a column that nothing can ever be put in.
    assert codes == list(range(len(data.classes))), f"labels are {codes}, and there are {len(data.classes)} classes"
    assert len(set(data.classes)) == len(data.classes), "two classes have one name"


def check_has_pictures_texts_or_a_table(load: Load) -> None:
    """Just one of them; and paths, if it has any, one a sample."""
    data = load()
    held = sum(one is not None for one in (data.pictures, data.texts, data.table))
    assert held == 1, f"it has {held} of pictures, texts and a table, not one"
    assert data.paths is None or len(set(data.paths)) == len(data), "paths are not one of its own a sample"


def check_a_table_is_plain(load: Load) -> None:
    """Features (N, d) float32, finite; or NaN, where ``gaps`` says that some are missing."""
    data = load()
    table = data.table
    if table is not None:
        assert table.dtype == np.float32, f"features are {table.dtype}"
        assert table.ndim == 2, f"features have the shape {table.shape}"
        assert len(table) == len(data), f"{len(table)} rows for {len(data)} labels"
        bad = np.isinf(table) if data.gaps else ~np.isfinite(table)
        assert not bad.any(), "features are not all finite"
        assert data.gaps == np.isnan(table).any(), "it says that features are missing, and has all"


def check_pictures_are_squares(load: Load) -> None:
    """(N, size, size, 3) uint8, read-only, of any size asked for; the same bytes in blocks of any order."""
    data = load()
    if data.pictures is None:
        return
    squares = data.pictures.squares(SQUARE_SIZE)
    assert squares.dtype == np.uint8, f"pictures are {squares.dtype}"
    assert squares.shape == (len(data), SQUARE_SIZE, SQUARE_SIZE, 3), f"pictures have the shape {squares.shape}"
    # They may be a map of a file in the cache, which every later run reads.
    assert not squares.flags.writeable, "pictures can be written to"
    ids = [len(data) - 1, *range(len(data) - 1)]  # the last one first: blocks follow the ids, not the file
    blocks = list(data.pictures.blocks(SQUARE_SIZE, ids))
    assert [i for some, _ in blocks for i in some] == ids, "blocks hold other ids than were asked for"
    assert np.array_equal(np.concatenate([block for _, block in blocks]), squares[ids]), "blocks hold other pictures"


def check_texts_are_texts(load: Load) -> None:
    """One ``str`` a sample, which UTF-8 can hold; the same in blocks of any order."""
    data = load()
    if data.texts is None:
        return
    assert len(data.texts) == len(data), f"{len(data.texts)} texts for {len(data)} labels"
    ids = [len(data) - 1, *range(len(data) - 1)]
    blocks = list(data.texts.blocks(ids))
    assert [i for some, _ in blocks for i in some] == ids, "blocks hold other ids than were asked for"
    found = [text for _, block in blocks for text in block]
    assert found == [data.texts[i] for i in ids], "blocks hold other texts"
    "".join(found).encode()


def check_digests_tell_samples_apart(load: Load) -> None:
    """32 hexadecimal digits a sample; the same just where the bytes are, which ``duplicates`` tells too."""
    data = load()
    if data.table is not None:
        return
    digests = data.content
    assert len(digests) == len(data), f"{len(digests)} digests for {len(data)} samples"
    assert all(map(DIGEST.fullmatch, digests)), "digests are not 32 hexadecimal digits"
    # Vectors and squares are kept by digest: a duplicate with a digest of its own would be embedded twice.
    torn = [group for group in data.duplicates if len({digests[i] for i in group}) > 1]
    assert not torn, f"samples {torn} count as the same, and have other digests"


def check_travels_small(load: Load) -> None:
    """Pickled, it is small enough for the start of a worker, also after pictures were looked at; and arrives whole."""
    data = load()
    if data.pictures is not None:
        data.pictures.squares(SQUARE_SIZE)
    sent = pickle.dumps(data)  # each worker is sent it: what was decoded here must stay here
    room = MOST_BYTES + (0 if data.paths is None else BYTES_A_SAMPLE * len(data))
    assert len(sent) <= room, f"it travels as {len(sent):,} bytes, and {room:,} would do"
    # As in a worker: what was left behind is read again from the files, or from the cache.
    there = pickle.loads(sent)
    assert (there.fingerprint, there.classes, there.content) == (data.fingerprint, data.classes, data.content)
    assert there.y.dtype == data.y.dtype, f"labels arrive as {there.y.dtype}"
    assert np.array_equal(there.y, data.y), "labels arrive as others"
    if data.table is not None:
        assert np.array_equal(there.table, data.table, equal_nan=True), "features arrive as others"
    elif data.texts is not None:
        assert [there.texts[i] for i in range(len(there))] == [data.texts[i] for i in range(len(data))], (
            "texts arrive as others"
        )
    elif data.pictures is not None:
        assert np.array_equal(there.pictures.squares(SQUARE_SIZE), data.pictures.squares(SQUARE_SIZE)), (
            "pictures arrive as others"
        )


def check_its_text_can_be_shown(load: Load) -> None:
    """Names, classes, paths, warnings: text that any file and any terminal takes."""
    data = load()
    skipped = [word for file in data.skipped for word in (file.path, file.reason)]
    words = [data.name, *data.classes, *(data.paths or ()), *data.warnings, *skipped]
    bad = [word for word in words if printable(word) != word]
    assert not bad, f"{bad[:3]} cannot be shown as they are"
    json.dumps(words).encode()


for_datasets: list[Callable[[Load], None]] = [
    check_loads_the_same_twice,
    check_labels_are_codes,
    check_has_pictures_texts_or_a_table,
    check_a_table_is_plain,
    check_pictures_are_squares,
    check_texts_are_texts,
    check_digests_tell_samples_apart,
    check_travels_small,
    check_its_text_can_be_shown,
]
