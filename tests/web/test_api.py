"""The API over a real server: what is asked, kept once, taken back, told."""

import csv
import io
import itertools
import json
import os
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from folder_session import FolderSession
from PIL import Image
from sites import Site

from nextlabel.web.server import listen


def label(site: Site, sample: int, class_id: int = 0, client: str = "", **more: Any) -> dict[str, Any]:
    """Send one answer."""
    said = {"client": client or str(uuid.uuid4()), "ask": sample, "sample": sample, "kind": "label", "how": "key"}
    reply = site.client.post("/api/answers", json={**said, "class_id": class_id, **more})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_an_answer_moves_on_and_undo_brings_the_question_back(site: Site) -> None:
    first, second = (one["sample"] for one in site.client.get("/api/questions?count=2").json())
    label(site, first)
    assert site.client.get("/api/questions?count=1").json()[0]["sample"] == second
    undone = site.client.post("/api/undo", json={"client": str(uuid.uuid4())}).json()
    assert (undone["sample"], undone["question"]["sample"]) == (first, first)
    assert site.client.get("/api/questions?count=1").json()[0]["sample"] == first


def test_an_answer_that_is_sent_many_times_at_once_is_kept_once(site: Site) -> None:
    client = str(uuid.uuid4())
    with ThreadPoolExecutor(8) as pool:
        events = {found["event"] for found in pool.map(lambda _: label(site, 0, client=client), range(24))}
    assert len(events) == 1
    assert site.client.get("/api/overview").json()["labelled"] == 1


def test_nothing_to_undo_is_a_sentence(site: Site) -> None:
    reply = site.client.post("/api/undo", json={"client": str(uuid.uuid4())})
    assert (reply.status_code, reply.json()) == (409, {"error": "There is nothing to undo."})


def test_a_question_says_nothing_of_why_it_is_asked(site: Site) -> None:
    for one in site.client.get("/api/questions").json():
        assert set(one) == {"ask", "sample", "path", "text", "width", "height", "prediction"}
        assert one["prediction"] is None


@pytest.mark.parametrize("fault", [{"class_id": None}, {"kind": "skip"}, {"client": "me"}, {"how": "import"},
                                   {"sample": "0"}, {"sample": True}, {"note": "x"}, {"answered_at": -1}])  # fmt: skip
def test_half_an_answer_is_refused_in_a_sentence(site: Site, fault: dict[str, Any]) -> None:
    said = {"client": str(uuid.uuid4()), "sample": 0, "kind": "label", "class_id": 0, "how": "key", **fault}
    reply = site.client.post("/api/answers", json=said)
    assert reply.status_code == 422
    assert reply.json()["error"].startswith("body")
    assert not site.session.events


def test_a_change_is_told_to_whoever_listens(site: Site) -> None:
    with site.client.stream("GET", "/api/events?after=0") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        label(site, 0)
        told = itertools.dropwhile(lambda line: not line.startswith("data: "), lines)
        assert json.loads(next(told).removeprefix("data: "))["kind"] == "answers"


def test_every_route_answers_in_its_own_shape(site: Site) -> None:
    label(site, 0)
    for path in (
        "overview",
        "recent",
        "samples",
        "samples?grid=true&class_id=0",
        "map",
        "review",
        "settings",
        "receipt",
        "outlook",
        "oddities?kind=outliers",
        "samples/0/neighbours",
    ):
        assert site.client.get(f"/api/{path}").status_code == 200, path
    changes = {"actions": {"skip": "s"}, "goal": 50, "batch": 20}
    assert site.client.post("/api/settings", json=changes).json()["goal"] == 50
    assert site.client.post("/api/classes/1/merge", json={"into": 0}).json()[0]["count"] == 1
    assert site.client.post("/api/classes/0", json={"name": "ball"}).json()[0]["name"] == "ball"
    grid = {"client": str(uuid.uuid4()), "class_id": 0, "right": [3, 4], "wrong": [5]}
    assert len(site.client.post("/api/grid", json=grid).json()["events"]) == 2
    site.client.post("/api/undo", json={"client": str(uuid.uuid4())})
    assert site.client.get("/api/overview").json()["labelled"] == 1
    assert site.client.post("/api/lasso", json={"samples": [9, 8]}).json() == {"queued": 2}
    assert site.client.get("/api/questions?count=1").json()[0]["sample"] == 9


def test_an_audit_question_never_shows_a_prediction(site: Site) -> None:
    label(site, 0, 1)
    assert site.client.post("/api/settings", json={"predictions": True}).json()["predictions"]
    told = {one["sample"]: one["prediction"] for one in site.client.get("/api/questions?count=12").json()}
    assert told[1] == {"class_id": 1, "p": 1.0}
    assert told[5] is None


def test_a_look_through_the_folder_tells_what_joined_and_what_is_gone(site: Site) -> None:
    files = [site.session.root / path for path in site.session.paths]
    files[1].rename(files[1].with_name("zebra.jpg"))
    files[2].unlink()
    assert site.client.post("/api/scan").json() == {"new": 1, "gone": 2}
    assert site.client.post("/api/scan").json() == {"new": 0, "gone": 0}
    assert not {1, 2} & {one["sample"] for one in site.client.get("/api/questions?count=5").json()}


def test_neighbours_follow_the_folder_and_end_where_it_does(site: Site) -> None:
    first, last = site.client.get("/api/samples/0/neighbours").json(), len(site.session.paths) - 1
    assert (first["previous"], first["path"]) == (None, site.session.paths[0])
    assert site.client.get(f"/api/samples/{first['next']}/neighbours").json()["previous"] == 0
    assert site.client.get(f"/api/samples/{last}/neighbours").json()["next"] is None
    assert site.client.get("/api/samples/999/neighbours").status_code == 404


