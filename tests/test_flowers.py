"""The flowers come from a real https server on this machine, which each test tells how to misbehave."""

import errno
import hashlib
import io
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tarfile
import threading
from functools import partial
from http.client import HTTPResponse, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import noise
from typer.testing import CliRunner

from nextlabel.cli import app
from nextlabel.datasets import download as downloads
from nextlabel.datasets import load, unpacking
from nextlabel.datasets.base import Request
from nextlabel.datasets.download import Archive, download
from nextlabel.datasets.flowers import CLASSES, fetch
from nextlabel.datasets.unpacking import unpack
from nextlabel.errors import CannotFetch, CannotWrite, Mistake

COUNTS = {"daisy": 3, "dandelion": 2, "rose": 4, "sunflower": 2, "tulip": 3}
PART = "flowers-flower_photos.tgz.part"


class Web(ThreadingHTTPServer):
    """A server that keeps one file, and notes what was asked of it and how much it gave."""

    def __init__(self, context):
        super().__init__(("127.0.0.1", 0), Answer)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.body, self.ranges, self.cut, self.headers = b"", True, None, {}
        self.status = self.range = None
        self.asked, self.given = [], 0
        self.go, self.end = threading.Event(), threading.Event()  # cleared: it keeps silent before, after what it sends
        self.let_go()

    @property
    def archive(self):
        url = f"https://127.0.0.1:{self.server_port}/flower_photos.tgz"
        return Archive(url, len(self.body), hashlib.sha256(self.body).hexdigest())

    def let_go(self):
        self.go.set()
        self.end.set()

    def handle_error(self, request, client_address):
        """Whoever hangs up on us may."""


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        web = self.server
        web.asked.append(self.headers["Range"])
        web.go.wait(10)
        start = int(re.findall(r"\d+", self.headers["Range"])[0]) if web.ranges and self.headers["Range"] else 0
        if start >= len(web.body):
            self.send_error(416)
        elif web.status and self.path == "/flower_photos.tgz":
            self.other()
        else:
            self.give(start)

    def give(self, start):
        web = self.server
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", web.range or f"bytes {start}-{len(web.body) - 1}/{len(web.body)}")
        self.send_header("Content-Length", str(len(web.body) - start))
        self.end_headers()
        data = web.body[start : web.cut]
        web.given += len(data)
        self.wfile.write(data)
        web.end.wait(10)

    def other(self):
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing: a test's output is its own."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, signed by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent: no certificate, so no https server")
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    words = "req -x509 -nodes -newkey rsa:2048 -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    made = subprocess.run(["openssl", *words.split(), "-keyout", path, "-out", f"{path}.crt"], capture_output=True)
    if made.returncode:
        pytest.skip(f"openssl cannot make a certificate here: {made.stderr.decode()[-200:]}")
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
def trusting(certificate, monkeypatch):
    """Believes our server, and asks no proxy on the way to it."""
    monkeypatch.setenv("no_proxy", "*")
    return ssl.create_default_context(cafile=certificate)


@pytest.fixture
def web(certificate, photos):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Web(context) as server:
        server.body = photos
        thread = threading.Thread(target=partial(server.serve_forever, 0.02))
        thread.start()
        yield server
        server.let_go()
        server.shutdown()
        thread.join()


@pytest.fixture
def get(web, trusting, tmp_path):
    """Fetch the flowers that the server has into a new folder."""

    def get(folder=tmp_path / "home" / "flowers", **changed):
        words = {"archive": web.archive, "pictures": sum(COUNTS.values()), "context": trusting} | changed
        return fetch(folder, **words)

    return get


@pytest.fixture
def run(get, monkeypatch, tmp_path):
    """The command, with our server in place of the web."""
    monkeypatch.setattr("nextlabel.telling.fetch", get)
    return lambda *args: CliRunner().invoke(app, ["fetch-flowers", *map(str, args or [tmp_path / "home" / "flowers"])])


def entry(name, kind=tarfile.REGTYPE, data=b"", **more):
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, len(data)
    for word, value in more.items():
        setattr(member, word, value)
    return member, data


