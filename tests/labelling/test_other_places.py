"""A project that does not lie in its folder: known again there, refused elsewhere, on either database."""

import contextlib
import shutil

import numpy as np
import pytest
from people import draw_pictures

from nextlabel.cli.pages import Samples
from nextlabel.cli.projects import find_labels
from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.errors import Mistake
from nextlabel.labelling import Wish, open_project
from nextlabel.labelling.scan import scan
from nextlabel.store import File


@pytest.fixture(params=["project", "postgresql"])
def kept(request, tmp_path):
    """What names the project that lies elsewhere."""
    if request.param == "project":
        return {"project": tmp_path / "elsewhere"}
    return {"store": request.getfixturevalue("new_database")}


def reopen(place, kept, **settings):
    """The project once more, over a place; how many of its samples are there."""
    opened = open_project(Wish(place, settings=settings, **kept))
    with contextlib.closing(opened.project.store):
        scan(opened.project)
        return len(opened.project.state.files.there)


def test_another_folder_takes_no_sample_away(tmp_path, kept):
    """Not even one whose files are called the same, as those of two cameras are."""
    place = draw_pictures(tmp_path / "shapes", 6)
    opened = open_project(Wish(place, **kept))
    with contextlib.closing(opened.project.store):
        source = opened.project.source
        read = [File(file.path, source.digest(file.path)) for file in source.list_files().files]
        opened.project.register(read, whole=False)  # as the worker does
    other = draw_pictures(tmp_path / "other", 6, seed=1)
    for mine, strange in zip(sorted(place.glob("*.png")), sorted(other.glob("*.png")), strict=True):
        strange.rename(other / mine.name)
    with pytest.raises(Mistake, match="about another folder: of its 6 samples none was found"):
        reopen(other, kept)
    shutil.move(place, tmp_path / "moved")
    assert reopen(tmp_path / "moved", kept) == 6
    (tmp_path / "moved" / "sub").mkdir()
    for one in list((tmp_path / "moved").glob("*.png")):
        one.rename(tmp_path / "moved" / "sub" / one.name)
    assert reopen(tmp_path / "moved", kept) == 6


def test_a_table_in_a_database_needs_its_column_named_once(tmp_path, new_database):
    table = tmp_path / "reviews.csv"
    table.write_text("text\n" + "".join(f"review number {i}\n" for i in range(8)))
    kept = {"store": new_database}
    assert reopen(table, kept, text_column="text") == 8
    assert reopen(table, kept) == 8
    other = tmp_path / "other.csv"
    other.write_text("text\nsomething else\n")
    with pytest.raises(Mistake, match="about another folder"):
        reopen(other, kept)


def test_answers_in_a_database_are_the_labels_of_the_other_commands(tmp_path, new_database):
    for name in ("cross", "square"):
        draw_pictures(tmp_path / "shapes" / name, 3)
    open_project(Wish(tmp_path / "shapes", store=new_database, labels=("folders",))).project.store.close()
    (tmp_path / "shapes" / ".nextlabel" / "secret").touch()  # as whoever serves it leaves there
    page = {"data": str(tmp_path / "shapes")}
    with pytest.raises(Mistake, match="--store URL"):
        find_labels(Samples(**page))
    found = find_labels(Samples(**page, store=new_database))
    dataset = load(found.fit(Request(page["data"], unlabelled=True)))
    assert (dataset.classes, np.bincount(dataset.y).tolist()) == (("cross", "square"), [3, 3])
