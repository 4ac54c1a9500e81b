"""Pictures: by id, within their folder, encoded anew."""

import contextlib
import io
import logging
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from folder_session import FolderSession
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sites import Site

from nextlabel.datasets.decoding import fit_within
from nextlabel.errors import Outside
from nextlabel.files.confine import confine
from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.labelling.wire import pack, unpack
from nextlabel.labelling.worker import Worker
from nextlabel.store import visit_store
from nextlabel.web.pictures import read_picture


def decode(body: bytes) -> Image.Image:
    """A reply's picture."""
    return Image.open(io.BytesIO(body))


def test_a_picture_cannot_be_asked_for_by_a_path(site: Site) -> None:
    for path in ("..%2f..%2fetc%2fpasswd", "left%2f001.jpg", "left/001.jpg", "-1", "1.0", "9" * 30):
        assert site.client.get(f"/pictures/{path}").status_code in (404, 422)
    assert site.client.get("/pictures/999").json()["error"] == "There is no sample 999 in this project."


def test_a_script_beside_the_page_is_not_served(site: Site) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/"):
        assert site.client.get(path).status_code == 404


def test_where_a_picture_was_taken_does_not_leave_the_machine(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010E] = "my home"
    Image.new("RGB", (80, 40), "red").save(tmp_path / "a.jpg", exif=exif)
    raw = (tmp_path / "a.jpg").read_bytes()
    body = read_picture(FolderSession(tmp_path), 0, 160).body
    assert b"my home" in raw
    assert b"my home" not in body
    assert b"Exif" not in body
    assert decode(body).size == (40, 80)  # upright


def test_deep_greys_are_shown_as_bright_as_the_model_sees_them(tmp_path: Path) -> None:
    """On the scale of their folder: by itself, a dark picture would be shown as a bright one."""
    place = tmp_path / "scans"
    place.mkdir()
    for i, white in enumerate((1023, 65_535)):
        values = np.linspace(0, white, 64 * 64).astype(np.uint16).reshape(64, 64)
        Image.fromarray(values).save(place / f"{i}.png")
    opened = open_project(Wish(place, settings={"embedder": "pixels"}))
    with contextlib.closing(opened.project.store), visit_store(opened.address) as visit:
        session = LabellingSession(opened.project, opened.address)
        before = read_picture(session, 0, 160)
        Worker(visit, place, opened.project.home, lambda message: session.worker.hear(unpack(pack(message))))._read()
        after = read_picture(session, 0, 160)
        assert session.scales["16 bits"].white == 65_535
    assert decode(before.body).getextrema()[0][1] > 250
    assert decode(after.body).getextrema()[0][1] < 10
    assert before.tag != after.tag  # or a browser would go on showing the first


def test_a_picture_that_is_a_page_too_arrives_as_a_picture(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.gif", comment=b"<script>alert(1)</script>")
    (tmp_path / "b.png").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    session = FolderSession(tmp_path)
    for sample in (0, 1):
        body = read_picture(session, sample, 160).body
        assert body[:3] == b"\xff\xd8\xff"
        assert b"alert" not in body
    assert not read_picture(session, 1, 160).whole


def test_a_decompression_bomb_gets_a_placeholder_and_a_row_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    with caplog.at_level(logging.WARNING):
        found = read_picture(FolderSession(tmp_path), 0, 640)
    assert (found.whole, decode(found.body).size) == (False, (640, 480))
    assert "30000 x 30000 pixels is more than" in caplog.text


def test_a_file_that_vanishes_while_it_is_shown_is_told(site: Site) -> None:
    (site.session.root / site.session.paths[3]).unlink()
    reply = site.client.get("/pictures/3")
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
    assert decode(reply.content).size == (640, 480)


def test_a_link_that_leaves_the_folder_shows_nothing_of_where_it_leads(tmp_path: Path) -> None:
    for name in ("pictures", "pictures-old"):  # a sibling with the same beginning is another folder
        (tmp_path / name).mkdir()
    Image.new("RGB", (50, 50), "red").save(tmp_path / "pictures-old" / "secret.png")
    (tmp_path / "pictures" / "a.png").symlink_to(tmp_path / "pictures-old" / "secret.png")
    session = FolderSession(tmp_path / "pictures")
    assert not read_picture(session, 0, 160).whole
    session.linked = {"a.png"}  # listed at the scan, by --follow-links
    assert decode(read_picture(session, 0, 160).body).size == (50, 50)


@given(st.lists(st.sampled_from(["..", ".", "a", "b", "", "/", "a\0"]), max_size=6).map("/".join))
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    root = Path("/somewhere/pictures")
    try:
        found = confine(root, name)
    except Outside:
        return
    assert found.is_relative_to(root)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "../pictures-old/a", "a/../../b", "a\0"])
def test_what_leaves_its_folder_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "pictures").mkdir()
    for may_link_out in (False, True):
        with pytest.raises(Outside, match="is outside the folder"):
            confine(tmp_path / "pictures", name, may_link_out)


def test_a_browser_that_has_a_picture_is_not_sent_it_again(site: Site) -> None:
    first = site.client.get("/pictures/0?side=300")
    again = site.client.get("/pictures/0?side=300", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["etag"] != site.client.get("/pictures/0?side=100").headers["etag"]
    assert "immutable" not in first.headers["cache-control"]  # another project may have this port tomorrow


@pytest.mark.parametrize(("size", "side", "then"), [((100, 50), 40, (40, 20)), ((30, 60), 160, (30, 60))])
def test_a_picture_keeps_its_proportions_and_is_not_enlarged(
    size: tuple[int, int], side: int, then: tuple[int, int]
) -> None:
    out = io.BytesIO()
    Image.new("RGBA", size, (0, 0, 0, 0)).save(out, "PNG")
    found = fit_within(out.getvalue(), side)
    assert (found.size, found.mode, found.getpixel((0, 0))) == (then, "RGB", (255, 255, 255))


def test_two_servers_in_one_process_do_not_wait_for_each_other(pictures: Path) -> None:
    sites = [Site(FolderSession(pictures)) for _ in range(3)]
    for site in sites:  # one after the other, each with an event loop of its own that ends with it
        with site.server, site.client, ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda sample: site.client.get(f"/pictures/{sample}", timeout=20), range(16)))  # noqa: B023
            assert {reply.status_code for reply in replies} == {200}
