"""The doors as a layer of the application: refuses, bounds bodies and open requests, and sets every reply's headers."""

import asyncio
import json
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextlabel.web.doors import SENTENCES, Doors

LONGEST_BODY = 1_000_000  # bytes: a lasso around 20,000 pictures is 200 kB
MOST_OPEN = 128  # requests at once; a browser opens six
SLOWEST_BODY = 20.0  # seconds

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class TooLong(Exception):
    """A body that is longer than any of ours."""


class Guard:
    """Stands before the application; ``scope["state"]["annotator"]`` says whose a request is."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self.app = app
        self.doors = doors
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send))
        else:  # a websocket: there is none here
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        verdict = self.doors.judge(scope["path"], scope["method"], headers, _cookies(headers, self.doors.cookie))
        if isinstance(verdict, str):
            return await _refuse(send, 401 if verdict == "pass" else 403, SENTENCES[verdict])
        if self.open >= MOST_OPEN:
            return await _refuse(send, 503, "Too many requests are open at once. Try again in a moment.")
        if "content-length" in headers and not _is_short(headers["content-length"]):
            return await _refuse(send, 413, f"A request may have {LONGEST_BODY:,} bytes.")
        scope.setdefault("state", {})["annotator"] = verdict
        self.open += 1
        try:
            body = await asyncio.wait_for(_read(receive), SLOWEST_BODY)
        except TooLong:
            return await _refuse(send, 413, f"A request may have {LONGEST_BODY:,} bytes.")
        except TimeoutError:
            return await _refuse(send, 408, "The request did not come to its end in time.")
        else:
            await self.app(scope, _replay(body, receive), send)
        finally:
            self.open -= 1


def _is_short(length: str) -> bool:
    return length.isascii() and length.isdecimal() and len(length) < 10 and int(length) <= LONGEST_BODY


async def _read(receive: Receive) -> bytes:
    """The whole body, chunked ones included: their length is known at their end alone."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LONGEST_BODY:
            raise TooLong
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once; then whatever comes, which is the end of the connection."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _cookies(headers: Headers, name: str) -> list[str]:
    """All values of our cookie: one that another program set on this host may stand beside it."""
    values = []
    for part in headers.get("cookie", "").split(";"):
        try:
            jar = SimpleCookie(part.strip())
        except CookieError:
            continue
        values += [each.value for key, each in jar.items() if key == name]
    return values


def _with_headers(send: Send) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return add


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
