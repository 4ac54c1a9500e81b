"""`nextlabel receipt`: in words, as JSON, and as one page, of a project that is closed or open."""

import json
import re

import pytest
from html_reader import Reader
from own_loop import open_loop
from people import draw_pictures
from typer.testing import CliRunner

from nextlabel.cli.app import app

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "{{ 7 * 7 }} & '")


def run(*args):
    return CliRunner().invoke(app, ["receipt", *map(str, args)])


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with names that would like to be code; sixty answers, every seventh a wrong one."""
    place = draw_pictures(tmp_path_factory.mktemp("hostile") / "sh&pes", 100)
    kinds = {"circle": HOSTILE[0], "cross": HOSTILE[1], "square": HOSTILE[2]}
    with open_loop(place, HOSTILE) as loop:
        asked = iter(range(99))

        def reply(question, audit):
            drawn = kinds[question["path"].rsplit("-", 1)[1].removesuffix(".png")]
            return {"name": HOSTILE[next(asked) % 3] if next(asked) % 7 == 0 else drawn}

        loop.answer(40, reply)
    return place


@pytest.fixture(scope="module")
def receipt(project, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "page.html"
    done = run(project, "--json", "--out", out)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), out.read_text(encoding="utf-8")


def test_json_says_what_the_page_says(project, receipt):
    found, html = receipt
    assert (found["labels"], found["audit"], found["noun"]) == (40, 20, "picture")
    assert found["lines"][0]["words"] == "Too early for a figure: 20 of 30 audit answers."
    assert {"name", "title", "words", "made_of", "unit", "value", "low", "high", "silent"} <= found["lines"][0].keys()
    assert set(found["classes"]) == set(HOSTILE)
    plain = run(project)
    assert plain.exit_code == 0
    assert plain.stdout.startswith("40 of 100 pictures in ")
    assert found["lines"][0]["words"] in plain.stdout
    assert found["lines"][0]["words"] in Reader(html).text


def test_hostile_names_stay_text_on_the_page(receipt):
    reader = Reader(receipt[1])
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in reader.tags}
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)
    assert all(name in reader.text for name in HOSTILE)
    assert "default-src 'none'" in receipt[1]
    assert not re.search(r"https?://", receipt[1])  # one file, that asks nobody for anything


def test_the_receipt_replaces_nothing_of_the_project_and_wants_one(project, tmp_path):
    sample = next(project.glob("*.png"))
    before = sample.read_bytes()
    store = project / ".nextlabel" / "project.sqlite"
    for out, words in ((sample, "which is read too, and would be lost"), (store, "belongs to the project")):
        refused = run(project, "--out", out)
        assert (refused.exit_code, words in " ".join(refused.output.split())) == (2, True)
    assert sample.read_bytes() == before
    refused = run(tmp_path)
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
