"""What a classifier says of pictures and rows, and where they are put."""

import re
import shutil
import zipfile

import numpy as np
import polars as pl
import pytest
from flower_beds import plant
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nextlabel import load_dataset, predict, train
from nextlabel.errors import BadData, CannotWrite, Mistake
from nextlabel.prediction.folders import check_place, folder_names, sort_into_folders
from nextlabel.prediction.sources import list_pictures


@pytest.fixture(scope="module")
def beds(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("beds"), 12)


@pytest.fixture(scope="module")
def classifier(beds):
    return train(load_dataset(beds), {"embedder": "pixels"})


@pytest.fixture
def new(tmp_path):
    return plant(tmp_path / "new", 3, seed=1)


def labels(found):
    return {one.path: one.label for one in found}


def test_a_folder_a_picture_an_archive_a_list_and_paths_say_the_same(classifier, new, tmp_path):
    expected = {f"{name}/1-{i:02}.png": name for name in ("iris", "rose") for i in range(3)}
    assert labels(predict(classifier, new)) == expected
    assert labels(predict(classifier, new / "rose" / "1-00.png")) == {"1-00.png": "rose"}
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        for path in expected:
            archive.write(new / path, path)
    assert labels(predict(classifier, tmp_path / "new.zip")) == expected
    (new / "list.csv").write_text("\n".join(["path", *expected]))
    assert labels(predict(classifier, new / "list.csv")) == expected
    paths = [str(new / path) for path in expected]
    assert list(labels(predict(classifier, paths)).values()) == list(expected.values())


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(classifier, new):
    (new / "rose" / "broken.png").write_bytes(b"no picture")
    found = {one.path: one for one in predict(classifier, new)}
    assert found["rose/broken.png"].label is None
    assert found["rose/broken.png"].reason == "is not a picture, or its header is damaged"
    assert sum(one.label is not None for one in found.values()) == 6
    (lost,) = predict(classifier, ["nowhere.png"])
    assert lost.reason == "is not there"


def test_a_picture_that_vanishes_while_others_are_read_is_named(classifier, new, own_cache, monkeypatch):
    for module in ("classifiers", "datasets"):
        monkeypatch.setattr(f"nextlabel.{module}.pictures.PICTURES_IN_FLIGHT", 2)
    last = new / "rose" / "1-02.png"
    found = predict(classifier, new, lambda what, done, total: last.unlink(missing_ok=True))
    assert [one.label for one in found] == ["iris"] * 3 + ["rose"] * 2 + [None]
    assert found[-1].reason == "vanished while the folder was read"


def test_nothing_to_say_anything_of_is_refused(classifier, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match="There is no picture in"):
        predict(classifier, tmp_path / "empty")
    with pytest.raises(BadData, match="There is no picture or folder"):
        predict(classifier, tmp_path / "nowhere")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadData, match="is no list of pictures"):
        predict(classifier, tmp_path / "t.csv")


def test_kept_features_are_used_and_damaged_ones_are_not(classifier, new, own_cache):
    first = predict(classifier, new)
    (kept,) = own_cache.glob("features-pixels-*.block")
    assert predict(classifier, new) == first
    raw = bytearray(kept.read_bytes())
    raw[200] ^= 1
    kept.write_bytes(raw)
    assert predict(classifier, new) == first


def test_only_a_block_of_pictures_is_held(classifier, new, monkeypatch):
    monkeypatch.setattr("nextlabel.classifiers.pictures.PICTURES_IN_FLIGHT", 2)
    seen = classifier.input.look([file for _, file in list_pictures(new).pictures])
    assert [len(block.features) for block in seen] == [2, 2, 2]


