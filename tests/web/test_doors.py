"""The doors, row by row: each test is named after what it prevents."""

import errno
import logging
import os
import re
import socket
import uuid
from pathlib import Path

import httpx
import pytest
from folder_session import FolderSession
from hypothesis import given
from hypothesis import strategies as st
from sites import TOKEN, Site
from starlette.datastructures import Headers
from starlette.routing import Route

from nextlabel.errors import BadData, CannotGo
from nextlabel.web import Doors, read_secret
from nextlabel.web.app import STATIC
from nextlabel.web.doors import digest_of, new_token
from nextlabel.web.guard import LONGEST_BODY
from nextlabel.web.server import listen

DOORS = Doors(8080, b"k" * 32)
EVERYWHERE = ("/", "/api/overview", "/api/questions", "/pictures/0", "/static/app.js", "/openapi.json", "/nowhere")


def ask(site: Site, path: str, **headers: str) -> httpx.Response:
    """A GET with these headers alone, and the address's own host."""
    return httpx.get(site.address + path, headers=headers)


def own_cookie(site: Site) -> dict[str, str]:
    """What a browser that is in sends along with a request of the page's own."""
    return {"cookie": f"{site.doors.cookie}={site.doors.make_pass(0)}", "sec-fetch-site": "same-origin"}


def test_another_machine_cannot_connect(site: Site) -> None:
    assert site.door.getsockname()[0] == "127.0.0.1"


def test_a_name_that_was_bound_to_this_machine_afterwards_gets_nothing(site: Site) -> None:
    for path in EVERYWHERE:
        for host in ("evil.example", f"evil.example:{site.server.port}", "127.0.0.1", "127.0.0.1:1", ""):
            assert ask(site, path, **own_cookie(site), host=host).status_code in (400, 403), (path, host)


def test_a_page_of_another_origin_gets_nothing_pictures_included(site: Site) -> None:
    inside = own_cookie(site)
    for path in EVERYWHERE:
        for evil in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "http://127.0.0.1:1"},
            {"origin": "null"},
        ):
            assert ask(site, path, **{**inside, **evil}).status_code == 403, (path, evil)


def test_a_request_that_does_not_say_where_it_comes_from_needs_a_token(site: Site) -> None:
    cookie = {"cookie": own_cookie(site)["cookie"]}
    for path in EVERYWHERE:
        assert ask(site, path, **cookie).status_code == 403
        if path != "/":
            assert ask(site, path, **cookie, **{"sec-fetch-site": "none"}).status_code == 403
    assert site.client.get("/api/overview").status_code == 200


def test_nobody_is_answered_without_a_pass(site: Site) -> None:
    for path in EVERYWHERE:
        navigation = {"sec-fetch-site": "none" if path == "/" else "same-origin", "sec-fetch-mode": "navigate"}
        for cookie in ("", f"{site.doors.cookie}=0.{'0' * 64}", f"{site.doors.cookie}=x"):
            assert ask(site, path, **navigation, cookie=cookie).status_code == 401, path


def test_no_page_may_read_across_origins(site: Site) -> None:
    for method in ("GET", "OPTIONS"):
        reply = site.client.request(method, "/api/overview", headers={"origin": site.address})
        assert not [name for name in reply.headers if name.startswith("access-control-")]


