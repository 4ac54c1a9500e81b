import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import ClassifierMixin

from nextlabel.errors import BadSpecification, Mistake, UnknownName
from nextlabel.specifications import build, look_up, parse_call, parse_options, parse_specification
from nextlabel.strategies import strategy


def parse_brackets(text: str) -> Any:
    return parse_options(text, text)


PARSERS = [parse_call, parse_specification, parse_brackets]
PIECES = [
    "cnn",
    "sklearn:",
    "svm.SVC",
    "(",
    ")",
    "x=",
    "**",
    "*",
    ",",
    "[",
    "]",
    "{",
    "}",
    ":",
    "-",
    "1",
    "'a'",
    "\\d'",
    "é",
]


def test_near_miss_is_suggested():
    with pytest.raises(UnknownName, match="Did you mean 'margin'"):
        look_up({"margin": 1, "random": 2}, "margn", "query strategy")


def test_far_miss_lists_what_there_is():
    with pytest.raises(UnknownName, match="Known: margin, random"):
        look_up({"margin": 1, "random": 2}, "zzz", "query strategy")


def test_literals_of_every_kind_are_read():
    found = parse_specification(
        "sklearn:svm.SVC(0.5, gamma='auto', class_weight={0: 1.5}, x=[1, (2, None)], y=-1, z=True)"
    )
    assert found.path == "svm.SVC"
    assert found.args == (0.5,)
    assert found.kwargs == {"gamma": "auto", "class_weight": {0: 1.5}, "x": [1, (2, None)], "y": -1, "z": True}


@pytest.mark.parametrize(
    "text",
    ["sklearn:svm.SVC(C=float('1'))", "sklearn:svm.SVC(C=__import__('os').system('true'))", "sklearn:svm.SVC(C=x)"],
)
def test_calls_and_names_inside_are_refused(text):
    with pytest.raises(BadSpecification, match="not a plain value"):
        parse_specification(text)


@pytest.mark.parametrize(
    "text", ["sklearn:", "sklearn:1+1", "sklearn:svm.SVC(", "sklearn:(lambda: 1)()", "sklearn:a[0]"]
)
def test_what_names_no_class_is_refused(text):
    with pytest.raises(BadSpecification, match=r"svm\.SVC"):
        parse_specification(text)


def test_stars_are_refused():
    with pytest.raises(BadSpecification, match="uses \\*\\*"):
        parse_specification("sklearn:svm.SVC(**{'C': 1})")


@pytest.mark.parametrize("parse", PARSERS)
@settings(max_examples=60)
@given(text=st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_gives_a_value_or_a_mistake(parse: Callable[[str], Any], text: str):
    with contextlib.suppress(Mistake):
        parse(text)


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=60)
@given(value=literals)
def test_what_was_written_is_what_is_read(value: Any):
    for options in (
        parse_call(f"cnn(x={value!r})")[1],
        parse_specification(f"sklearn:svm.SVC(x={value!r})").kwargs,
        parse_options(f"(x={value!r})", "a file"),
    ):
        assert options == {"x": value}


@pytest.mark.parametrize("parse", [parse_call, lambda text: parse_options(text[1:], text)])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f(x={[1]: 2})", r"holds '\{\[1\]: 2\}', which is not a plain value"),
        (f"f(x=[y, 0x1{'0' * 5000}])", "cannot be read"),
        (f"f(x={'-' * 2000}1)", "cannot be read"),
        ("f(x=1, x=2)", "gives x twice. Leave one of them out"),
        ("f(1)", "has a value without a name"),
        ("f(**{'x': 1})", r"uses \*\*"),
    ],
)
def test_what_python_reads_but_nobody_means_is_told(parse: Callable[[str], Any], text: str, said: str):
    with pytest.raises(BadSpecification, match=said) as told:
        parse(text)
    assert len(str(told.value)) < 600


@pytest.mark.parametrize("brackets", ["(size=1).onnx", "(1", "()()", "() + 1", "", "=1", f"{'(' * 300})"])
def test_what_is_no_pair_of_brackets_is_none(brackets: str):
    assert parse_options(brackets, brackets) is None


def test_a_name_is_shown_as_what_it_is():
    with pytest.raises(UnknownName, match=r"is called '\\x1b\[31mred'\. Known: a\\nb") as told:
        look_up({"a\nb": 1}, "\x1b[31mred", "model")
    assert str(told.value).isprintable()
    with pytest.raises(UnknownName, match=r"No query strategy is called '\\x1b\[31mred'") as told:
        strategy("\x1b[31mred")
    assert str(told.value).isprintable()
    with pytest.raises(BadSpecification, match=r"'\\x1b\[31m' cannot be read") as told:
        parse_call("\x1b[31m")
    assert str(told.value).isprintable()


def test_only_the_right_kind_is_built():
    with pytest.raises(BadSpecification, match="is not a classifier"):
        build(parse_specification("sklearn:linear_model.Ridge"), "sklearn", ClassifierMixin, "classifier")


@pytest.mark.parametrize("path", ["_config.set_config", "svm._classes.SVC", "utils.__builtins__"])
def test_private_names_are_refused(path):
    with pytest.raises(BadSpecification, match="private"):
        build(parse_specification(f"sklearn:{path}"), "sklearn", ClassifierMixin, "classifier")


def test_a_missing_module_is_named():
    with pytest.raises(UnknownName, match="no module 'svn'"):
        build(parse_specification("sklearn:svn.SVC"), "sklearn", ClassifierMixin, "classifier")


def test_wrong_arguments_are_told():
    with pytest.raises(BadSpecification, match="unexpected keyword argument 'D'"):
        build(parse_specification("sklearn:svm.SVC(D=1)"), "sklearn", ClassifierMixin, "classifier")