def deep(path, white, level):
    """Greys of 16 bits that a camera of fewer filled up to ``white``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(abs(hash(path.name)) % 1000)
    Image.fromarray((rng.uniform(level - 0.1, level + 0.1, (16, 16)) * white).astype(np.uint16)).save(path)


def test_deep_greys_are_on_the_scale_of_the_training(tmp_path):
    """By itself, a dark picture would be stretched until it is as bright as any."""
    for i in range(6):
        deep(tmp_path / "known" / "dark" / f"{i}.png", 4095, 0.2)
        deep(tmp_path / "known" / "light" / f"{i}.png", 4095, 0.85)
    made = train(load_dataset(tmp_path / "known"), {"embedder": "pixels"})
    deep(tmp_path / "new" / "a.png", 4095, 0.2)
    assert labels(predict(made, tmp_path / "new")) == {"a.png": "dark"}


# Tables


def write(path, rows, columns="size colour when label"):
    path.write_text("\n".join([columns.replace(" ", ","), *(",".join(map(str, row)) for row in rows)]))
    return path


@pytest.fixture
def sizes(tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for i in range(60):
        colour, label = ("red", "ripe") if i % 2 else ("green", "raw")
        size = "" if i % 10 == 0 else f"{rng.normal(3 + i % 2, 0.3):.3f}"
        rows.append((size, colour, f"{1 + i % 28:02}.03.2024", label))
    return write(tmp_path / "fruits.csv", rows)


def test_rows_are_encoded_as_those_of_the_training(sizes, tmp_path):
    data = load_dataset(sizes)
    made = train(data)
    frame = pl.read_csv(sizes)
    expected = frame["label"].to_list()
    assert [one.label for one in predict(made, sizes)] == expected
    # Columns in another order, no labels, one category alone, and dates that another form would read as well.
    some = frame.drop("label").select("when", "size", "colour")[1::2]
    some.write_csv(tmp_path / "new.csv")
    assert [one.label for one in predict(made, tmp_path / "new.csv")] == expected[1::2]
    assert [one.label for one in predict(made, some)] == expected[1::2]
    some.write_parquet(tmp_path / "new.parquet")
    assert [one.label for one in predict(made, tmp_path / "new.parquet")] == expected[1::2]


def test_a_scheme_says_of_its_own_table_what_the_table_says(sizes):
    from nextlabel.datasets.tables import encode_table

    data = load_dataset(sizes)
    assert np.array_equal(encode_table(sizes, data.scheme), data.table, equal_nan=True)


def test_a_table_that_lacks_a_column_or_holds_another_kind_is_refused(sizes, tmp_path):
    made = train(load_dataset(sizes))
    with pytest.raises(
        BadData, match=r"has no column called 'size', which the model learned from. Did you mean 'sise'"
    ):
        predict(made, write(tmp_path / "a.csv", [(1, "red", "01.03.2024")], "sise colour when"))
    with pytest.raises(BadData, match=r"Row 2 of 'b.csv' holds 'big' in column 'size'"):
        predict(
            made,
            write(tmp_path / "b.csv", [(1, "red", "01.03.2024"), ("big", "red", "01.03.2024")], "size colour when"),
        )
    with pytest.raises(BadData, match=r"Row 1 of 'c.csv' holds '2024-03-01' in column 'when', which is not a date"):
        predict(made, write(tmp_path / "c.csv", [(1, "red", "2024-03-01")], "size colour when"))
    with pytest.raises(Mistake, match="trained on a table, and that is a folder"):
        predict(made, tmp_path)
    with pytest.raises(BadData, match="There is no file"):
        predict(made, tmp_path / "none.csv")


def test_rows_of_numbers_alone_are_told_by_their_place(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    np.savez(tmp_path / "a.npz", X=rng.normal(size=(40, 3)) + 3 * y[:, None], y=y)
    made = train(load_dataset(tmp_path / "a.npz"))
    assert [int(one.label) for one in predict(made, tmp_path / "a.npz")] == y.tolist()
    np.savez(tmp_path / "b.npz", X=np.zeros((4, 2)), y=[0, 1, 0, 1])
    with pytest.raises(BadData, match=r"'b.npz' has 2 features, and the model learned from 3"):
        predict(made, tmp_path / "b.npz")
    with pytest.raises(BadData, match="is of another kind than the table"):
        predict(made, write(tmp_path / "c.csv", [(1, 2, 3)], "a b c"))


# Folders


def test_pictures_are_linked_or_copied_below_their_class(classifier, new, tmp_path):
    listing = list_pictures(new)
    found = [one.label for one in predict(classifier, new)]
    assert sort_into_folders(found, listing.pictures, tmp_path / "linked") == 6
    one = tmp_path / "linked" / "rose" / "rose" / "1-00.png"
    assert one.is_symlink()
    assert one.read_bytes() == (new / "rose" / "1-00.png").read_bytes()
    sort_into_folders(found, listing.pictures, tmp_path / "copied", copy=True)
    assert not (tmp_path / "copied" / "rose" / "rose" / "1-00.png").is_symlink()


def test_members_of_an_archive_are_unpacked_and_nothing_leads_out(classifier, new, tmp_path):
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        archive.write(new / "rose" / "1-00.png", "a/b.png")
    listing = list_pictures(tmp_path / "new.zip")
    found = [one.label for one in predict(classifier, tmp_path / "new.zip")]
    sort_into_folders(found, listing.pictures, tmp_path / "out")
    assert (tmp_path / "out" / "rose" / "a" / "b.png").is_file()
    paths = list_pictures([str(new / "iris" / ".." / "rose" / "1-00.png")])
    sort_into_folders(["rose"], paths.pictures, tmp_path / "up")
    (file,) = (path for path in (tmp_path / "up").rglob("*") if path.is_symlink())
    assert file.is_relative_to(tmp_path / "up" / "rose")


def test_two_pictures_of_one_path_are_both_there_and_whole(classifier, new, tmp_path, monkeypatch):
    """Written through a link, the second would have replaced somebody's own first."""
    (new / "iris" / "rose").mkdir()
    shutil.copy(new / "rose" / "1-01.png", new / "iris" / "rose" / "1-00.png")
    before = {path: path.read_bytes() for path in new.rglob("*.png")}
    monkeypatch.chdir(new / "iris")
    listing = list_pictures(["../rose/1-00.png", "rose/1-00.png"])
    assert sort_into_folders(["rose", "rose"], listing.pictures, tmp_path / "out") == 2
    assert {path: path.read_bytes() for path in new.rglob("*.png")} == before
    found = sorted((tmp_path / "out" / "rose" / "rose").iterdir())
    assert [path.name for path in found] == ["1-00 2.png", "1-00.png"]
    assert [path.read_bytes() for path in found] == [before[new / "rose" / f"1-0{i}.png"] for i in (1, 0)]


