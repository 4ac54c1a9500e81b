"""The pictures of docs/label.md and docs/receipt.md, made from the page itself: ``make screenshots``.

Six hundred of the flowers, where they are beside the repository, else scikit-learn's digits, are labelled by somebody
who knows what they are, on a real page with a real worker, and photographed in the system's Chromium. Then all of them,
for the receipt after 20, 60, 150 and 400 answers.
"""

import contextlib
import io
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from nextlabel.labelling import LabellingSession, Opened, Wish, open_project
from nextlabel.labelling.demo import NAME, SETTINGS, draw_digits
from nextlabel.web.app import make_app
from nextlabel.web.doors import Doors, digest_of, new_token
from nextlabel.web.server import Server, listen

ROOT = Path(__file__).parents[1]
FLOWERS = ROOT.parent / "shared" / "data" / "flowers" / "train"
OUT = ROOT / "docs" / "pictures"
COUNT, ANSWERED, SEED = 600, 180, 7
RECEIPTS = (20, 60, 150, 400)
MOST_BYTES = 150_000
PATIENCE = 300.0  # seconds, on a machine that is busy


def main() -> None:
    """Label, look, and write the pictures."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("There is no Chromium on this machine, which takes the pictures: apt-get install chromium")
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        place, truth, settings = _flowers(Path(folder)) if FLOWERS.is_dir() else _digits(Path(folder))
        opened = open_project(Wish(place, settings={**settings, "demo": False}))
        with contextlib.closing(opened.project.store), sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path=chromium, args=["--disable-gpu", "--no-sandbox"])
            page = browser.new_page(viewport={"width": 1200, "height": 760}, color_scheme="light", locale="en-GB")
            _visit(page, opened, truth)
            browser.close()
    with tempfile.TemporaryDirectory() as folder:
        place, truth, settings = _flowers(Path(folder), None) if FLOWERS.is_dir() else _digits(Path(folder))
        opened = open_project(Wish(place, settings={**settings, "demo": False}))
        with contextlib.closing(opened.project.store), sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path=chromium, args=["--disable-gpu", "--no-sandbox"])
            page = browser.new_page(viewport={"width": 1000, "height": 860}, color_scheme="light", locale="en-GB")
            _follow_receipt(page, opened, truth)
            browser.close()


def _flowers(folder: Path, count: int | None = COUNT) -> tuple[Path, Mapping[str, str], Mapping[str, Any]]:
    """Some of the flowers under names that say nothing, and what each is."""
    files = sorted(FLOWERS.glob("*/*"))
    random.Random(SEED).shuffle(files)
    place = folder / "flowers"
    place.mkdir()
    truth = {}
    for i, file in enumerate(files[:count]):
        name = f"IMG_{i:04}.jpg"
        shutil.copyfile(file, place / name)
        truth[name] = file.parent.name
    return place, truth, {"seed": SEED}


def _digits(folder: Path) -> tuple[Path, Mapping[str, str], Mapping[str, Any]]:
    from sklearn.datasets import load_digits

    draw_digits(folder / NAME)
    truth = {f"{i:04}.png": str(digit) for i, digit in enumerate(load_digits().target)}
    return folder / NAME, truth, SETTINGS


def _visit(page: Page, opened: Opened, truth: Mapping[str, str]) -> None:
    """Everything that somebody sees in an hour, in a minute."""
    project, door, token = opened.project, listen(), new_token()
    port = door.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with LabellingSession(project, opened.address) as session, Server(make_app(session, Doors(port, b"s" * 32)), door):
        person = session.invite("ada", digest_of(token))
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(f"{address}/?token={token}")
        page.wait_for_selector(".stage img")
        _wait(lambda: session.worker.is_settled())
        _take(page, "label-first")
        for name in sorted(set(truth.values())):
            session.add_class(person, name)
        _answer(session, session.invite("bob", digest_of(new_token())), truth, ANSWERED)
        page.reload()
        page.wait_for_selector(".stage img")
        for turn in range(40):
            _press(page, session, truth)
            if turn > 10 and "the model said" in page.locator(".why").inner_text():  # not drawn at random, as many are
                break
        _take(page, "label-middle")
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open]")
        _take(page, "label-keys")
        page.keyboard.press("Escape")
        page.goto(f"{address}/#grid")
        page.get_by_text("The machine is sure").click()
        loaded = "all => all.slice(0, 21).filter(one => one.naturalWidth).length === 21"
        _wait(lambda: page.locator(".tiles img").evaluate_all(loaded))
        _take(page, "label-grid")
        page.goto(f"{address}/#map")
        page.wait_for_selector("canvas")
        _take(page, "label-map")
        page.goto(f"{address}/#review")
        page.wait_for_selector(".review img.in-full, .review .empty")
        _take(page, "label-review")


def _follow_receipt(page: Page, opened: Opened, truth: Mapping[str, str]) -> None:
    """The receipt as it grows."""
    project, door, token = opened.project, listen(), new_token()
    port = door.getsockname()[1]
    with LabellingSession(project, opened.address) as session, Server(make_app(session, Doors(port, b"s" * 32)), door):
        person = session.invite("ada", digest_of(token))
        for name in sorted(set(truth.values())):
            session.add_class(person, name)
        page.set_default_timeout(1000 * PATIENCE)
        before = 0
        for count in RECEIPTS:
            _answer(session, person, truth, count - before)
            before = count
            _wait(lambda: session.worker.is_settled())
            page.goto(f"http://127.0.0.1:{port}/?token={token}")
            page.wait_for_selector(".stage img")
            if count == RECEIPTS[-1]:
                _take(page, "receipt-beside")
            page.goto(f"http://127.0.0.1:{port}/#receipt")
            page.wait_for_selector("h2, h1")
            _take(page, f"receipt-{count}")


def _answer(session: LabellingSession, person: int, truth: Mapping[str, str], count: int) -> None:
    """Answer as somebody who knows, but for every twentieth, and waits for what is chosen."""
    classes = {row["name"]: row["id"] for row in session.overview(person)["classes"]}
    names = list(classes)
    for i in range(count):
        _wait(lambda: session.worker.is_settled())
        (question,) = session.questions(person, 1)
        name = truth[question["path"]]
        if i % 20 == 19:  # people err, and Review finds it
            name = names[(names.index(name) + 1) % len(names)]
        said = {"kind": "label", "class_id": classes[name], "note": None, "how": "key", "shown_at": None}
        about = {"client": str(uuid.uuid4()), "ask": question["ask"], "sample": question["sample"]}
        session.answer(person, {**about, **said, "answered_at": None})


def _press(page: Page, session: LabellingSession, truth: Mapping[str, str]) -> None:
    """The button of what the page shows."""
    source = page.locator(".stage img").last.get_attribute("src") or ""
    sample = int(source.split("?")[0].rsplit("/", 1)[1])
    name = truth[session.neighbours(sample)["path"]]
    page.locator("button.class", has_text=name).click()
    page.wait_for_timeout(2000)  # as long as a person looks


def _wait(wanted: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not wanted():
        if time.monotonic() > end:
            sys.exit("The worker did not come to an end. Is the machine very busy? Run again.")
        time.sleep(0.02)


def _take(page: Page, name: str) -> None:
    """A picture of the page as it is, small enough for a page of text."""
    page.wait_for_timeout(700)
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    for quality in (85, 75, 65, 50):
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= MOST_BYTES:
            break
    (OUT / f"{name}.webp").write_bytes(file.getvalue())


if __name__ == "__main__":
    main()
