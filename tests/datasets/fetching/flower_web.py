"""A real https server on this machine, which each test tells how to misbehave, and the small archive that it keeps."""

import hashlib
import io
import re
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nextlabel.datasets.fetching.download import Archive

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


def names(folder):
    return sorted(path.name for path in folder.iterdir())
