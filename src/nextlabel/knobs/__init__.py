"""Knobs: what can be set, each declared once, as the field of a frozen dataclass (a *page* of knobs).

    @dataclass(frozen=True)
    class Crew:
        jobs: int = knob(2, whole(1), "Processes side by side.", COMPUTED)

        def __post_init__(self) -> None:
            read_knobs(self)

A page reads what it is given, from Python or from the command line, and refuses what it cannot read in one sentence.
Help, defaults, completion and the tables in the docs are made from the same field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from nextlabel.errors import Mistake, UnknownName
from nextlabel.knobs.kinds import Kind, show
from nextlabel.text import did_you_mean

T = TypeVar("T")
METADATA = "knob"  # the key of ours in a field's metadata


@dataclass(frozen=True)
class Knob:
    """One knob: what it takes, and how the command line shows it; without ``help`` it does not.

    ``choices`` are names that the shell completes. ``unless`` names another knob: where only that one is given, this
    one is None instead of its default.
    """

    kind: Kind
    help: str = ""
    panel: str = ""
    choices: tuple[str, ...] = ()
    unless: str | None = None
    positional: bool = False
    sparse: bool = False  # said of an experiment only where it is set: runs from before it was there stay the same


def knob(default: T, kind: Kind, help: str = "", panel: str = "", **more: Any) -> T:
    """A field of a page, with its default; ``more`` are fields of `Knob`."""
    # Typed as the default's own type, as dataclasses.field is: a type checker sees ``jobs: int = 2``.
    made: T = field(default=default, metadata={METADATA: Knob(kind, help, panel, **more)})
    return made


def knobs(page: Any) -> dict[str, Knob]:
    """Every knob of a page (the class or an object of it), by name."""
    return {one.name: one.metadata[METADATA] for one in fields(page) if METADATA in one.metadata}


def read_knobs(page: Any) -> None:
    """Put what each field of a page was given into the form that the rest of the program relies on.

    Raises `Mistake`, in one sentence, where a value is of another type or out of its range.
    """
    for name, one in knobs(page).items():
        object.__setattr__(page, name, one.kind.take(name, getattr(page, name)))  # the page is frozen, and not yet out


def read_page(name: str, page: type[T], value: Any) -> T:
    """A page as it is, or one made from a dict of its knobs; raises `Mistake` for anything else."""
    if isinstance(value, page):
        return value
    assert is_dataclass(page), "a page is a dataclass"
    words = [one.name for one in fields(page) if one.init]
    if not isinstance(value, Mapping):
        raise Mistake(f"{name} is {show(value)}, and must be {page.__name__}(…) with any of {', '.join(words)}.")
    for word in value:  # by hand: Python's own TypeError would name __init__
        if word not in words:
            hint = did_you_mean(str(word), words) or f"It has {', '.join(words)}."
            raise UnknownName(f"{name} has no knob {show(word)}. {hint}")
    return page(**value)


def read_flat(page: Callable[..., T], given: Mapping[str, Any]) -> T:
    """A page out of one flat dict, as options are typed: knobs of the pages inside it stand beside its own.

    None and an empty list stand for the default; what is no knob of the page is somebody else's, and left alone.
    """
    found: dict[str, Any] = {}
    for name, one in knobs(page).items():
        if one.kind.page is not None:
            found[name] = read_flat(one.kind.page, given)
        elif given.get(name) not in (None, []):
            found[name] = given[name]
        # A budget alone: the default number of rounds would cut it short.
        elif one.unless is not None and given.get(one.unless) is not None:
            found[name] = None
    return page(**found)


def flat_knobs(page: Any) -> dict[str, Knob]:
    """Every knob of a page and of the pages inside it, by name."""
    found: dict[str, Knob] = {}
    for name, one in knobs(page).items():
        found |= {name: one} if one.kind.page is None else flat_knobs(one.kind.page)
    return found


def page_of(page: type[T]) -> Kind:
    """A field that is a page of its own."""
    name = page.__name__
    return Kind(lambda value: read_page(name.lower(), page, value), f"{name}(…)", name, page=page)