def test_a_look_ahead_needs_answers_and_is_there_when_it_is_done(site: Site) -> None:
    refused = site.client.post("/api/outlook")
    assert (refused.status_code, site.client.get("/api/outlook").json()["lacking"]) == (409, 12)
    assert "It takes 30 audit answers" in refused.json()["error"]
    site.session.audit = 31
    assert site.client.post("/api/outlook").status_code == 202
    assert site.client.get("/api/outlook").status_code == 202
    site.session.looking.set()
    assert site.client.get("/api/outlook").json()["outlook"]["forecast"]["gain"] == [0.6, -1.0, 2.2]


def test_pairs_are_asked_for_as_pairs(site: Site) -> None:
    found = site.client.get("/api/oddities?kind=near-duplicates&offset=2&count=4").json()["samples"]
    assert [one["sample"] for one in found] == [2, 3, 3, 4]
    for query in ("kind=near-duplicates&offset=1", "kind=near-duplicates&count=3", "kind=twins", ""):
        assert site.client.get(f"/api/oddities?{query}").status_code == 422


def test_a_class_has_an_example_until_it_is_taken_away(site: Site) -> None:
    def example(body: dict[str, Any]) -> object:
        return site.client.post("/api/classes/1", json=body).json()[1]["example"]

    assert (example({"example": 7}), example({"name": "box"}), example({"example": None})) == (7, 7, None)
    assert site.client.post("/api/classes/1", json={"example": 999}).status_code == 404


def test_what_was_drawn_around_comes_as_a_grid_without_what_checks_the_machine(site: Site) -> None:
    label(site, 8)
    query = "grid=true&class_id=0&" + "&".join(f"ids={sample}" for sample in (9, 5, 8, 3))
    found = site.client.get(f"/api/samples?{query}").json()
    assert [one["sample"] for one in found["samples"]] == [9, 3]
    assert site.client.get("/api/samples?" + "&".join(["ids=1"] * 201)).status_code == 422


def test_an_oracle_answers_in_a_demonstration_alone(site: Site) -> None:
    refused = site.client.post("/api/demo", json={"count": 5})
    assert (refused.status_code, site.client.get("/api/overview").json()["demo"]) == (409, False)
    site.session.demo = True
    assert site.client.post("/api/demo", json={"count": 5}).json() == {"answered": 5}
    assert site.client.get("/api/overview").json()["labelled"] == 5


@pytest.mark.parametrize("fault", [{"strategy": None}, {"batch": None}, {"predictions": None}, {"audit_share": 0.41},
                                   {"overlap": 2}, {"strategies": ["auto"]}, {"embedder": "patches"}])  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_and_nothing_changes(site: Site, fault: dict[str, Any]) -> None:
    before = site.client.get("/api/settings").json()
    reply = site.client.post("/api/settings", json={"goal": 10, **fault})
    assert (reply.status_code, site.client.get("/api/settings").json()) == (422, before)


def test_a_goal_and_costs_can_be_set_and_unset(site: Site) -> None:
    knobs = {"goal": 50, "error_value": 2.5, "label_cost": 0.1, "strategy": "margin", "overlap": 0.1}
    assert knobs.items() <= site.client.post("/api/settings", json=knobs).json().items()
    unset = site.client.post("/api/settings", json={"goal": None, "error_value": None}).json()
    assert (unset["goal"], unset["error_value"], unset["label_cost"]) == (None, None, 0.1)


def test_two_people_see_how_far_they_agree(site: Site) -> None:
    label(site, 0)
    assert site.client.get("/api/receipt").json()["agreement"] is None
    site.session.invite("Ada", "x")
    site.session.answer(1, {"client": "c", "sample": 0, "kind": "label", "class_id": 0, "how": "key"})
    assert set(site.client.get("/api/receipt").json()["agreement"]) == {"pairs", "kappa", "low", "high"}


def test_a_file_name_that_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    site = Site(FolderSession(tmp_path))
    with site.server, site.client:
        assert site.client.get("/api/questions").json()[0]["path"] == "caf\\udce9.png"
        assert site.client.get("/pictures/0").status_code == 200


FORMULAS = ("=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "＝1")


def test_no_cell_of_the_table_is_taken_for_a_formula(site: Site) -> None:
    for place, formula in enumerate(FORMULAS):
        site.session.paths[place] = f"{formula}.jpg"
        class_id = site.client.post("/api/classes", json={"name": f"{formula.strip()}{place}"}).json()[-1]["id"]
        label(site, place, class_id)
        label(site, place, None, kind="note", note=formula)
    reply = site.client.get("/api/export")
    assert reply.headers["content-disposition"] == 'attachment; filename="labels.csv"'
    rows = list(csv.reader(io.StringIO(reply.content.decode(), newline="")))
    assert rows[0] == ["path", "label", "annotator", "note"]
    assert len(rows) == len(FORMULAS) + 1
    for row in rows[1:]:
        assert all(cell.startswith("'") for cell in (row[0], row[1], row[3]))
        assert row[2] == "you"


def test_a_name_that_ends_a_line_stays_one_cell(site: Site) -> None:
    site.session.paths[0] = 'a\n"b",c.jpg'
    label(site, 0)
    rows = list(csv.reader(io.StringIO(site.client.get("/api/export").content.decode(), newline="")))
    assert rows[1] == ['a\n"b",c.jpg', "round", "you", ""]


def test_replies_are_not_held_back():
    """asyncio turns Nagle's algorithm off only for sockets that are TCP by name: else each answer takes 40 ms more."""
    with listen(0) as door:
        assert door.proto == socket.IPPROTO_TCP
