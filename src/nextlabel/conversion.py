"""What people hold their data in, made numpy's: lists, frames, series, tensors, masked and sparse arrays.

Nothing is copied that numpy can look at as it is. No library is loaded for it: whoever has such a thing has imported
its library.
"""

import itertools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.errors import BadArray
from nextlabel.pool import Mask
from nextlabel.text import printable, shorten

Array = npt.NDArray[Any]

FEATURES = "features"  # what a table is called where its rows are samples
WIDEST = 8  # bytes of a number: float64; longer ones have no matrix product
DENSE = 1 << 26  # cells up to which a sparse matrix is written out: half a gigabyte of float64
MIXED = "Write all of them as text: [str(label) for label in y], with '' for missing ones."


def to_table(given: Any, what: str) -> Array:
    """Features or probabilities as an array, whatever holds them; `BadArray` where a mask or a type would be lost."""
    if np.ma.is_masked(given):
        raise BadArray(f"The {what} are a masked array, whose mask would be lost. Fill it first: X.filled(0).")
    if hasattr(given, "tocsr") and hasattr(given, "toarray"):
        return _write_out(given, what)
    found = to_array(given, what)
    if found.dtype.kind == "O" and hasattr(given, "columns"):
        return _read_frame(given, what)
    if found.dtype.kind == "O":
        raise BadArray(
            f"The {what} are an array of Python objects, which can hold anything. {name_remedy(found, given)}"
        )
    return found


def name_remedy(found: Array, given: Any) -> str:
    """A sentence on what makes a table of numbers of X, which is ``given``, and to numpy ``found``.

    It ends with the expression that does so.

    >>> name_remedy(np.array([["1"]]), [["1"]]), name_remedy(np.array([["a"]]), [["a"]])[-33:]
    ('Convert them: np.asarray(X).astype(np.float32).', ' pandas.DataFrame(np.asarray(X)).')
    """
    array = _name_array(given)
    if found.dtype.names or not _can_be_numbers(found):
        return f"Text and fields become numbers in a frame of pandas or polars: pandas.DataFrame({array})."
    if found.dtype.kind not in "iuf" or found.dtype.itemsize > WIDEST:
        array += {"m": ".astype(np.int64)", "M": ".astype(np.int64)", "c": ".real"}.get(
            found.dtype.kind,
            ".astype(np.float32)",  # a date has no way to float but the other
        )
    if found.ndim != 2:
        rows = "X.shape[0]" if hasattr(given, "toarray") else "len(X)"
        array += {0: ".reshape(1, 1)", 1: ".reshape(-1, 1)"}.get(found.ndim, f".reshape({rows}, -1)")
    words = {
        1: "Is it one number a sample? Then reshape them",
        2: "Convert them",
        4: "Are they pictures? Embed them first, or take their pixels",
    }
    return f"{words.get(found.ndim, 'Reshape them')}: {array}."


def _name_array(given: Any) -> str:
    """The expression that makes numpy's array of X: it knows neither what is sparse nor a tensor that is."""
    if hasattr(given, "toarray"):
        return "X.toarray()"
    if _is_tensor(given) and "strided" not in str(given.layout):
        return "X.detach().cpu().to_dense().numpy()"
    return "X.detach().cpu().numpy()" if _is_tensor(given) else "np.asarray(X)"


def _can_be_numbers(found: Array) -> bool:
    """Are they no text, or text and objects that are numbers all the same?"""
    if found.dtype.kind not in "OUST":
        return True
    try:
        found.astype(np.float32)
    except (ValueError, TypeError):
        return False
    return True


def to_labels(given: Any) -> tuple[Array, Mask]:
    """Labels (n,) as numbers or text, and where one is unknown (n,): masked, None, NaN beside text, or <NA>."""
    if isinstance(given, np.ma.MaskedArray):
        return np.asarray(given.data), np.ma.getmaskarray(given)
    if hasattr(given, "columns") and len(given.columns) == 1:
        given = given[given.columns[0]]  # a frame of one column
    found = to_array(given, "labels")
    # numpy makes text of everything that stands beside text in a list: of NaN the class 'nan', and of 1 the class '1'.
    if isinstance(given, list | tuple) and found.dtype.kind in "US" and found.ndim == 1:
        found = np.fromiter(given, dtype=object, count=len(given))
    if found.dtype.kind == "S" and found.ndim == 1:
        found = found.astype(object)
    if found.dtype.kind in "OT" and found.ndim == 1:
        return _read_objects(found.tolist())
    return found, np.zeros(found.shape, dtype=bool)