def tgz(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member, data in entries:
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A small flower_photos.tgz, built like the real one."""
    folder = tmp_path_factory.mktemp("photos")
    entries = [entry("flower_photos", tarfile.DIRTYPE)]
    for code, (name, count) in enumerate(COUNTS.items()):
        there = name if name.startswith("da") else f"{name}s"
        entries.append(entry(f"flower_photos/{there}", tarfile.DIRTYPE, mode=0o700))
        for i in range(count):
            data = noise(folder / f"{name}{i}.jpg", seed=100 * code + i).read_bytes()
            entries.append(entry(f"flower_photos/{there}/{i}.jpg", data=data, mtime=2**40))
    return tgz([*entries, entry("flower_photos/LICENSE.txt", data=b"CC-BY by somebody")])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# the whole way


def test_fetches_a_folder_that_loads(get):
    found = get()
    assert found.fetched
    assert found.counts == COUNTS
    dataset = load(Request(str(found.folder)))
    assert dataset.classes == CLASSES
    assert (len(dataset), dataset.skipped, dataset.duplicates) == (14, (), ())


def test_leaves_the_flowers_and_nothing_else(get):
    folder = get().folder
    assert names(folder.parent) == ["flowers"]
    assert names(folder) == ["LICENSE.txt", *CLASSES]
    assert not (folder / "rose" / "0.jpg").stat().st_mode & 0o111


def test_others_may_read_what_others_may_read(get):
    old = os.umask(0o022)
    try:
        folder = get().folder
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o777 for path in (folder, folder / "daisy", folder / "rose")} == {0o755}


def test_tells_how_far_it_is(get):
    told = []
    get(progress=lambda *words: told.append(words))
    assert {what.partition(",")[0] for what, _, _ in told} == {"Downloading", "Unpacking"}
    assert all(done <= total for _, done, total in told)


def test_takes_an_empty_folder(get, tmp_path):
    (tmp_path / "new").mkdir()
    assert get(tmp_path / "new").counts == COUNTS


def test_does_not_fetch_twice(get, web):
    folder = get().folder
    (folder / "mine.txt").write_text("notes")
    assert not get().fetched
    assert len(web.asked) == 1
    assert (folder / "mine.txt").exists()


# going on


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
    monkeypatch.setattr(downloads, "CHUNK", 1000)
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


# what the web says


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


# what the disk says


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full, which is full on every machine that has it")
def test_a_full_disk_is_told(web, trusting, tmp_path):
    (tmp_path / "part").symlink_to("/dev/full")
    with pytest.raises(CannotWrite, match=r"is full\. Make room, then give the same command again"):
        download(web.archive, tmp_path / "part", context=trusting)


def test_a_disk_that_fills_while_unpacking_keeps_the_download(get, web, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "extract", full)
        with pytest.raises(CannotWrite, match=r"holds '.*/home/flowers' is full"):
            get()
    assert names(tmp_path / "home") == [PART]
    assert get().counts == COUNTS
    assert len(web.asked) == 1


def test_a_place_that_cannot_be_is_told(get, tmp_path):
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(CannotWrite, match="cannot be used"):
        get(tmp_path / "letter" / "flowers")
    assert (tmp_path / "letter").read_text() == "dear"


# what is there already


def test_a_folder_of_other_things_is_left_alone(get, web, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(Mistake, match="holds something else, and nothing is ever put among what is yours"):
        get(tmp_path)
    assert web.asked == []
    assert names(tmp_path) == ["letter.txt"]


def test_flowers_with_holes_are_left_alone(get):
    folder = get().folder
    (folder / "rose" / "0.jpg").unlink()
    with pytest.raises(Mistake, match="holds 13 of the 14 flowers"):
        get()
    assert len(names(folder / "rose")) == 3


def test_a_file_is_left_alone(get, tmp_path):
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(Mistake, match="holds something else"):
        get(tmp_path / "letter")


def test_nobody_is_moved_out_from_under_their_feet(get, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Mistake, match="is where you are"):
        get(Path("."))


# archives that are not what they should be

F = "flower_photos/daisy/1.jpg"
HOSTILE = {
    "absolute": ([entry("/etc/1.jpg")], "'/etc/1.jpg' is a path that leads out"),
    "upwards": ([entry("flower_photos/../../1.jpg")], "a path that leads out"),
    "elsewhere": ([entry("other/1.jpg")], "not below 'flower_photos'"),
    "the root itself": ([entry("flower_photos")], "not below 'flower_photos'"),
    "link": ([entry(F, tarfile.SYMTYPE, linkname="/etc/passwd")], "neither a file nor a folder"),
    "hard link": ([entry(F, tarfile.LNKTYPE, linkname="flower_photos/x")], "neither a file nor a folder"),
    "device": ([entry(F, tarfile.CHRTYPE)], "neither a file nor a folder"),
    "pipe": ([entry(F, tarfile.FIFOTYPE)], "neither a file nor a folder"),
    "holes": ([entry(F, tarfile.GNUTYPE_SPARSE)], "neither a file nor a folder"),
    "twice": ([entry(F), entry(F)], "there twice"),
    "twice by another name": ([entry("flower_photos/rose/1"), entry("flower_photos/roses/1")], "there twice"),
    "file and folder": ([entry("flower_photos/daisy"), entry(F)], "it is damaged"),
    "too many": ([entry(f"flower_photos/{i}") for i in range(30)], "one of more than 20 members"),
    "too large": ([entry(F, data=bytes(10**6))], "more than 100,000 bytes"),
    "large header": ([entry(F, pax_headers={"comment": "x" * 10**6})], "more than 100,000 bytes"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused(get, web, tmp_path, monkeypatch, kind):
    entries, words = HOSTILE[kind]
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 20)
    monkeypatch.setattr(unpacking, "MOST_BYTES", 100_000)
    web.body = tgz(entries)
    with pytest.raises(CannotFetch, match=f"{words}.* Nothing of it was put in place"):
        get()
    assert names(tmp_path / "home") == [PART]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-3000], lambda raw: b"GIF89a" + raw, lambda raw: raw[:40] * 9])
def test_a_damaged_archive_is_refused(get, web, tmp_path, damage):
    web.body = damage(web.body)
    with pytest.raises(CannotFetch, match=r"cannot be unpacked \(.*\): it is damaged. Nothing of it was put in place"):
        get()
    assert names(tmp_path / "home") == [PART]


def test_too_few_flowers_are_refused(get, web, tmp_path):
    with pytest.raises(CannotFetch, match="holds 14 pictures of flowers instead of 15"):
        get(pictures=15)
    assert names(tmp_path / "home") == [PART]


def test_unpacks_in_the_order_of_the_archive(tmp_path):
    """A folder may come after what lies in it."""
    (tmp_path / "x.tgz").write_bytes(tgz([entry("r/a/b", data=b"1"), entry("r/a", tarfile.DIRTYPE)]))
    (tmp_path / "into").mkdir()
    unpack(tmp_path / "x.tgz", "r", tmp_path / "into", {"a": "c"})
    assert (tmp_path / "into" / "c" / "b").read_bytes() == b"1"


# the command


def test_the_command_says_what_there_is(run, tmp_path):
    found = run()
    assert (found.exit_code, found.stderr) == (0, "")
    assert "now holds 14 pictures of flowers:\n  daisy 3\n  dandelion 2\n  rose 4\n" in found.stdout
    for words in ("flower_photos", "CC BY 2.0", "imsparsh/flowers-dataset", "2,746", "daisy 501"):
        assert words in found.stdout
    assert f"Next: nextlabel simulate {tmp_path / 'home' / 'flowers'} " in found.stdout


def test_what_the_command_says_next_runs(run, tmp_path):
    words = run().stdout.splitlines()[-1].partition("nextlabel ")[2].split()
    sizes = ["--test", "1/class", "--val", "0", "--start", "1/class", "--batch", "1"]  # of 14, shares are nothing
    quick = ["--seeds", "1", "--rounds", "1", "--jobs", "1", "--embedder", "pixels", "--no-report"]
    found = CliRunner().invoke(app, [*words, *sizes, *quick, "--out", str(tmp_path / "run")])
    assert found.exit_code == 0, found.output


def test_the_command_says_so_where_all_is_there(run):
    run()
    again = run()
    assert again.exit_code == 0
    assert "already holds 14 pictures" in again.stdout


def test_the_command_speaks_json(run, tmp_path):
    folder = str(tmp_path / "home" / "flowers")
    assert json.loads(run(folder, "--json").stdout) == {"folder": folder, "counts": COUNTS, "fetched": True}


def test_the_command_has_an_example():
    assert "Example" in CliRunner().invoke(app, ["fetch-flowers", "--help"]).stdout


def test_the_world_saying_no_is_one(run, web):
    web.status = 404
    found = run()
    assert (found.exit_code, found.stdout) == (1, "")
    assert re.match(r"Error: '127.0.0.1' answered 404", found.stderr)
    assert "Traceback" not in found.stderr


def test_wrong_use_is_two(run, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    found = run(tmp_path)
    assert found.exit_code == 2
    assert "holds something else" in " ".join(found.stderr.split())


def test_stopping_is_130_and_keeps_the_part(run, get, tmp_path, monkeypatch):
    def stop(what, done, total):
        if what.startswith("Unpacking"):
            raise KeyboardInterrupt

    monkeypatch.setattr("nextlabel.telling.fetch", lambda folder, progress: get(folder, progress=stop))
    found = run()
    assert found.exit_code == 130
    assert "a download with the same command" in " ".join(found.stderr.split())
    assert names(tmp_path / "home") == [PART]
