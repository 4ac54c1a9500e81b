"""What the files of a run must look like: checked once where they are read, so that nobody stumbles over them later.

A `Shape` says where a value does not fit: ``None`` where it does, else the place below it, such as ``.dataset.counts``
(an empty text for the value itself). Hand-written rather than pydantic's models, which take longer to import than all
rows of a large run take to check.
"""

from collections.abc import Callable, Mapping
from typing import Any

from nextlabel.files.strict_json import Row

Shape = Callable[[Any], str | None]

LARGEST = 2**53  # a float knows whole numbers up to here
LONGEST_SEED = 10**40
LONGEST_TIME = 1e12  # seconds, or nats: mapping finite


def _fits(test: Callable[[Any], bool]) -> Shape:
    return lambda value: None if test(value) else ""


# Bounds are traps that JSON lays: a number of 400 digits is no float, so numpy, `math.isfinite` and a plot raise on it.
# `type(value) is int` and not isinstance: True is no number of labels.
words = _fits(lambda value: isinstance(value, str))
flag = _fits(lambda value: isinstance(value, bool))
count = _fits(lambda value: type(value) is int and 0 <= value < LARGEST)
seed = _fits(lambda value: type(value) is int and 0 <= value < LONGEST_SEED)
amount = _fits(lambda value: type(value) in (int, float) and 0 <= value < LONGEST_TIME)
score = _fits(lambda value: value is None or (type(value) in (int, float) and 0 <= value <= 1))
loss = _fits(lambda value: value is None or (type(value) in (int, float) and 0 <= value < LONGEST_TIME))
number = _fits(lambda value: value is None or (type(value) in (int, float) and abs(value) < LONGEST_TIME))
knob_value = _fits(lambda value: value is None or isinstance(value, str | int | float))
mapping = _fits(lambda value: isinstance(value, dict))


def maybe(inner: Shape) -> Shape:
    """A value of the shape ``inner``, or null."""
    return lambda value: None if value is None else inner(value)


def every(inner: Shape, least: int = 0) -> Shape:
    """A list of ``least`` values or more, each of the shape ``inner``."""

    def shape(value: Any) -> str | None:
        if not isinstance(value, list) or len(value) < least:
            return ""
        return next((f"[{i}]{at}" for i, item in enumerate(value) if (at := inner(item)) is not None), None)

    return shape


def values_of(inner: Shape) -> Shape:
    """An object with any keys, each value of the shape ``inner``."""

    def shape(value: Any) -> str | None:
        if not isinstance(value, dict):
            return ""
        return next((at for item in value.values() if (at := inner(item)) is not None), None)

    return shape


def by_seed(inner: Shape) -> Shape:
    """An object whose keys are seeds, as texts of digits."""
    plain = values_of(inner)

    def shape(value: Any) -> str | None:
        if isinstance(value, dict) and not all(
            line_key.isascii() and line_key.isdigit() and len(line_key) <= 40 for line_key in value
        ):
            return ""
        return plain(value)

    return shape


def fields(needed: Mapping[str, Shape], more: Mapping[str, Shape] | None = None) -> Shape:
    """An object that has all fields of ``needed``, and those of ``more`` in their shape if it has them."""
    extra = tuple((more or {}).items())
    must = tuple(needed.items())

    def shape(value: Any) -> str | None:
        if not isinstance(value, dict):
            return ""
        for name, inner in must:
            if name not in value or (at := inner(value[name])) is not None:
                return f".{name}{'' if name not in value else at}"
        for name, inner in extra:
            if name in value and (at := inner(value[name])) is not None:
                return f".{name}{at}"
        return None

    return shape


