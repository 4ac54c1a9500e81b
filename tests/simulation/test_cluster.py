"""The same rows, wherever they are computed: in one process, in two, and on a cluster whose workers die."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from nextlabel import Crew, Experiment, Plan, record
from nextlabel.engines.here import Here
from nextlabel.errors import CannotGo, Mistake
from nextlabel.simulation.arm import play
from nextlabel.simulation.parts import prepare
from nextlabel.simulation.reach import bring_within_reach, refuse_out_of_reach

EXPERIMENT = Experiment("digits", ("random", "margin"), seeds=(0, 1), plan=Plan(batch=20, rounds=3))


def rows(folder):
    return (folder / "rows.jsonl").read_bytes()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "alone"
    record(EXPERIMENT, folder, Crew(jobs=1))
    return rows(folder)


def test_a_cluster_gives_the_rows_of_one_process(alone, tmp_path):
    run = record(EXPERIMENT, tmp_path / "cluster", Crew(cluster="local:2")).run
    assert rows(tmp_path / "cluster") == alone
    assert run.manifest["jobs"] == 2


def test_an_engine_of_ones_own_gives_them_too_and_stays_open(alone, tmp_path):
    with Here() as workers:
        record(EXPERIMENT, tmp_path / "run", Crew(jobs=3), workers=workers)
        assert workers.submit(pow, 2, 3).result() == 8
    assert rows(tmp_path / "run") == alone


def test_an_address_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(Mistake, match="no address of a cluster"):
        record(EXPERIMENT, tmp_path / "run", Crew(cluster="here"))
    assert not (tmp_path / "run").exists()


class Far(Here):
    """An engine whose workers see none of our files."""

    def sees(self, path):
        return False


@pytest.fixture
def table(tmp_path):
    """A folder of features, whose rows lie in a file."""
    from nextlabel.datasets.feature_folder import FeatureFolder, write_features

    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = (rng.normal(size=(60, 4)) + y[:, None]).astype(np.float32)
    keys = [f"{i:032x}" for i in range(60)]
    write_features(
        tmp_path / "features", X, FeatureFolder("set", {"name": "pixels", "d": 4}, keys, (), list(map(str, y)))
    )
    return str(tmp_path / "features")


def test_features_travel_where_workers_do_not_see_their_file(table):
    experiment = Experiment(table, ("margin",), seeds=(0,), plan=Plan(batch=5, rounds=2))
    parts = replace(prepare(experiment), settings={0: {}})
    sent = bring_within_reach(parts, Far())
    assert (parts.embedding.path is None, sent.embedding.path) == (False, None)
    arrived = pickle.loads(pickle.dumps(sent))
    assert arrived.dataset.table is arrived.embedding.source  # one array, and not two
    there, here = (list(play(one, one.arms[0])) for one in (arrived, parts))
    assert [line.row for line in there] == [line.row for line in here]


def test_pictures_that_workers_do_not_see_are_told(fruits):
    plan = Plan(batch=1, rounds=1)
    experiment = Experiment(str(fruits), ("random",), model="cnn", val="1", start="2", test="2", seeds=(0,), plan=plan)
    with pytest.raises(CannotGo, match=r"learns from the pictures themselves.*on a disk that all machines share"):
        refuse_out_of_reach(prepare(experiment), Far())
