"""Options of a command, made from the pages of knobs that it takes: each is declared once, as a field.

    @app.command()
    @with_options
    def simulate(experiment: Experiment, crew: Crew, out: Out = None) -> None: ...

typer sees one option for every knob of `Experiment` (and of the page inside it) and of `Crew`, beside ``--out``; the
function gets the pages. Where a file may say what was not typed, it gets what was, and makes the pages itself:

    def simulate(datasets: Datasets, typed: Annotated[Typed, Experiment, Crew], out: Out = None) -> None: ...
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin

import typer

from nextlabel.knobs import Knob, flat_knobs, knobs, read_flat
from nextlabel.knobs.panels import PANELS


class Typed(dict[str, Any]):
    """What was typed of some pages' knobs, by name, as text or a flag; without those that have their defaults."""


def with_options(function: Callable[..., None]) -> Callable[..., None]:
    """The function as typer is to see it: with an option in the place of each knob."""
    taken = inspect.signature(function).parameters
    # A page is known by its annotation: the real class, so no module of commands may postpone its annotations.
    pages: dict[str, Any] = {name: one.annotation for name, one in taken.items() if is_dataclass(one.annotation)}
    unread = {name: one.annotation.__metadata__ for name, one in taken.items() if _is_typed(one.annotation)}

    @functools.wraps(function)
    def call(context: typer.Context | None = None, **typed: Any) -> None:
        # typer calls with one value for every option, in one flat dict; each page takes its own out of it.
        read = {name: read_flat(page, typed) for name, page in pages.items()}
        read |= {name: _only_typed(context, several, typed) for name, several in unread.items()}
        function(**read, **{name: value for name, value in typed.items() if name in taken})

    parameters: list[inspect.Parameter] = []
    for name, one in taken.items():
        if name in unread:  # what a page has as an argument is an argument of the function here
            parameters += [each for page in unread[name] for each in options(page) if each.name not in _arguments(page)]
        else:
            own = one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            parameters += options(pages[name]) if name in pages else [own]
    parameters.sort(key=place_of_option)  # typer shows panels in the order in which they come first
    if unread:  # it knows what was typed, and what is a default
        parameters.insert(0, inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context))
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # where typer looks
    call.__annotations__ = {one.name: one.annotation for one in parameters}
    return call


def _is_typed(annotation: Any) -> bool:
    return get_origin(annotation) is Annotated and get_args(annotation)[0] is Typed


def _only_typed(context: typer.Context | None, pages: Sequence[Any], typed: Mapping[str, Any]) -> Typed:
    """Of what typer hands over, what stood on the command line."""
    assert context is not None, "its parameter is there where somebody wants to know"
    known = {name for page in pages for name in flat_knobs(page)} & set(typed)
    sources = {name: context.get_parameter_source(name) for name in known}
    return Typed({name: typed[name] for name, source in sources.items() if source and source.name == "COMMANDLINE"})


def _arguments(page: Any) -> set[str]:
    return {name for name, one in knobs(page).items() if one.positional}


def options(page: Any) -> Iterator[inspect.Parameter]:
    """A parameter for every knob of a page that has a help text, and of the pages inside it."""
    defaults = {one.name: one.default for one in fields(page)}
    for name, knob in knobs(page).items():
        if knob.kind.page is not None:
            yield from options(knob.kind.page)  # flat: nobody types --plan.rounds
        elif knob.help:
            yield inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,  # with any other kind, one without a default could not come last
                default=inspect.Parameter.empty if knob.positional else typed_default(knob, defaults[name]),
                annotation=_annotation(name, defaults[name], knob),
            )


def place_of_option(parameter: inspect.Parameter) -> int:
    """Where an option stands in --help."""
    panel = parameter.annotation.__metadata__[0].rich_help_panel
    return PANELS.index(panel) if panel in PANELS else -1


def typed_default(knob: Knob, default: Any) -> Any:
    """A default as it would be typed; None where it stands for something that the help says."""
    if default is None or isinstance(default, bool):
        return default
    if knob.kind.many and not default:  # none of several: typer would take a text for the first of them
        return None
    return None if knob.unless else knob.kind.write(default)


def _annotation(name: str, default: Any, knob: Knob) -> Any:
    about: dict[str, Any] = {"help": knob.help, "rich_help_panel": knob.panel or None}
    dashed = name.replace("_", "-")
    # Everything but a flag reaches the page as text, which it reads as it does in Python: one reader, one refusal.
    if knob.kind.flag:  # one that is off needs no --no-…; one that is None can be either
        flags = f"--{dashed}" if default is False else f"--{dashed}/--no-{dashed}"
        return Annotated[bool | None, typer.Option(flags, **about)]
    about |= {"metavar": knob.kind.metavar, "autocompletion": completion(knob.choices) if knob.choices else None}
    if knob.positional:
        return Annotated[str, typer.Argument(**about)]
    if knob.kind.many:
        return Annotated[list[str] | None, typer.Option(f"--{dashed}", **about)]
    return Annotated[str | None, typer.Option(f"--{dashed}", **about)]


def completion(names: Sequence[str]) -> Callable[[str], list[str]]:
    """Completes the last name of a list: ``random,mar`` to ``random,margin``."""

    def complete(incomplete: str) -> list[str]:
        before, comma, _ = incomplete.rpartition(",")
        return [found for name in names if (found := f"{before}{comma}{name}").startswith(incomplete)]

    return complete