# Fields that a version to come adds are let through; those that somebody reads must be there.
KEY = {"strategy": words, "seed": seed, "round": count}  # says which round of which arm a line is of
ROW = fields(
    KEY
    | dict.fromkeys(("dataset", "embedder", "model"), words)
    | {"labelled": count}
    | dict.fromkeys(("accuracy", "balanced_accuracy", "f1_macro"), score),
    # A run without a validation set has no score of it.
    {"log_loss": loss, "ece": score, "val_f1_macro": score, "mended": count},
)
PICK = fields(
    KEY | {"ids": every(count)},
    # The last two only where there is an audit side.
    dict.fromkeys(("paths", "why", "labels"), every(words)) | {"scores": every(maybe(amount)), "tau": maybe(amount)},
)
TIMING = fields(KEY | {"fit_s": amount, "ask_s": amount}, {"converged": flag})
CONFUSION = fields(KEY | {"matrix": every(every(count), least=1)})
FIGURE = fields({"audit": count, "labelled": count}, dict.fromkeys(("value", "low", "high", "truth"), number))
ESTIMATE = fields(KEY | {"labelled": count, "audit": count, "test": count, "figures": values_of(FIGURE)})
LINES = {"rows": ROW, "picks": PICK, "timings": TIMING, "confusions": CONFUSION}

SPLIT = fields({"seed": seed} | dict.fromkeys(("test", "val", "start"), every(count)))
SPLITS = every(SPLIT, least=1)

SIZES = fields({"start": count, "pool": count}, {"test": count, "val": count})
EMBEDDER = fields({"name": words, "d": count, "transductive": flag}, {"settings": mapping})
VERSIONS = values_of(words)
# Of a run that got more seeds: those that it had before, and the command that added others.
EXTENDED = every(fields({"seeds": every(seed), "command": every(words)}))
_named = fields({"nextlabel": words})


def environment_shape(value: Any) -> str | None:
    """What a run was made with: words, among them the version of nextlabel."""
    at = _named(value)
    return VERSIONS(value) if at is None else at


MADE_WITH = {  # in manifests of version 0.1 the last three, which said less
    "made_with": every(environment_shape, least=1), "nextlabel": words, "versions": VERSIONS, "machine": VERSIONS,
}  # fmt: skip

# What `compare` needs to know of a run.
CORE = fields(
    {
        "identity": mapping,
        "experiment": fields({"strategies": every(words, least=1), "seeds": every(seed, least=1)}),
        "dataset": fields({"counts": every(count, least=1), "fingerprint": words}),
        "strategies": values_of(fields({"class": words})),
        "seeds": by_seed(VERSIONS),
        "sizes": SIZES,
    },
    {"sizes_by_seed": by_seed(SIZES), **MADE_WITH},
)

# What the report shows of it, beside that.
MORE = fields(
    {
        "command": every(words),
        "experiment": fields({"oracle": words}),
        "plan": fields({"batch": knob_value, "cold": words, "audit": score, "ahead": count}),
        "dataset": fields(
            {
                "name": words, "source": words, "kind": words, "n": count, "classes": every(words, least=1),
                "skipped": every(fields({"path": words, "reason": words})), "duplicates": every(every(count)),
                "warnings": every(words),
            }
        ),
        "model": words,
        "sizes": fields(dict.fromkeys(("test", "val", "start", "pool"), count)),
        "settings": by_seed(mapping),
        "threads": count,
        "jobs": count,
    },
    {"sizes_by_seed": by_seed(fields(dict.fromkeys(("test", "val", "start", "pool"), count))), "extended": EXTENDED},
)  # fmt: skip


def embedder_shape(value: Any) -> str | None:
    """One of `nextlabel.embedders`, or, for a model with features of its own, the one that its map was drawn with."""
    own = isinstance(value, dict) and "map" in value
    return (fields({"name": words, "map": EMBEDDER}) if own else EMBEDDER)(value)


def manifest_shape(value: Any) -> str | None:
    """A whole manifest, as `nextlabel.runs.reading.Run` holds it."""
    core, more = CORE(value), MORE(value)
    if core is not None or more is not None:
        return core if core is not None else more
    if (at := embedder_shape(value.get("embedder"))) is not None:
        return f".embedder{at}"
    if "made_with" not in value and "nextlabel" not in value:
        return ".made_with"
    return None if len(value["dataset"]["counts"]) == len(value["dataset"]["classes"]) else ".dataset.counts"


def line_key(row: Row) -> tuple[str, int, int]:
    """Which round of which arm a line is of."""
    return row["strategy"], row["seed"], row["round"]
