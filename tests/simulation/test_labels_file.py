"""`--labels`: a simulation on pictures whose classes stand in a file."""

import shutil

from painted import folder_of, noise

from nextlabel.experiment import Experiment
from nextlabel.simulation import simulate
from nextlabel.simulation.manifest import known_before
from nextlabel.simulation.parts import read_parts

KNOBS = {"strategies": "margin", "seeds": 1, "embedder": "pixels", "plan": {"batch": 2, "rounds": 2}}


def test_labels_in_a_file_are_those_of_class_folders(tmp_path):
    """The same pictures in one flat folder, and what they are in a file: the same rows."""
    folder_of(tmp_path / "sorted", {"a": 8, "b": 8})
    (tmp_path / "flat").mkdir()
    lines = ["path,label"]
    for path in sorted((tmp_path / "sorted").glob("*/*.png")):
        name = f"{path.parent.name}{path.name}"
        shutil.copy(path, tmp_path / "flat" / name)
        lines.append(f"{name},{path.parent.name}")
    (tmp_path / "answers.csv").write_text("\n".join(lines))
    expected = simulate(Experiment(tmp_path / "sorted", name="x", **KNOBS))
    assert simulate(Experiment(tmp_path / "flat", name="x", labels=tmp_path / "answers.csv", **KNOBS)) == expected

    noise(tmp_path / "flat" / "z.png", 99)
    parts = read_parts(Experiment(tmp_path / "flat", labels=tmp_path / "answers.csv", **KNOBS))
    assert parts.dataset.warnings[0] == "1 of 17 samples has no label, so it takes no part in the simulation."
    assert "labels" not in known_before(parts.experiment)  # where the file lies is nobody's identity