def test_a_picture_that_vanishes_before_it_is_copied_leaves_no_half_a_folder(new, tmp_path):
    listing = list_pictures(new)
    (new / "rose" / "1-02.png").unlink()
    with pytest.raises(CannotWrite, match=r"1-02.png' vanished before it could be copied. Run again."):
        sort_into_folders(["rose"] * 6, listing.pictures, tmp_path / "out", copy=True)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_place_in_the_source_or_in_use_is_refused(new, tmp_path):
    with pytest.raises(Mistake, match="lie in one another"):
        check_place(new / "sorted", new)
    with pytest.raises(Mistake, match="lie in one another"):
        check_place(tmp_path / "x", "/")
    with pytest.raises(CannotWrite, match="is not an empty folder"):
        check_place(new, None)
    check_place(tmp_path / "sorted", new)


ODD = st.text(st.sampled_from(". /\\:*<=+-@\x7f\x00aA\u0130\ue000ß"), max_size=6) | st.text(max_size=400)
DEVICE = st.sampled_from(["CON", "nul.txt", "com1", "LPT¹", "..", "", "metadata.csv", "METADATA.CSV", "Rose", "rose"])


@given(st.sets(ODD | DEVICE, max_size=8))
def test_every_class_has_a_folder_of_its_own_that_any_disk_takes(classes):
    names = folder_names(classes, taken=("metadata.csv",))
    assert set(names) == classes
    assert len({name.casefold() for name in names.values()} | {"metadata.csv"}) == len(classes) + 1
    for name in names.values():
        assert 0 < len(name.encode()) <= 130
        assert not set(name) & set('<>:"/\\|?*\x00\x7f')
        assert not name.startswith((".", "=", "+", "-", "@", " "))
        assert not name.endswith((".", " "))
        assert not re.fullmatch(r"(con|prn|aux|nul|com.|lpt.)(\..*)?", name, re.IGNORECASE)
