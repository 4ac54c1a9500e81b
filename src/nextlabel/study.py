"""Several experiments in one go, one for each dataset; what they share is said once, on the command line or in a file.

seeds = 20
strategies = ["random", "margin", "badge"]

[[dataset]]
path = "digits"

[[dataset]]
path = "tables/wine.csv"          # seen from the file
label_column = "cultivar"         # options of its own
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from nextlabel.errors import BadData, Mistake, UnknownName, naming
from nextlabel.experiment import Crew, Experiment
from nextlabel.knobs import Knob, flat_knobs, read_flat, read_page
from nextlabel.knobs.kinds import as_items, name_data, read_path, show
from nextlabel.text import did_you_mean, ordinal, printable, show_path

ENDING = ".toml"
DATASET, PATH, NAME = "dataset", "path", "name"  # the tables of a study file, and what they alone may say
SPOKEN, PREFIXES = ("EMBEDDER", "ORACLE"), ("onnx:", "replay:")  # a path stands behind these two

Given = Mapping[str, Any]  # knobs by name, as they were typed or stand in a file


@dataclass(frozen=True)
class Study:
    """Experiments that are played together, each under a name and in a folder of its own.

    ``names`` of the folders are made from the experiments'; where two are called the same, the later one gets a number,
    in its rows, too, and ``notes`` say so. Raises `Mistake` where there is none.

    >>> study = Study([Experiment("digits"), Experiment("digits", start="5/class")])
    >>> study.names, study.experiments[1].name
    (('digits', 'digits-2'), 'digits-2')
    """

    experiments: Sequence[Experiment]
    crew: Crew = Crew()
    names: tuple[str, ...] = field(init=False)
    notes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        pages = as_items(self.experiments, lambda one: read_page("experiment", Experiment, one))
        if not pages:
            raise Mistake("A study without a dataset has nothing to play. Name at least one.")
        named, notes = _name_apart(pages)
        found = {
            "experiments": tuple(named.values()),
            "crew": read_page("crew", Crew, self.crew),
            "names": tuple(named),
            "notes": notes,
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)  # frozen, and not yet out


def folder_name(experiment: Experiment) -> str:
    """What every file system takes for a folder, and short enough for it: from the experiment's name, or its data's.

    >>> folder_name(Experiment("pictures/flowers")), folder_name(Experiment("a.csv", name="Iris (1936)"))
    ('flowers', 'Iris_1936_')
    >>> folder_name(Experiment("s3://key:secret@bucket/birds/?token=1"))
    'birds'
    """
    plain = re.sub(r"[^\w.-]+", "_", experiment.name or _name_of(experiment.dataset))[:60]
    return plain.lstrip(".") or "data"  # `..` is another folder, and one that begins with a dot is hidden


def _name_of(data: Any) -> str:
    if not isinstance(data, str):
        return name_data(data)
    if "://" in data:  # by its path alone: before and behind it secrets may stand
        return PurePosixPath(urlsplit(data).path).stem or urlsplit(data).hostname or ""
    return Path(os.path.abspath(data)).stem  # abspath, or the folder `.` would have no name


def _name_apart(experiments: Sequence[Experiment]) -> tuple[dict[str, Experiment], tuple[str, ...]]:
    """The experiments by the names of their folders, no two of which are one where case does not count."""
    named: dict[str, Experiment] = {}
    notes: list[str] = []
    for one in experiments:
        name = folder_name(one)
        taken = {other.casefold() for other in named}
        if name.casefold() not in taken:
            named[name] = one
            continue
        other = next(f"{name}-{k}" for k in count(2) if f"{name}-{k}".casefold() not in taken)
        notes.append(
            f"Two datasets are called '{printable(name)}': '{printable(name_data(one.dataset))}' is '{other}' here. A "
            "study file can give each a name of its own."
        )
        named[other] = replace(one, name=other)  # in its rows, too: `compare` goes by what those say
    return named, tuple(notes)


def read_study(path: str | os.PathLike[str], typed: Given | None = None) -> Study:
    """A study from a TOML file; what is ``typed`` beside it, as knobs by name, stands before what the file says.

    At its top the file has the options that all datasets share, ``jobs`` and ``threads`` among them, named as on the
    command line; below, a ``[[dataset]]`` table for each with ``path`` (seen from the file), perhaps ``name``, and
    whatever else is its own. Raises `BadData` where the file cannot be read, and `Mistake` where what it says is none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "study.toml"
    ...     _ = file.write_text('seeds = 3\\n[[dataset]]\\npath = "digits"')
    ...     read_study(file).experiments[0].seeds
    (0, 1, 2)
    """
    file = read_path("path", path)
    shared, tables = _read(file)
    folder, typed = os.path.dirname(file), _check_names(typed or {}, _shareable())
    with naming(f"'{show_path(file)}'"):
        crew = {name: shared.pop(name) for name in flat_knobs(Crew) if name in shared}
        shared = _resolve(folder, shared)
        experiments = []
        for one, title in zip(tables, _titles(tables), strict=True):
            with naming(title):
                experiments.append(read_flat(Experiment, {**shared, **_resolve(folder, one), **typed}))
        return Study(experiments, read_flat(Crew, {**crew, **typed}))


def _read(file: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What all datasets share, and each one's own, with the names of knobs."""
    shown = show_path(file)
    try:
        found = tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise BadData(f"The study '{shown}' cannot be read ({error.strerror}). Is the path right?") from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, brackets without an end
        raise BadData(f"The study '{shown}' is no TOML: {error}. See docs/study.md for an example.") from None
    tables = found.pop(DATASET, None)
    if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
        raise Mistake(
            f"'{shown}' names no datasets. Each has a table in it: a line [[dataset]], and below it path = \"…\"."
        )
    own = _shareable() - set(flat_knobs(Crew)) | {PATH, NAME}
    with naming(f"'{shown}'"):
        shared, known = _check_names(found, _shareable()), [_check_names(one, own) for one in tables]
        for place, one in enumerate(known, 1):
            if PATH not in one:
                raise Mistake(
                    f'The {ordinal(place)} [[dataset]] does not say where its data are: path = "…" is missing.'
                )
    return shared, known


