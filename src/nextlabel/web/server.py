"""A server in a thread of its own, on this machine alone unless told otherwise."""

import socket
import threading
import time
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from nextlabel.errors import CannotGo
from nextlabel.text import shorten

HERE = "127.0.0.1"
STARTS_WITHIN = 20.0  # seconds


def listen(port: int = 0, host: str = HERE) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises `CannotGo` where the port is taken.

    It is made before the application, whose doors are told the port.
    """
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP by name: asyncio sends small replies at once only through sockets that say so, and others 40 ms later.
    door = socket.socket(kind, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        why = (error.strerror or str(error)).lower()
        raise CannotGo(f"Cannot listen on {shorten(host)}, port {port}: {why}. Name another one with --port.") from None
    door.listen(128)
    return door


@dataclass
class Server:
    """An application that is served while the ``with`` block lasts.

    ``access_log`` stays off: a request's line would hold the one-time token.
    """

    app: FastAPI
    door: socket.socket

    def __post_init__(self) -> None:
        config = uvicorn.Config(
            self.app,
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=30,
            h11_max_incomplete_event_size=32_768,
            lifespan="off",
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self.door],), daemon=True, name="web")

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.door.getsockname()[1]
        return port

    @property
    def is_alive(self) -> bool:
        """Does it still answer? Nothing ends it but leaving the block."""
        return self._thread.is_alive()

    def __enter__(self) -> "Server":
        """Start; raises `CannotGo` where it does not come up."""
        self._thread.start()
        end = time.monotonic() + STARTS_WITHIN
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise CannotGo("The page's server did not start. Run it again, with --port and another number.")
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop: requests that are open get a second."""
        self.app.state.closing = True  # pages that listen for changes would keep their requests open
        self._server.should_exit = True
        self._thread.join()
        self.door.close()