def test_a_link_works_once_and_its_token_does_not_stay_in_the_address(site: Site) -> None:
    navigation = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}
    first = ask(site, f"/?token={TOKEN}", **navigation)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert cookie.startswith(f"nextlabel-{site.server.port}=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert ask(site, f"/?token={TOKEN}", **navigation).status_code == 401
    again = ask(site, f"/?token={TOKEN}", **navigation, cookie=cookie.partition(";")[0])
    assert (again.status_code, again.headers["location"]) == (303, "/")


def test_a_token_is_written_to_no_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(site, f"/?token={TOKEN}", **{"sec-fetch-site": "none"})
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert TOKEN not in "".join(record.getMessage() for record in ours)


def test_an_invitation_lets_one_more_person_in(site: Site) -> None:
    link = site.client.post("/api/people", json={"name": "Ada"}).json()["link"]
    reply = httpx.get(link, headers={"sec-fetch-site": "none"})
    headers = {"cookie": reply.headers["set-cookie"].partition(";")[0], "sec-fetch-site": "same-origin"}
    assert ask(site, "/api/overview", **headers).json()["you"] == "Ada"


def test_a_program_gets_a_pass_for_a_token_and_a_web_page_does_not(site: Site) -> None:
    address, said = f"{site.address}/api/pass", {"token": TOKEN}
    foreign = ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"},
               {"host": f"evil.example:{site.server.port}"})  # fmt: skip
    for headers in foreign:
        assert httpx.post(address, json=said, headers=headers).status_code == 403, headers
    assert httpx.get(address).status_code == 403  # a POST alone
    assert httpx.post(address, json={"token": TOKEN[:-1]}).status_code == 401
    bearer = httpx.post(address, json=said).json()["bearer"]
    assert ask(site, "/api/overview", authorization=f"Bearer {bearer}").json()["you"] == "you"
    assert httpx.post(address, json=said).status_code == 401  # once


def test_two_projects_on_one_machine_do_not_share_a_cookie() -> None:
    assert Doors(8080, b"a" * 32).cookie != Doors(8081, b"a" * 32).cookie
    assert Doors(8080, b"a" * 32).read_pass(Doors(8080, b"b" * 32).make_pass(1)) is None


@given(st.text())
def test_no_text_is_a_pass_by_accident(text: str) -> None:
    assert DOORS.read_pass(text) is None


@given(st.integers(0, 10**9))
def test_a_pass_names_whose_it_is(annotator: int) -> None:
    good = DOORS.make_pass(annotator)
    assert DOORS.read_pass(good) == annotator
    assert DOORS.read_pass(good.replace(str(annotator), str(annotator + 1), 1)) is None


def test_a_server_on_another_address_is_known_by_the_names_it_was_told() -> None:
    lan = Doors(8080, b"k" * 32, names=("lab.local",), any_address=True)
    assert [lan.knows_host(host) for host in ("lab.local:8080", "192.168.0.7:8080", "[::1]:8080")] == [True] * 3
    assert not any(lan.knows_host(host) for host in ("evil.example:8080", "192.168.0.7:80", "192.168.0.7", ":8080"))
    assert not DOORS.knows_host("192.168.0.7:8080")


def test_over_http_on_another_address_a_foreign_page_is_known_by_its_referrer() -> None:
    lan = Doors(8080, b"k" * 32, names=("lab.local",))
    cookies = [lan.make_pass(3)]

    def judge(path: str, **headers: str) -> object:
        return lan.judge(path, "GET", Headers({"host": "lab.local:8080", **headers}), cookies)

    assert judge("/api/overview", referer="http://lab.local:8080/") == 3
    assert judge("/api/overview", referer="http://lab.local:80801/") == "origin"
    assert judge("/api/overview", referer="http://evil.example/") == "origin"
    assert judge("/api/overview") == "origin"
    assert judge("/") == 3


def test_no_inline_script_and_no_foreign_source_can_run(site: Site) -> None:
    for path in ("/", "/static/app.js", "/pictures/0", "/api/overview", "/nowhere"):
        headers = site.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert not re.search(r"unsafe|\*|https?:|data:", policy)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    page = site.client.get("/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=|https?://", page)


