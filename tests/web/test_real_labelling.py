"""The page over the command itself: its store, its worker, a folder of small pictures, and one who uses all of it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from served import PATIENCE, serve
from without import hide_umap

from nextlabel.labelling.past import LATE
from nextlabel.store import FILE, Event, Visit, visit_store

KEYS = {"warm": "1", "cold": "2"}
COUNT = 40


def draw_weather(place: Path) -> Path:
    """Noisy pictures, half of them reddish and half of them bluish, whose names say which."""
    rng = np.random.default_rng(0)
    place.mkdir()
    for i in range(COUNT):
        name, colour = ("warm", (200, 60, 40)) if i % 2 else ("cold", (40, 60, 200))
        noisy = np.array(colour) + rng.normal(0, 40, (32, 32, 3))
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(place / f"{i:02}-{name}.png")
    return place


class User:
    """Somebody in front of the page, and what the store holds meanwhile."""

    def __init__(self, page: Any, store: Visit) -> None:
        self.page, self.store = page, store
        self.names = {one.id: one.path[3:7] for one in store.samples()}

    def shown(self) -> int:
        """The sample on the stage."""
        address: str = self.page.wait_for_selector(".stage img").get_attribute("src")
        return sample_of(address)

    def answer(self, wrongly: bool = False) -> int:
        """One key; the sample that it labelled."""
        sample = self.shown()
        other = {"warm": "cold", "cold": "warm"}
        self.page.keyboard.press(KEYS[other[self.names[sample]] if wrongly else self.names[sample]])
        return sample

    def kept(self, kind: str, count: int, how: str | None = None) -> list[Event]:
        """Events of a kind, as soon as there are so many."""
        found = list[Event]()

        def look() -> bool:
            found[:] = [one for one in self.store.events() if one.kind == kind and how in (None, one.how)]
            return len(found) >= count

        self.wait(look)
        assert len(found) == count
        return found

    def wait(self, wanted: Callable[[], bool]) -> None:
        """Until the store holds it."""
        end = time.monotonic() + PATIENCE
        while not wanted():
            assert time.monotonic() < end, f"not within {PATIENCE} seconds"
            self.page.wait_for_timeout(20)

    def go(self, words: str) -> None:
        """To another page."""
        self.page.click(f"nav >> text={words}")
        self.page.wait_for_selector(f"h1:has-text('{words}')", state="attached")
        self.page.evaluate("document.activeElement.blur()")


def sample_of(address: str) -> int:
    """The sample whose picture has this address."""
    return int(address.rpartition("/")[2].partition("?")[0])


@pytest.fixture
def user(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    """Somebody who came by the link that the command printed."""
    place = draw_weather(tmp_path / "weather")
    hide_umap(monkeypatch, tmp_path)
    words = ["label", str(place), "--classes", "warm,cold", "--invite", "robot", "--batch", "5", "--port", "0"]
    with serve(words, tmp_path) as link:
        context = browser.new_context(viewport={"width": 1200, "height": 760})
        page, complaints = context.new_page(), list[str]()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(link)
        with visit_store(place / ".nextlabel" / FILE) as store:
            yield User(page, store)
        context.close()
        assert complaints == []


def test_a_labelling_from_the_first_key_to_the_review(user: User) -> None:
    page = user.page
    # A key, a reload, undo: each is in the store.
    first = user.answer()
    (label,) = user.kept("label", 1)
    assert (label.sample_id, label.how, label.ask_id is None) == (first, "key", False)
    assert page.url.endswith(("/", "/#label"))  # no token
    page.wait_for_selector(".why:has-text('asked because')")
    page.reload()
    page.wait_for_selector(".recent img")
    assert user.shown() != first
    page.keyboard.press("Backspace")
    (undo,) = user.kept("undo", 1)
    assert undo.takes_back == label.id
    page.wait_for_function(f"() => document.querySelector('.stage img')?.src.includes('/{first}?')")

    # Another tab answers, too, and undo in this one means this one's answer.
    user.answer()
    user.kept("label", 2)
    with page.context.expect_page() as opened:
        page.evaluate("open('/')")
    second = User(opened.value, user.store)
    second.answer()
    *_, mine, others = user.kept("label", 3)
    page.keyboard.press("Backspace")
    assert user.kept("undo", 2)[1].takes_back == mine.id
    opened.value.close()

    # The machine learns; a grid of what it is sure of is confirmed at once, and not asked again.
    user.wait(lambda: any(batch.choice.strategy != LATE for batch in user.store.batches()))
    for _ in range(12):
        user.answer()
    user.kept("label", 15)
    user.wait(lambda: any(batch.choice.chooser for batch in user.store.batches()))
    user.go("Grid")
    page.click("text=The machine is sure")
    page.wait_for_selector(".tile")
    tiles = [sample_of(one.get_attribute("src")) for one in page.query_selector_all(".tile img")]
    for place, sample in enumerate(tiles):
        if user.names[sample] != "warm":
            page.click(f".tile >> nth={place}")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    right = [sample for sample in tiles if user.names[sample] == "warm"]
    assert [one.sample_id for one in user.kept("label", len(right), "grid")] == right
    draws = {one.id: one.draw for one in user.store.samples()}
    assert right
    assert min(draws[sample] for sample in right) >= 0.2  # nothing that checks the machine
    assert others.sample_id not in right

    # All the rest, one of it wrongly.
    user.go("Label")
    wrong = None
    asked = list[int]()
    while page.wait_for_selector(".stage img, .empty h1:has-text('All done')").evaluate("one => one.tagName") == "IMG":
        careless = wrong is None and draws[user.shown()] >= 0.2
        asked.append(user.answer(wrongly=careless))
        wrong = asked[-1] if careless else wrong
    assert not {*right} & {*asked}
    user.wait(lambda: len(user.store.state().verdicts()) == COUNT)  # the page does not wait for the last of them

    # The map, the review, and back again.
    user.go("Map")
    page.wait_for_selector(f"canvas[aria-label='Map of {COUNT} pictures; similar ones are close together']")
    user.go("Review")
    page.wait_for_selector(f".review img[src^='/pictures/{wrong}?']")
    page.keyboard.press(KEYS[user.names[wrong or 0]])
    page.wait_for_function(f"() => !document.querySelector(\".review img[src^='/pictures/{wrong}?']\")")
    decided = user.kept("label", 15 + len(right) + len(asked) + 1)[-1]
    assert decided.sample_id == wrong
    assert user.store.batches()[-1].asks[0].why == "review"
    page.keyboard.press("Backspace")
    assert user.kept("undo", 3)[-1].takes_back == decided.id
    page.wait_for_selector(f".review img[src^='/pictures/{wrong}?']")
    page.go_back()
    page.wait_for_selector("canvas")
    page.go_back()
    page.wait_for_selector("h1:has-text('All done')")
    page.go_forward()
    page.wait_for_selector("canvas")
    assert httpx.URL(page.url).fragment == "map"
