import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import ClassifierMixin

from nextlabel.errors import BadSpecification, NextlabelError, UnknownName
from nextlabel.specifications import build, look_up, parse_specification


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


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text):
    with contextlib.suppress(NextlabelError):
        parse_specification(text)


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
