"""A download goes on where it was cut, and says what the web or the disk said."""

import errno
import socket
from http.client import HTTPResponse, IncompleteRead
from pathlib import Path

import pytest
from flower_web import COUNTS, PART, names

from nextlabel.datasets.fetching import download as downloads
from nextlabel.datasets.fetching.download import Archive, download
from nextlabel.errors import CannotFetch, CannotWrite, Mistake


def test_goes_on_where_it_was_cut(get, web, tmp_path):
    web.cut = 3000
    with pytest.raises(CannotFetch, match=r"after 3,000 of [\d,]+ bytes: the connection was closed. Give the same"):
        get()
    assert (tmp_path / "home" / PART).read_bytes() == web.body[:3000]
    web.cut = None
    assert get().counts == COUNTS
    assert web.asked == [None, "bytes=3000-"]
    assert web.given == len(web.body)


def test_goes_on_after_being_stopped(get, web, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "BYTES_AT_ONCE", 1000)
    told = []

    def stop(*words):
        told.append(words)
        if len(told) == 4:
            raise KeyboardInterrupt("stopped by hand")

    with pytest.raises(KeyboardInterrupt, match="by hand"):
        get(progress=stop)
    assert (tmp_path / "home" / PART).read_bytes() == web.body[:3000]
    assert get().counts == COUNTS
    assert web.asked == [None, "bytes=3000-"]


def test_a_whole_part_asks_for_nothing(get, web, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / PART).write_bytes(web.body)
    assert get().fetched
    assert web.asked == []


@pytest.mark.parametrize("range_told", [None, "bytes 0-9/10", "bytes 5-*/*", "nonsense"])
def test_starts_afresh_where_no_range_is_given(get, web, tmp_path, range_told):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / PART).write_bytes(b"x" * 1000)
    web.ranges, web.range = range_told is not None, range_told
    assert get().counts == COUNTS
    assert web.asked == ["bytes=1000-", *([] if range_told is None else [None])]


def test_starts_afresh_where_the_server_has_less(get, web, tmp_path):
    archive = web.archive
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / PART).write_bytes(web.body[:1000])
    web.body = web.body[:900]
    with pytest.raises(CannotFetch, match="offers 900 bytes"):
        get(archive=archive)
    assert web.asked == ["bytes=1000-", None]
    assert (tmp_path / "home" / PART).stat().st_size == 1000


def test_a_part_that_is_too_long_is_no_part(get, web, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / PART).write_bytes(b"x" * (len(web.body) + 1))
    assert get().counts == COUNTS
    assert web.asked == [None]


def test_a_part_of_something_else_is_found_out(get, web, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / PART).write_bytes(b"x" * 1000)
    with pytest.raises(CannotFetch, match=r"its bytes are others \(SHA-256"):
        get()
    assert names(tmp_path / "home") == []
    assert get().counts == COUNTS


def test_a_wrong_size_is_refused_before_it_comes(get, web, tmp_path):
    wrong = Archive(web.archive.url, len(web.body) + 1, web.archive.sha256)
    with pytest.raises(CannotFetch, match=r"offers [\d,]+ bytes; flower_photos.tgz has [\d,]+\. It was replaced"):
        get(archive=wrong)
    assert names(tmp_path / "home") == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "answered 404 .* It has probably moved; a newer nextlabel"),
        (403, "answered 403 .* open https://127.0.0.1"),
        (503, "answered 503 .* busy. Give the same command again"),
        (204, "offers 0 bytes"),
    ],
)
def test_a_refusal_is_told(get, web, status, words):
    web.status = status
    with pytest.raises(CannotFetch, match=words):
        get()


@pytest.mark.parametrize("place", ["http://127.0.0.1:9/x.tgz", "ftp://127.0.0.1:9/x.tgz"])
def test_no_redirect_leads_away_from_https(get, web, place):
    web.status, web.headers = 302, {"Location": place}
    with pytest.raises(CannotFetch, match=r"which is not https, so what comes could be anybody's"):
        get()


def test_a_redirect_to_https_is_followed(get, web, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / PART).write_bytes(web.body[:1000])
    web.status, web.headers = 302, {"Location": "/elsewhere"}
    assert get().counts == COUNTS
    assert web.asked == ["bytes=1000-"] * 2


def test_nobody_is_sent_in_circles(get, web):
    web.status, web.headers = 302, {"Location": "/flower_photos.tgz"}
    with pytest.raises(CannotFetch, match="answered 302"):
        get()


def test_plain_http_is_wrong_use(get, web):
    with pytest.raises(Mistake, match="is no https address"):
        get(archive=Archive("http://127.0.0.1/x.tgz", 1, ""))
    assert web.asked == []


def test_a_stranger_is_not_believed(get, web):
    with pytest.raises(CannotFetch, match=r"could not prove who it is \(self-signed certificate\)"):
        get(context=None)
    assert web.asked == []


def test_silence_is_not_waited_for(get, web, monkeypatch):
    monkeypatch.setattr(downloads, "TIMEOUT", 0.2)
    web.go.clear()
    with pytest.raises(CannotFetch, match=r"cannot be reached: there was no answer for 0.2 seconds"):
        get()


def test_a_download_that_stalls_is_cut_and_kept(get, web, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "TIMEOUT", 0.2)
    web.cut = 3000
    web.end.clear()
    with pytest.raises(CannotFetch, match=r"after 3,000 of [\d,]+ bytes: there was no answer for 0.2 seconds"):
        get()
    assert (tmp_path / "home" / PART).stat().st_size == 3000


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "the connection was lost"),
        (IncompleteRead(b""), "the connection was lost"),
        (OSError(errno.ENETDOWN, "Network is down"), "Network is down"),
    ],
)
def test_a_line_that_breaks_is_told(get, monkeypatch, error, words):
    def broken(*_):
        raise error

    monkeypatch.setattr(HTTPResponse, "read1", broken)
    with pytest.raises(CannotFetch, match=f"stopped coming after 0 of .* bytes: {words}. Give the same"):
        get()


def test_a_closed_door_is_told(get, web):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(CannotFetch, match="cannot be reached: it refuses to talk to us"):
            get(archive=Archive(f"https://127.0.0.1:{port}/x.tgz", 1, ""))


def test_an_unknown_name_is_told(get, web, monkeypatch):
    def unknown(*_):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: unknown())
    with pytest.raises(CannotFetch, match=r"No address is known for 'flowers.example'\. The network is probably down"):
        get(archive=Archive("https://flowers.example/x.tgz", 1, ""))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full, which is full on every machine that has it")
def test_a_full_disk_is_told(web, trusting, tmp_path):
    (tmp_path / "part").symlink_to("/dev/full")
    with pytest.raises(CannotWrite, match=r"is full\. Make room, then give the same command again"):
        download(web.archive, tmp_path / "part", context=trusting)
