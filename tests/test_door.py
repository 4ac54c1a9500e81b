"""The public door: what stands in it, and that the guide and the pages need nothing behind it."""

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nextlabel

ROOT = Path(__file__).parents[1]
ROOMS = (
    "nextlabel",
    "nextlabel.strategies",
    "nextlabel.conformance",
    "nextlabel.report.drawing",
)
NOTEBOOK = json.loads((ROOT / "guide" / "active_learning.ipynb").read_text(encoding="utf-8"))
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "guide").glob("*.md")]
CODE = {
    **{path.name: path.read_text(encoding="utf-8") for path in (ROOT / "guide").glob("*.py")},
    "notebook": "\n".join("".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"),
    **{
        f"{path.parent.name}/{path.name}": "\n".join(re.findall(r"```python\n(.*?)```", path.read_text(), flags=re.S))
        for path in PAGES
    },
}


def imports(code):
    """(room, name) of all that is imported from nextlabel."""
    code = re.sub(r"^[%!].*$", "", code, flags=re.M)  # a notebook's own commands
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "nextlabel":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names if alias.name.partition(".")[0] == "nextlabel")


@pytest.mark.parametrize("where", CODE)
def test_guide_and_pages_use_public_names_alone(where):
    for room, name in imports(CODE[where]):
        assert room in ROOMS, f"{room} is an inner module"
        assert name is None or name in importlib.import_module(room).__all__, f"{room} has no public {name}"


def test_the_guide_uses_the_door_at_all():
    used = {name for code in CODE.values() for _, name in imports(code)}
    assert {"Experiment", "simulate", "select", "Badge", "learning_curves", "LinearHead"} <= used


@pytest.mark.parametrize("room", ROOMS)
def test_all_is_sorted_and_there(room):
    module = importlib.import_module(room)
    assert module.__all__ == sorted(module.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert not [name for name in module.__all__ if getattr(module, name, None) is None]
    assert all(name in dir(module) for name in module.__all__)


def test_type_checkers_see_what_python_sees():
    tree = ast.parse(Path(nextlabel.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    told = {alias.name: node.module for node in block.body for alias in node.names}
    assert told == {name: f"nextlabel.{home}" for name, home in nextlabel._HOMES.items()}
    assert sorted(told) == nextlabel.__all__


def test_no_name_is_that_of_a_room():
    """``nextlabel.split`` is a function, whatever was imported before: no module may shadow a public name."""
    rooms = {path.stem for path in Path(nextlabel.__file__).parent.iterdir()}
    assert not rooms & set(nextlabel.__all__)


@pytest.mark.parametrize("name", nextlabel.__all__)
def test_every_public_name_has_an_example(name):
    """They are run, too, as doctests. It may stand in the module, or with another public name that it works with."""
    home = importlib.import_module(getattr(nextlabel, name).__module__)
    beside = [getattr(nextlabel, other) for other in nextlabel.__all__]
    docs = [home.__doc__, *(thing.__doc__ for thing in beside if thing.__module__ == home.__name__)]
    examples = re.findall(r"^ *(?:>>>|\.\.\.) (.*)", "\n".join(filter(None, docs)), flags=re.M)
    assert [line for line in examples if re.search(rf"\b{name}\b", line, flags=re.I)], f"{name} stands in no example"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        nextlabel.simulat  # noqa: B018


def test_the_door_itself_imports_nothing():
    code = "import sys, nextlabel; print('numpy' in sys.modules, 'Badge' in dir(nextlabel), 'select' in dir(nextlabel))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "False", "True"]
