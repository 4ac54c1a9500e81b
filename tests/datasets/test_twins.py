"""Near-duplicates across a split are found, however the pictures are stored; and different pictures are none."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from painted import noise
from PIL import Image, ImageEnhance

from nextlabel import Crew, Experiment, Plan, record
from nextlabel.datasets import load, twins
from nextlabel.datasets.base import Request
from nextlabel.datasets.texts import Texts


def frames(root: Path) -> Path:
    """Two videos of five frames each, of different classes; and five single pictures in each class."""
    for code, name in enumerate(("a", "b")):
        picture = Image.open(noise(root / name / "v0.png", seed=code, size=8)).resize(
            (40, 40), Image.Resampling.BICUBIC
        )
        for i in range(5):
            ImageEnhance.Brightness(picture).enhance(1 + i / 100).save(root / name / f"v{i}.png")
            single = Image.open(noise(root / name / f"s{i}.png", seed=100 + 10 * code + i, size=8))
            single.resize((40, 40)).save(root / name / f"s{i}.png")
    return root


def test_frames_are_twins_and_others_are_not(tmp_path: Path, own_cache: Path, monkeypatch) -> None:
    data = load(Request(str(frames(tmp_path / "clips"))))
    ids = np.arange(20)
    test = ids[::2]
    found = twins.find_twins(data.pictures, test, np.setdiff1d(ids, test))
    assert found.having == sum("/v" in data.paths[i] for i in test)
    assert found.asked == 10
    monkeypatch.setattr(twins, "BLOCK", 10)  # one column at a time
    assert twins.find_twins(data.pictures, test, np.setdiff1d(ids, test)) == found
    assert list(own_cache.glob("twins-*.npy"))


def test_a_run_tells_of_twins_and_what_to_do(tmp_path: Path) -> None:
    experiment = Experiment(
        str(frames(tmp_path / "clips")), "random", seeds=1, embedder="pixels", plan=Plan(2, rounds=0)
    )
    run = record(experiment, tmp_path / "run", Crew(jobs=1)).run
    (warning,) = run.manifest["dataset"]["warnings"]
    assert "have a near-duplicate among the pictures that are learned from" in warning
    assert "--groups 'REGEX of the path'" in warning
    grouped = Experiment(**(experiment.plain() | {"groups": "^./(v|.*)"}))
    (warning,) = record(grouped, tmp_path / "grouped", Crew(jobs=1)).run.manifest["dataset"]["warnings"]
    assert "Each is on one side of every split" in warning


@given(st.lists(st.text(alphabet="aA. ,!éÉ犬1", max_size=4), min_size=2, max_size=12), st.data())
def test_texts_are_twins_where_their_letters_are(given_texts: list[str], data: st.DataObject) -> None:
    where = data.draw(st.lists(st.booleans(), min_size=len(given_texts), max_size=len(given_texts)))
    test, others = np.flatnonzero(where), np.flatnonzero(~np.array(where))
    plain = [twins.plain_letters(text) for text in given_texts]
    found = twins.find_text_twins(Texts.of(given_texts), test, others)
    assert found.having == sum(plain[i] in {plain[j] for j in others} for i in test)
    assert found.asked == len(test)
    if found.example is not None:
        one, other = found.example
        assert one in test
        assert other in others
        assert plain[one] == plain[other]


def test_a_run_tells_of_texts_that_were_sent_again(tmp_path: Path) -> None:
    rows = [
        f'"{word} no. {i // 2}{"!" * (i % 2)}",{label}'
        for i in range(20)
        for word, label in (("Reef", "sea"), ("tax", "money"))
    ]
    (tmp_path / "t.csv").write_text("\n".join(["body,label", *rows]))
    experiment = Experiment(
        str(tmp_path / "t.csv"),
        "random",
        seeds=1,
        embedder="tfidf",
        plan=Plan(2, rounds=0),
        table={"text_column": "body"},
    )
    (warning,) = record(experiment, tmp_path / "run", Crew(jobs=1)).run.manifest["dataset"]["warnings"]
    assert "have a near-duplicate among the texts that are learned from, e.g. sample" in warning
    assert "(a thread, an author), keep them on one side: --group-column COLUMN." in warning
