"""Features for somebody's own use, or for later: a folder of .npy and a list of whose they are."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from nextlabel.cli.pages import Source, Workers
from nextlabel.cli.progress import show_progress
from nextlabel.cli.projects import find_labels
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.feature_folder import FeatureFolder, check_place, write_features
from nextlabel.embedders import TABLE, embed, embedder, sink
from nextlabel.embedders.base import Features
from nextlabel.engines import Team, engine
from nextlabel.errors import Mistake, WorkerDied
from nextlabel.knobs.names import CPU
from nextlabel.progress import Progress
from nextlabel.text import several, show_path


def run_embed(source: Source, workers: Workers, out: Path, as_json: bool, loud: Console) -> None:
    """Embed whatever is not embedded yet, and write all features to a folder."""
    check_place(out)
    if source.embedder is not None:
        embedder(source.embedder)  # a wrong name is told before anything is read
    project = find_labels(source, source.label_column and (source.label_column,))
    if project is not None:
        source = replace(source, embedder=source.embedder or project.record.settings.embedder)
    with gather(workers, source.device) as team, show_progress(loud, quiet=as_json) as progress:
        request = request_of(source, progress, team)
        dataset = load(request if project is None else project.fit(request))
        if dataset.kind == TABLE:
            raise Mistake(
                f"'{dataset.name}' is a table of features already: give it to simulate or select as it is. If one of "
                "its columns holds texts, name that with --text-column."
            )
        features = embed(dataset, source.embedder, progress, team=team, device=source.device)
        write_features(out, features.array, describe_samples(dataset, features))
    idle = say_idle(features, source.device)
    for note in (*dataset.warnings, *features.notes, *say_alone(dataset, features, team), *idle):
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps(embedding_to_json(dataset, features, out)) if as_json else describe(dataset, features, out))


@contextmanager
def gather(workers: Workers, device: str = CPU) -> Iterator[Team | None]:
    """Who works beside this process, until the block ends; None: nobody was asked for."""
    if workers.jobs is None and workers.cluster is None:
        yield None
        return
    try:
        with engine(workers.jobs or 1, workers.cluster, device) as opened:
            yield Team(opened, getattr(opened, "room", workers.jobs or 1), workers.threads)
    except WorkerDied as died:
        said = str(died).replace("go on with --resume", "run the same command again, and nothing whole is done twice")
        raise WorkerDied(said) from None


def say_alone(dataset: Dataset, features: Features, team: Team | None) -> Iterator[str]:
    """Says where a team had nothing to do."""
    if team is not None and (dataset.texts is not None or features.settings.get("transductive")):
        why = "reads texts" if dataset.texts is not None else "is fitted to all pictures at once"
        yield f"'{features.name}' {why}, and was computed by one process: --jobs changes nothing."


def say_idle(features: Features, device: str) -> Iterator[str]:
    """Says where no network was there for a device."""
    if device != CPU and "device" not in features.settings:
        yield f"'{features.name}' is no network, and computes on the processor: --device changes nothing."


def request_of(source: Source, progress: Progress, team: Team | None) -> Request:
    """What was typed, as those who load want it; nobody needs labels here."""
    return Request(
        source.data,
        label_column=source.label_column,
        progress=progress,
        table=source.table,
        sink=sink(source.embedder, team=team, device=source.device),
        unlabelled=True,
    )


def describe_samples(dataset: Dataset, features: Features) -> FeatureFolder:
    """Who the rows belong to, as the folder has it."""
    labels = ["" if code < 0 else dataset.classes[code] for code in dataset.y.tolist()]
    return FeatureFolder(dataset.name, features.settings, dataset.content, dataset.paths or (), labels)


def embedding_to_json(dataset: Dataset, features: Features, out: Path) -> dict[str, object]:
    """What ``--json`` prints."""
    skipped = [{"path": file.path, "reason": file.reason} for file in dataset.skipped]
    return {"samples": len(dataset), "embedder": dict(features.settings), "skipped": skipped, "out": str(out)}


def describe(dataset: Dataset, features: Features, out: Path) -> str:
    """What was written, and what to do with it."""
    skipped = dataset.skipped
    lost = f" {several(len(skipped), 'file')} could not be read, e.g. '{skipped[0].path}'." if skipped else ""
    return (
        f"{several(len(dataset), 'sample')} as {features.settings['d']:,} numbers each, by {features.name}: "
        f"'{show_path(out)}'.{lost}"
    )
