"""From a text to a part: names in a table, and calls with literal arguments. Nothing in a text is ever evaluated.

    look_up(MODELS, "linear", "model")                    a name of ours
    parse_call("cnn(epochs=5)")                           a name of ours with options behind it
    parse_options("(size=64)", "onnx:a.onnx(size=64)")    options alone, behind what is no name, such as a file
    parse_specification("sklearn:svm.SVC(C=1.0)")         a class of a library, which `build` then makes

Whatever the text: each gives a value, or raises `UnknownName` or `BadSpecification`.
"""

import ast
import contextlib
import importlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nextlabel.errors import BadSpecification, UnknownName
from nextlabel.text import did_you_mean, printable, shorten

T = TypeVar("T")

LONGEST_TEXT = 200  # letters of a text that an error shows
UNREADABLE = (
    SyntaxError,
    TypeError,
    ValueError,
    RecursionError,
    MemoryError,
)  # what `ast` says of a text, by its depth
OURS, THEIRS = "cnn(epochs=5)", "sklearn:svm.SVC(C=1.0)"  # examples


def look_up(table: Mapping[str, T], name: str, what: str) -> T:
    """Look a part up by name, or say which names there are.

    >>> look_up({"margin": 1}, "margin", "query strategy")
    1
    """
    if name in table:
        return table[name]
    hint = did_you_mean(name, table) or f"Known: {', '.join(map(printable, table)) or 'none'}."
    raise UnknownName(f"No {what} is called '{shorten(name)}'. {hint}")


@dataclass(frozen=True)
class Specification:
    """A class by dotted name below one library, with literal arguments."""

    library: str
    path: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def parse_specification(text: str) -> Specification:
    """Read ``library:dotted.Name`` or ``library:dotted.Name(literal, key=literal)``.

    >>> parse_specification("skactiveml:ProbCover(alpha=0.9)").kwargs
    {'alpha': 0.9}
    """
    library, _, call = text.partition(":")
    with _explain_unreadable(text, THEIRS):
        return Specification(library, *_read_call(_parse(call), text, THEIRS))


def parse_call(text: str) -> tuple[str, Mapping[str, Any]]:
    """Read a name of ours with literal options behind it.

    >>> parse_call("cnn(epochs=5)"), parse_call("linear")
    (('cnn', {'epochs': 5}), ('linear', {}))
    """
    if text.replace("-", "").isidentifier():
        return text, {}
    with _explain_unreadable(text, OURS):
        name, args, options = _read_call(_parse(text), text, OURS)
    _refuse_nameless(args, text)
    return name, options


def refuse_options(what: str, options: Mapping[str, Any], known: Sequence[str]) -> None:
    """`BadSpecification` where one of the options is none of ``known``; ``what`` has them: ``The model 'cnn'``."""
    for word in options:
        if word not in known:
            has = f"It has {', '.join(known)}." if known else "It has none."
            raise BadSpecification(f"{what} has no option '{word}'. {did_you_mean(word, known) or has}")


def parse_options(brackets: str, text: str) -> Mapping[str, Any] | None:
    """Read ``(key=literal, …)``, a part of ``text``; None where that is anything else than one pair of brackets.

    >>> parse_options("(size=64, pool='mean')", "onnx:a.onnx(size=64, pool='mean')")
    {'size': 64, 'pool': 'mean'}
    """
    try:
        call = _parse(f"f{brackets}")
    except UNREADABLE:
        return None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        return None
    with _explain_unreadable(text, OURS):
        _, args, options = _read_call(call, text, OURS)
    _refuse_nameless(args, text)
    return options


def _parse(call: str) -> ast.expr:
    """The tree of an expression; raises what is in `UNREADABLE`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of '\d' in a string, say: no business of whoever typed it here
        return ast.parse(call.strip(), mode="eval").body


@contextlib.contextmanager
def _explain_unreadable(text: str, example: str) -> Iterator[None]:
    """Turn what Python raises over a text, while it is parsed or while its tree is walked, into a sentence."""
    try:
        yield
    except UNREADABLE:
        raise BadSpecification(f"'{shorten(text, LONGEST_TEXT)}' cannot be read. Write it like {example}.") from None


def _read_call(tree: ast.expr, text: str, example: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Dotted name, arguments and named arguments of a call, or of a name without one."""
    if not isinstance(tree, ast.Call):
        return _read_dotted(tree, text, example), (), {}
    options: dict[str, Any] = {}
    for word in tree.keywords:
        if word.arg is None:
            raise BadSpecification(
                f"'{shorten(text, LONGEST_TEXT)}' uses **, which is not read here. Write every argument as name=value."
            )
        if word.arg in options:  # Python says so of a call only when it compiles it
            raise BadSpecification(f"'{shorten(text, LONGEST_TEXT)}' gives {word.arg} twice. Leave one of them out.")
        options[word.arg] = _read_literal(word.value, text)
    return _read_dotted(tree.func, text, example), tuple(_read_literal(node, text) for node in tree.args), options


def _refuse_nameless(args: tuple[Any, ...], text: str) -> None:
    if args:
        raise BadSpecification(
            f"'{shorten(text, LONGEST_TEXT)}' has a value without a name. Write every option as name=value."
        )


def _read_dotted(node: ast.expr, text: str, example: str) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_read_dotted(node.value, text, example)}.{node.attr}"
    raise BadSpecification(f"'{shorten(text, LONGEST_TEXT)}' does not begin with a name. Write it like {example}.")


def _read_literal(node: ast.expr, text: str) -> Any:
    """The value of a plain expression; raises `BadSpecification` where it is anything else."""
    try:
        return ast.literal_eval(node)
    except (TypeError, ValueError):  # a TypeError: a list as a key
        held = shorten(ast.unparse(node), LONGEST_TEXT)
        raise BadSpecification(
            f"'{shorten(text, LONGEST_TEXT)}' holds '{held}', which is not a plain value. "
            "Only numbers, strings, lists, dicts, True, False and None are read; no names, no calls."
        ) from None


def build(spec: Specification, within: str, kind: type[T], what: str, **more: Any) -> T:
    """Make the object that a specification names: a ``kind`` from a public module below ``within``.

    ``more`` are arguments of ours that the specification does not override.
    """
    thing = _find_class(spec, within, what)
    if not (isinstance(thing, type) and issubclass(thing, kind)):
        raise BadSpecification(f"'{spec.path}' in {within} is not a {what}.")
    try:
        return thing(*spec.args, **{**more, **spec.kwargs})
    except (TypeError, ValueError) as error:
        raise BadSpecification(f"'{spec.path}' does not take these arguments: {printable(str(error))}.") from None


def _find_class(spec: Specification, within: str, what: str) -> Any:
    *modules, name = spec.path.split(".")
    if any(word.startswith("_") for word in spec.path.split(".")):
        raise BadSpecification(f"'{spec.path}' is private to {within}; name a public {what}.")
    try:
        module = importlib.import_module(".".join([within, *modules]))
    except ImportError:
        raise UnknownName(f"{within} has no module '{'.'.join(modules)}'.") from None
    names = {word: getattr(module, word, None) for word in getattr(module, "__all__", dir(module))}
    return look_up({word: thing for word, thing in names.items() if isinstance(thing, type)}, name, what)