def to_array(given: Any, what: str) -> Array:
    """What numpy sees in it, or `BadArray`; tensors from any device, without gradients, in numbers that numpy has."""
    try:
        if isinstance(given, list | tuple) and given and _is_tensor(given[0]):
            return np.stack([_read_tensor(one) for one in given])
        found = np.asarray(_read_tensor(given) if _is_tensor(given) else given)
    except (ValueError, TypeError, RuntimeError):
        raise BadArray(f"The {what} are no array: their rows differ in length, or are no numbers.") from None
    if not found.ndim and found.dtype.kind in "OUS":  # one thing, no list of any: None, a path
        raise BadArray(
            f"The {what} are a {type(given).__name__}, and should be an array: np.load(path) reads one from a file, "
            "np.array(list(X)) makes one of anything that can be listed."
        )
    return found


def _is_tensor(given: Any) -> bool:
    return all(hasattr(given, name) for name in ("detach", "cpu", "is_sparse"))


def _read_tensor(given: Any) -> Array:
    tensor = given.detach().cpu().resolve_conj()
    if "strided" not in str(tensor.layout):
        tensor = tensor.to_dense()
    if "bfloat16" in str(tensor.dtype) or "float8" in str(tensor.dtype):  # numpy knows no such number
        tensor = tensor.float()
    return np.asarray(tensor)


def _write_out(sparse: Any, what: str) -> Array:
    if math.prod(sparse.shape) > DENSE:
        shape = " x ".join(f"{count:,}" for count in sparse.shape)
        raise BadArray(
            f"The {what} are a sparse matrix of {shape}, too large to be written out. Reduce it first: "
            "sklearn.decomposition.TruncatedSVD(100).fit_transform(X)."
        )
    return np.asarray(sparse.toarray())


def _read_frame(frame: Any, what: str) -> Array:
    """A frame whose numbers numpy takes for objects: some are missing, or a column is text."""
    for name in frame.columns:
        column = to_array(frame[name], what)
        if column.dtype.kind != "O":
            continue
        texts = [one for one in column.tolist() if isinstance(one, str)]
        if texts:
            shown = printable(shorten(str(name)))
            raise BadArray(
                f"The column '{shown}' of the {what} holds text, such as {shorten(repr(texts[0]))}. Leave it out"
                # A frame of another library's: those of pandas and polars are read as tables.
                + (", or hand in a frame of pandas or polars: text in it becomes numbers." if what == FEATURES else ".")
            )
    try:
        return np.asarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))  # <NA> is found by `check_finite`
    except (ValueError, TypeError):
        cast = "X.cast(float)" if hasattr(frame, "cast") else "X.astype('float64')"  # polars, or pandas
        raise BadArray(f"The {what} are a frame with columns that are no numbers. Convert them: {cast}.") from None


def _read_objects(values: list[Any]) -> tuple[Array, Mask]:
    """Labels out of Python objects: all text, or all numbers; what says that nothing is there is unknown."""
    unknown = np.fromiter((_is_nothing(one) for one in values), dtype=bool, count=len(values))
    known = list(itertools.compress(values, ~unknown))
    try:
        known = [one.decode() if isinstance(one, bytes) else one for one in known]
    except UnicodeDecodeError:
        raise BadArray(
            "The labels are bytes that are no UTF-8. Decode them: [label.decode('latin-1') for label in y]."
        ) from None
    kinds = _kinds(known)
    if kinds <= {str}:
        found: Array = np.full(len(values), "", dtype=f"U{max(map(len, known), default=1) or 1}")
    elif kinds <= {bool, int, float}:
        found = np.zeros(len(values), dtype=np.float64 if float in kinds else np.int64)
    elif str in kinds and kinds <= {str, bool, int, float}:
        raise BadArray(f"The labels are text and numbers, such as {_example(known)}. {MIXED}")
    else:
        raise BadArray(
            f"The labels are Python objects, such as {_example(known)}, and should be numbers or text. Convert them: "
            "np.array([str(label) for label in y]), with '' for missing ones."
        )
    try:
        found[~unknown] = known
    except OverflowError:
        raise BadArray(f"The labels are numbers too large for 64 bits. {MIXED}") from None
    return found, unknown


def _is_nothing(one: Any) -> bool:
    """None, NaN, pandas' <NA> and NaT: all that is not equal to itself, or will not say."""
    if one is None or one is np.ma.masked:
        return True
    if isinstance(one, str | bytes | int):
        return False
    try:
        return bool(one != one)
    except (TypeError, ValueError):  # <NA> has no truth; nor has an array, which is told as what it is
        return type(one).__name__ == "NAType"


def _kinds(values: Iterable[Any]) -> set[type]:
    """Of what kinds they are: Python's own names for numpy's, too."""
    plain = {np.str_: str, np.bool_: bool}
    found = set()
    for kind in set(map(type, values)):
        if issubclass(kind, np.integer):
            kind = int
        elif issubclass(kind, np.floating):
            kind = float
        found.add(plain.get(kind, kind))
    return found


def _example(values: list[Any]) -> str:
    first = {type(one): one for one in reversed(values)}
    return " and ".join(shorten(repr(one)) for one in list(first.values())[:2])