def _shareable() -> set[str]:
    """What may hold for all datasets."""
    return {*flat_knobs(Experiment), *flat_knobs(Crew)} - {DATASET, NAME}


def _check_names(given: Given, names: set[str]) -> dict[str, Any]:
    """The same, under the names of knobs; raises `UnknownName` for what is none."""
    found = {key.replace("-", "_"): value for key, value in given.items()}  # as options are typed
    for name in found:
        if name not in names:
            hint = did_you_mean(name, names) or "It takes the options of nextlabel simulate --help."
            raise UnknownName(f"There is no option {show(name)} here. {hint}")
    return found


def _titles(tables: Sequence[Given]) -> Iterator[str]:
    return (str(one.get(NAME, one[PATH])) for one in tables)


def _resolve(folder: str, given: Given) -> dict[str, Any]:
    """The same, with paths seen from where we are, and not from the folder of the file."""
    known = flat_knobs(Experiment)
    return {
        DATASET if name == PATH else name: _see_from(folder, value, known.get(DATASET if name == PATH else name))
        for name, value in given.items()
    }


def _see_from(folder: str, value: Any, one: Knob | None) -> Any:
    if isinstance(value, list):
        return [_see_from(folder, each, one) for each in value]
    if one is None or not isinstance(value, str):
        return value
    if one.kind.metavar in SPOKEN and value.startswith(PREFIXES):
        prefix, _, path = value.partition(":")
        return f"{prefix}:{_join(folder, path)}"
    is_path = (one.positional or one.kind.metavar == "FILE") and value not in one.choices
    return _join(folder, value) if is_path else value


def _join(folder: str, path: str) -> str:
    """A path that is seen from a folder; an address, or one from the root or the home, is what it is."""
    if not path or path == "-" or "://" in path or os.path.isabs(os.path.expanduser(path)):
        return path
    return os.path.join(folder, path)


def is_study(datasets: Sequence[str]) -> bool:
    """Are these played as a study: several of them, or the file of one?

    >>> is_study(["digits"]), is_study(["digits", "wine.csv"]), is_study(["study.toml"])
    (False, True, True)
    """
    return len(datasets) > 1 or datasets[0].lower().endswith(ENDING)


def open_study(datasets: Sequence[str], typed: Given) -> Study:
    """The study that was typed: a file, or datasets that share all options; raises `Mistake` for a mixture of both."""
    files = [one for one in datasets if one.lower().endswith(ENDING)]
    if files and len(datasets) > 1:
        raise Mistake(f"'{printable(files[0])}' is a study of its own. Name it alone, or write the others into it.")
    if NAME in typed and is_study(datasets):
        raise Mistake('--name would call all of them the same. In a study file each has a name = "…" of its own.')
    if files:
        return read_study(files[0], typed)
    return Study([read_flat(Experiment, {**typed, DATASET: one}) for one in datasets], read_flat(Crew, typed))
