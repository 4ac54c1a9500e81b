"""A small, real labelling over a folder: events in a list, questions in the folder's order, nothing learned."""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from nextlabel.datasets.formats import looks_like_a_picture
from nextlabel.errors import Conflict, NotThere
from nextlabel.web.base import Json

LETTERS = "1234567890acdefghjklmopqstuvwy"
START = {"strategy": "auto", "batch": 10, "audit_share": 0.2, "goal": None, "show_names": False}


class FolderSession:
    """Every picture below a folder; what people say is kept in memory."""

    def __init__(self, root: Path, classes: Sequence[str] = (), project: str = "") -> None:
        self.root, self.project = root, project or f"{random.getrandbits(64):016x}"
        files = sorted(file for file in root.rglob("*") if file.is_file())
        self.paths = [file.relative_to(root).as_posix() for file in files if looks_like_a_picture(file.name, str(file))]
        self.events: list[Json] = []
        self.classes: list[Json] = []
        self.people: list[str] = []
        self.invitations: dict[str, int] = {}
        self.set: Json = {**START, "actions": {}}
        self.front: list[int] = []
        self.linked: set[str] = set()
        self.lock = threading.RLock()
        self.began = time.time()
        for name in classes:
            self.add_class(0, name)

    def locate(self, sample: int) -> tuple[str, bool]:
        path = self._path(sample)
        return path, path in self.linked

    def _path(self, sample: int) -> str:
        if sample >= len(self.paths):
            raise NotThere(f"There is no sample {sample} in this project.")
        return self.paths[sample]

    def _class(self, class_id: int) -> Json:
        if class_id >= len(self.classes):
            raise NotThere(f"There is no class {class_id} in this project.")
        return self.classes[class_id]

    def _standing(self) -> list[Json]:
        back = {each["takes_back"] for each in self.events if each["kind"] == "undo"}
        return [each for each in self.events if each["kind"] != "undo" and each["event"] not in back]

    def _state(self) -> dict[int, Json]:
        return {each["sample"]: each for each in self._standing() if each["kind"] != "note"}

    def _merged(self, class_id: int | None) -> int | None:
        while class_id is not None and (into := self.classes[class_id]["into"]) is not None:
            class_id = into
        return class_id

    def _rows(self) -> list[Json]:
        labels = [self._merged(e["class_id"]) for e in self._state().values() if e["kind"] == "label"]
        return [
            {**{k: c[k] for k in ("id", "name", "key", "description")}, "count": labels.count(c["id"])}
            for c in self.classes
            if c["into"] is None
        ]

    def overview(self, annotator: int) -> Json:
        with self.lock:
            kinds = [each["kind"] for each in self._state().values()]
            count = {kind: kinds.count(kind) for kind in ("label", "skip", "discard")}
            spent = time.time() - self.began
            done = min(len(self.paths), int(spent * 50))
            return {
                "project": self.project, "name": self.root.name, "kind": "picture", "classes": self._rows(),
                "samples": len(self.paths), "labelled": count["label"], "skipped": count["skip"],
                "discarded": count["discard"], "left": len(self.paths) - count["label"] - count["discard"],
                "pace": 60 * count["label"] / spent if count["label"] >= 5 else None, "seconds_spent": spent,
                "goal": self.set["goal"], "embedding": {"done": done, "total": len(self.paths)},
                "learning": "embedding" if done < len(self.paths) else "idle",
                "people": list(self.people), "you": self.people[annotator], "settings": self.set,
            }  # fmt: skip

    def questions(self, annotator: int, count: int) -> list[Json]:
        with self.lock:
            state = self._state()
            order = [*self.front, *range(len(self.paths))]
            skipped = [i for i, each in state.items() if each["kind"] == "skip"]
            waiting = list(dict.fromkeys(i for i in [*order, *skipped] if i not in state))
            return [self._question(i) for i in (waiting or skipped)[:count]]

    def _question(self, sample: int) -> Json:
        try:
            with Image.open(self.root / self.paths[sample]) as picture:
                width, height = picture.size
        except (OSError, ValueError, Image.DecompressionBombError):
            width = height = None
        return {"ask": sample, "sample": sample, "path": self.paths[sample], "width": width, "height": height}

    def _keep(self, annotator: int, client: str, fields: Mapping[str, Any]) -> Json:
        event = {"event": len(self.events), "client": client, "annotator": annotator, "at": time.time(), **fields}
        self.events.append(event)
        return event

    def answer(self, annotator: int, answer: Mapping[str, Any]) -> Json:
        with self.lock:
            path = self._path(answer["sample"])
            if answer["kind"] == "label":
                self._class(answer["class_id"])
            event = next((each for each in self.events if each["client"] == answer["client"]), None)
            event = event or self._keep(annotator, answer["client"], answer)
            words = f"the next in its folder: {path.rpartition('/')[0] or '.'}"
            return {"event": event["event"], "why": {"reason": "random", "words": words}, "agrees": None}

    def undo(self, annotator: int, client: str) -> Json:
        with self.lock:
            event = next((each for each in self.events if each["client"] == client), None)
            mine = [each for each in self._standing() if each["annotator"] == annotator]
            if event is None and not mine:
                raise Conflict("There is nothing to undo.")
            if event is None:
                last = mine[-1]
                for each in [e for e in mine if e["client"] == last["client"]]:
                    event = self._keep(annotator, client, {"kind": "undo", "takes_back": each["event"]})
                    event["sample"], event["how"] = each["sample"], each["how"]
            assert event is not None
            question = None if event["how"] == "grid" else self._question(event["sample"])
            return {"event": event["event"], "sample": event["sample"], "question": question}

    def recent(self, annotator: int, count: int) -> list[Json]:
        with self.lock:
            mine = [each for each in self._standing() if each["annotator"] == annotator][::-1][:count]
            keys = ("event", "sample", "kind", "class_id", "at", "note")
            return [{**{k: e.get(k) for k in keys}, "path": self.paths[e["sample"]]} for e in mine]

    def _check_name(self, name: str, own: int | None = None) -> str:
        if not name.strip():
            raise Conflict("A class needs a name.")
        for each in self.classes:
            if each["name"].casefold() == name.strip().casefold() and each["id"] != own:
                raise Conflict(f"There is a class '{each['name']}' already.")
        return name.strip()

    def add_class(self, _annotator: int, name: str) -> list[Json]:
        with self.lock:
            used = {each["key"] for each in self.classes}
            key = next((letter for letter in LETTERS if letter not in used), None)
            fields = {"name": self._check_name(name), "key": key, "description": None, "into": None}
            self.classes.append({"id": len(self.classes), **fields})
            return self._rows()

    def change_class(self, _annotator: int, class_id: int, changes: Mapping[str, Any]) -> list[Json]:
        with self.lock:
            one = self._class(class_id)
            if changes.get("name") is not None:
                self._check_name(changes["name"], class_id)
            for each in self.classes:
                if changes.get("key") and each["key"] == changes["key"] and each is not one:
                    raise Conflict(f"The key '{changes['key']}' is bound to '{each['name']}' already.")
            one.update({k: v for k, v in changes.items() if k != "name" or v is not None})
            return self._rows()

    def merge_class(self, _annotator: int, class_id: int, into: int) -> list[Json]:
        with self.lock:
            self._class(into)
            if self._merged(into) == class_id:
                raise Conflict("A class cannot be merged into itself.")
            self._class(class_id)["into"] = into
            return self._rows()

    def samples(self, query: Mapping[str, Any]) -> Json:
        with self.lock:
            state = self._state()
            if query["grid"]:
                found = [self._sample(i, query["class_id"], 0.9) for i in range(len(self.paths)) if i not in state]
            else:
                found = [self._sample(i, e["class_id"], None, e) for i, e in state.items() if e["kind"] == "label"]
                if query["class_id"] is not None:
                    found = [each for each in found if self._merged(each["class_id"]) == query["class_id"]]
            if query["text"]:
                found = [each for each in found if query["text"].casefold() in each["path"].casefold()]
            return {"total": len(found), "samples": found[query["offset"] : query["offset"] + query["count"]]}

    def _sample(self, i: int, class_id: int | None, score: float | None, event: Json | None = None) -> Json:
        who = self.people[event["annotator"]] if event else None
        return {"sample": i, "path": self.paths[i], "class_id": class_id, "score": score, "annotator": who}

    def answer_grid(self, annotator: int, answer: Mapping[str, Any]) -> Json:
        with self.lock:
            self._class(answer["class_id"])
            for sample in answer["right"]:
                self._path(sample)
            done = [each["event"] for each in self.events if each["client"] == answer["client"]]
            fields = {"kind": "label", "class_id": answer["class_id"], "how": "grid", "note": None}
            new = [] if done else list(answer["right"])
            kept = [self._keep(annotator, answer["client"], {**fields, "sample": i}) for i in new]
            return {"events": done or [each["event"] for each in kept]}

    def map(self) -> Json:
        with self.lock:
            draw, state, ids = random.Random(1), self._state(), list(range(len(self.paths)))
            folders = sorted({path.rpartition("/")[0] for path in self.paths})
            homes = [folders.index(path.rpartition("/")[0]) for path in self.paths]
            labels = [self._merged(state[i].get("class_id")) if i in state else None for i in ids]
            kinds = ["audit" if i % 5 == 0 else "labelled" if i in state else "open" for i in ids]
            x = [min(1, max(0, 0.2 + 0.6 * (h % 3) / 2 + draw.gauss(0, 0.07))) for h in homes]
            y = [min(1, max(0, 0.25 + 0.5 * (h // 3) + draw.gauss(0, 0.07))) for h in homes]
            return {"ids": ids, "x": x, "y": y, "class_id": labels, "predicted": [None] * len(ids), "state": kinds}

    def lasso(self, _annotator: int, samples: Sequence[int]) -> int:
        with self.lock:
            for sample in samples:
                self._path(sample)
            self.front = [*samples, *self.front]
            return len(samples)

    def review(self, _annotator: int) -> list[Json]:
        with self.lock:
            labels = [e for e in self._state().values() if e["kind"] == "label" and e["how"] != "review"]
            return [
                {"sample": e["sample"], "path": self.paths[e["sample"]], "model": None, "score": None,
                 "answers": [{"annotator": self.people[e["annotator"]], "class_id": self._merged(e["class_id"])}]}
                for e in labels[:5]
            ]  # fmt: skip

    def settings(self) -> Json:
        return self.set

    def change_settings(self, _annotator: int, changes: Mapping[str, Any]) -> Json:
        with self.lock:
            self.set = {**self.set, **{k: v for k, v in changes.items() if v is not None or k == "goal"}}
            return self.set

    def receipt(self) -> Json:
        return {"labelled": self.overview(0)["labelled"], "audit": 0, "lines": []}

    def changes(self, after: int) -> list[Json]:
        number = len(self.events)
        return [{"number": number, "kind": "answers"}] if number > after else []

    def invite(self, name: str, digest: str) -> int:
        with self.lock:
            if name not in self.people:
                self.people.append(name)
            self.invitations[digest] = self.people.index(name)
            return self.invitations[digest]

    def redeem(self, digest: str) -> int | None:
        with self.lock:
            return self.invitations.pop(digest, None)
