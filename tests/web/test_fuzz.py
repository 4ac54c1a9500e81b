"""A running server is asked what its schema allows, and what it does not: never a 500, never another shape."""

import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import serve
from sites import Site, draw_folder

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


def fuzz(client: httpx.Client, folder: Path, seconds: int, seed: int) -> int:
    """Let schemathesis ask for so long; how many requests it made. Its report is the error where it finds fault."""
    (folder / "openapi.json").write_text(shrink_ids(client.get("/openapi.json").text))
    command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", str(client.base_url)]
    command += ["--header", f"Authorization: {client.headers['authorization']}", "--checks", CHECKS]
    command += ["--exclude-path", "/api/events"]  # it never ends; it has tests of its own
    command += ["--max-time", str(seconds), "--seed", str(seed), "--suppress-health-check", "all", "--no-color"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=2 * seconds + 120)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found = re.search(r"([\d,]+) generated", done.stdout)
    assert found, done.stdout
    return int(found[1].replace(",", ""))


def test_whatever_is_asked_for_fifteen_seconds_is_answered(site: Site, tmp_path: Path) -> None:
    assert fuzz(site.client, tmp_path, 15, seed=1) > 20
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
            requests = fuzz(client, tmp_path, SECONDS, seed)
            labelled = client.get("/api/overview").json()["labelled"]
    print({"seconds": SECONDS, "requests": requests, "labelled": labelled, "seed": seed})
