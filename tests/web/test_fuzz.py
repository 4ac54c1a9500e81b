"""A running server is asked what its schema allows, and what it does not: never a 500, never another shape."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from served import serve
from sites import Site, draw_folder
from soak_results import keep

from nextlabel.store import FILE, visit_store

SECONDS = int(os.environ.get("FUZZ_SECONDS", "600"))
CHECKS = (
    "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance,"
    "response_headers_conformance,unsupported_method"
)
LARGEST_ID = str(2**53 - 1)


def shrink_ids(schema: str) -> str:
    """The schema with small ids in what is sent: of all ids next to none exist, of these half do."""

    def small(part: Any) -> Any:
        return json.loads(json.dumps(part).replace(LARGEST_ID, "50"))

    spec = json.loads(schema)
    ways = [way for path in spec["paths"].values() for way in path.values()]
    for way in ways:
        way["parameters"] = small(way.get("parameters", []))
    sent = json.dumps([way.get("requestBody") for way in ways])
    for name in set(re.findall(r"#/components/schemas/(\w+)", sent)):
        spec["components"]["schemas"][name] = small(spec["components"]["schemas"][name])
    return json.dumps(spec)


class Fuzz(NamedTuple):
    """What schemathesis did; its ``report`` says what the ``failures`` are."""

    requests: int
    operations: int
    failures: int
    report: str


def fuzz(client: httpx.Client, folder: Path, seconds: int, seed: int) -> Fuzz:
    """Let schemathesis ask for so long."""
    (folder / "openapi.json").write_text(shrink_ids(client.get("/openapi.json").text))
    command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", str(client.base_url)]
    command += ["--header", f"Authorization: {client.headers['authorization']}", "--checks", CHECKS]
    command += ["--exclude-path", "/api/events"]  # it never ends; it has tests of its own
    command += ["--max-time", str(seconds), "--seed", str(seed), "--suppress-health-check", "all", "--no-color"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=2 * seconds + 120)
    report = done.stdout[-6000:] + done.stderr[-2000:]
    requests, operations, failures = (
        int(found[1].replace(",", "")) if (found := re.search(pattern, done.stdout)) else 0
        for pattern in (r"([\d,]+) generated", r"Tested: (\d+)", r"([\d,]+) unique failure")
    )
    assert (done.returncode == 0) == (failures == 0), report  # else it did not come as far as asking
    return Fuzz(requests, operations, failures, report)


def test_whatever_is_asked_for_fifteen_seconds_is_answered(site: Site, tmp_path: Path) -> None:
    found = fuzz(site.client, tmp_path, 15, seed=1)
    assert not found.failures, found.report
    assert found.requests > 20
    assert found.operations > 20
    assert site.session.events  # some of it was taken
    assert site.client.get("/api/overview").status_code == 200


@pytest.mark.soak
def test_the_command_answers_whatever_it_is_asked_for_long(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    draw_folder(tmp_path / "holiday", 45)
    with serve(["label", "holiday", "--classes", "beach,lake", "--invite", "robot"], tmp_path) as link:
        address, _, token = link.partition("/?token=")
        bearer = httpx.post(f"{address}/api/pass", json={"token": token}).json()["bearer"]
        headers = {"authorization": f"Bearer {bearer}"}
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            began = time.monotonic()
            found = fuzz(client, tmp_path, SECONDS, seed)
            seconds = time.monotonic() - began
            assert client.get("/api/overview").status_code == 200
    with visit_store(tmp_path / "holiday" / ".nextlabel" / FILE) as visit:
        kinds = Counter(event.kind for event in visit.events())
    counts = {"requests": found.requests, "operations": found.operations, "failures": found.failures, "seed": seed}
    keep("fuzz of the labelling command", counts | {"seconds": seconds, "events kept": dict(kinds)})
    assert not found.failures, found.report
    assert kinds["label"]  # it came further than the doors
