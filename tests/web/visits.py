"""A page in a real browser, as tests drive it."""

import time
from typing import Any

import httpx
from sites import Site

PAGES = ("label", "grid", "map", "review", "receipt", "settings")


class Visit:
    """A page in a context of its own, with whatever it complained about and wherever it asked."""

    def __init__(self, browser: Any, site: Site, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.forgiven: list[str] = []  # what a browser says where a test cuts the line itself, at whatever moment
        self.addresses: set[str] = set()
        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # From the start: a browser that is told to stop requests while a page is open lets some through yet.
        self.page.route("**/api/answer*", lambda route: route.continue_())
        self.page.on("request", lambda request: self.addresses.add(request.url))
        self.site = site
        cookie = {"name": site.doors.cookie, "value": site.doors.make_pass(0), "url": site.address}
        self.context.add_cookies([cookie])

    def close(self) -> None:
        """Leave; nothing may have been complained about, and nobody asked who is not on this machine."""
        self.context.close()
        assert [said for said in self.complaints if not any(words in said for words in self.forgiven)] == []
        assert {httpx.URL(address).host for address in self.addresses} <= {"127.0.0.1"}  # no telemetry, no CDN

    def open(self, page: str = "label") -> Any:
        """Go to one of the pages and wait until it is there."""
        self.page.goto(f"{self.site.address}/#{page}")
        self.page.wait_for_selector("#main:not(.empty)")
        if page == "label":
            self.page.wait_for_selector(".stage img, .empty h1")
        return self.page

    def labels(self, count: int) -> list[dict[str, Any]]:
        """The session's events, as soon as there are so many."""
        end = time.monotonic() + 15
        while len(self.site.session.events) < count and time.monotonic() < end:
            self.page.wait_for_timeout(20)
        return self.site.session.events

    def cut_the_line(self) -> None:
        """From now on no answer gets through to the server."""
        self.forgiven.append("net::ERR_FAILED")
        self.page.route("**/api/answers", lambda route: route.abort())

    def mend_the_line(self) -> None:
        """Answers get through again."""
        self.page.unroute("**/api/answers")
