"""A web server of our own, which hands out a folder, remembers what it was asked, and fails when it is told to."""

import functools
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple


class Shelf(NamedTuple):
    """Where it answers; ``asked`` how often by path, with what stands behind ``?``; ``failing`` how often a path yet
    answers with status 503; ``forbidden`` paths that nobody may read."""

    address: str
    asked: Counter[str]
    failing: dict[str, int]
    forbidden: set[str]


@contextmanager
def serving(folder: Path) -> Iterator[Shelf]:
    """The folder, served until the block ends."""
    asked, failing, forbidden = Counter[str](), dict[str, int](), set[str]()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked[self.path] += 1
            plain = self.path.partition("?")[0]
            if failing.get(plain, 0) > 0:
                failing[plain] -= 1
                self.send_error(503)
            elif plain in forbidden:
                self.send_error(403)
            elif asked_for := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
                self.send_part(int(asked_for[1]), int(asked_for[2] or -1))
            else:
                super().do_GET()

        def send_part(self, first: int, last: int) -> None:
            raw = Path(self.translate_path(self.path)).read_bytes()
            part = raw[first : last + 1 if last >= 0 else None]
            self.send_response(206)
            self.send_header("Content-Length", str(len(part)))
            self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(raw)}")
            self.end_headers()
            self.wfile.write(part)

        def log_message(self, *_: object) -> None:
            """It does not talk in the middle of tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=functools.partial(server.serve_forever, 0.05), daemon=True).start()
    try:
        yield Shelf(f"http://127.0.0.1:{server.server_port}", asked, failing, forbidden)
    finally:
        server.shutdown()
        server.server_close()
