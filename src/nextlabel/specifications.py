"""From a name on the command line to a part: tables of names, and specifications such as ``sklearn:svm.SVC(C=1.0)``."""

import ast
import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nextlabel.errors import BadSpecification, UnknownName

T = TypeVar("T")


def look_up(table: Mapping[str, T], name: str, what: str) -> T:
    """Look a part up by name, or say which names there are.

    >>> look_up({"margin": 1}, "margin", "query strategy")
    1
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, 1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(table) or 'none'}."
    raise UnknownName(f"No {what} is called '{name}'. {hint}")


@dataclass(frozen=True)
class Specification:
    """A class by dotted name below one library, with literal arguments."""

    library: str
    path: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def parse_specification(text: str) -> Specification:
    """Read ``library:dotted.Name`` or ``library:dotted.Name(literal, key=literal)``; nothing is ever evaluated.

    >>> parse_specification("skactiveml:ProbCover(alpha=0.9)").kwargs
    {'alpha': 0.9}
    """
    library, _, call = text.partition(":")
    return Specification(library, *_parse(call, text, "sklearn:svm.SVC(C=1.0)"))


def parse_call(text: str) -> tuple[str, Mapping[str, Any]]:
    """Read a name of ours with literal options behind it.

    >>> parse_call("cnn(epochs=5)"), parse_call("linear")
    (('cnn', {'epochs': 5}), ('linear', {}))
    """
    if text.replace("-", "").isidentifier():
        return text, {}
    name, args, options = _parse(text, text, "cnn(epochs=5)")
    if args:
        raise BadSpecification(f"'{text}' has a value without a name. Write every option as name=value.")
    return name, options


def _parse(call: str, text: str, example: str) -> tuple[str, tuple[Any, ...], Mapping[str, Any]]:
    """Dotted name, arguments and named arguments of a call; nothing is ever evaluated."""
    try:
        tree = ast.parse(call.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadSpecification(f"'{text}' cannot be read. Write it like {example}.") from None
    if not isinstance(tree, ast.Call):
        return _read_dotted(tree, text), (), {}
    args = tuple(read_literal(node, text) for node in tree.args)
    kwargs = {str(word.arg): read_literal(word.value, text) for word in tree.keywords if word.arg}
    if len(kwargs) < len(tree.keywords):
        raise BadSpecification(f"'{text}' uses **, which is not read here. Write every argument as name=value.")
    return _read_dotted(tree.func, text), args, kwargs


def _read_dotted(node: ast.expr, text: str) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_read_dotted(node.value, text)}.{node.attr}"
    raise BadSpecification(f"'{text}' does not name a class. Write it like sklearn:svm.SVC(C=1.0).")


def read_literal(node: ast.expr, text: str) -> Any:
    """The value of a plain expression in a specification; raises `BadSpecification` where it is anything else."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise BadSpecification(
            f"'{text}' holds '{ast.unparse(node)}', which is not a plain value. "
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
        raise BadSpecification(f"'{spec.path}' does not take these arguments: {error}.") from None


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