def test_nothing_changes_by_a_get(site: Site) -> None:
    before = list(site.session.events)
    for path in site.client.get("/openapi.json").json()["paths"]:
        address = path.replace("{class_id}", "0").replace("{sample}", "0")
        if address != "/api/events":  # it never ends
            site.client.get(address)
    assert site.session.events == before
    routes = [route for route in site.server.app.routes if isinstance(route, Route)]
    assert {method for route in routes for method in route.methods or ()} <= {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_without_end_does_not_fill_the_memory(site: Site, chunked: bool) -> None:
    body = b"x" * (LONGEST_BODY + 1)
    content = iter([body[:1000], body[1000:]]) if chunked else body
    assert site.client.post("/api/answers", content=content).status_code == 413
    assert site.client.get("/api/overview").status_code == 200


def test_requests_that_never_end_do_not_keep_others_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextlabel.web.guard.MOST_OPEN", 3)
    monkeypatch.setattr("nextlabel.web.guard.SLOWEST_BODY", 0.3)
    head = f"POST /api/answers HTTP/1.1\r\nHost: 127.0.0.1:{site.server.port}\r\nAuthorization: Bearer "
    head += f"{site.doors.make_pass(0)}\r\nContent-Length: 9\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", site.server.port)) for _ in range(3)]
    for each in slow:
        each.sendall(head.encode())
        if each is slow[-1]:
            assert b" 408 " in each.recv(100)
    assert site.client.get("/api/overview").status_code == 200
    for each in slow:
        each.close()


NO_IDS = ("[false]", '["1"]', "[1.0]", "[-1]", "[1e400]", '[1], "more": 1', "")


@pytest.mark.parametrize("said", [*(f'{{"samples": {ids}}}' for ids in NO_IDS), "[]", "{"])
def test_what_is_no_number_is_not_taken_for_one(site: Site, said: str) -> None:
    reply = site.client.post("/api/lasso", content=said, headers={"content-type": "application/json"})
    assert reply.status_code == 422
    assert reply.json()["error"].endswith(".")


def test_half_a_letter_is_refused_and_not_sent_back(site: Site) -> None:
    reply = site.client.post(
        "/api/classes", content=rb'{"name": "\ud800"}', headers={"content-type": "application/json"}
    )
    assert reply.status_code == 422


def test_other_users_of_the_machine_cannot_read_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    secret = read_secret(file)
    assert (read_secret(file), len(secret)) == (secret, 32)
    assert file.stat().st_mode & 0o777 == 0o600
    os.chmod(file, 0o644)
    read_secret(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.glob(f"{file.name}*")] == [file.name]
    file.write_bytes(b"short")
    with pytest.raises(BadData, match="is damaged"):
        read_secret(file)


def test_a_secret_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill, or a full disk, in the middle of making it leaves nothing that is refused at the next start."""

    def fail(_handle: int) -> None:
        assert not (tmp_path / "secret").exists()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("nextlabel.web.doors.os.fsync", fail)
        with pytest.raises(OSError, match="No space"):
            read_secret(tmp_path / "secret")
    assert len(read_secret(tmp_path / "secret")) == 32


def test_a_token_cannot_be_had_from_what_is_kept_of_it(pictures: Path) -> None:
    session = FolderSession(pictures)
    token = new_token()
    session.invite("you", digest_of(token))
    assert token not in str(session.__dict__)
    assert len(token) >= 43


def test_a_port_in_use_is_one_sentence() -> None:
    with listen() as first, pytest.raises(CannotGo, match="--port"):
        listen(first.getsockname()[1])


def test_an_address_that_somebody_writes_is_not_fetched(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[str] = []
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda s, to: (met.append(to[0]), connect(s, to))[1])
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: (met.append(host), resolve(host, *a, **k))[1])
    inner = "http://169.254.169.254/latest"
    said = {"client": str(uuid.uuid4()), "sample": 0, "kind": "note", "note": inner, "how": "key"}
    for path, body in (("classes", {"name": inner}), ("classes/0", {"description": inner}), ("answers", said),
                       ("people", {"name": inner}), ("settings", {"strategy": inner}), ("scan", {})):  # fmt: skip
        assert site.client.post(f"/api/{path}", json=body).status_code == 200, path
    for path in ("overview", f"samples?text={inner}", "recent", "export", "map"):
        assert site.client.get(f"/api/{path}").status_code == 200
    assert set(met) == {"127.0.0.1"}  # the test itself


def test_no_library_that_fetches_or_unpickles_is_used(site: Site) -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in STATIC.parent.glob("*.py"))
    assert "import uvicorn" in code
    assert not re.search(
        r"^ *(import|from) (pickle|marshal|shelve|urllib|requests|httpx|http\.client)", code, re.MULTILINE
    )
