"""A project's answers as the labels of a dataset: for whoever trains, judges, embeds or chooses.

dataset = load(replace(request, relabel=ProjectLabels(record).label))
ids = ProjectLabels(record).audit_rows(dataset)
"""

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.labels import encode_labels, normalise
from nextlabel.datasets.pictures import FolderPictures
from nextlabel.errors import Mistake
from nextlabel.files import cache
from nextlabel.knobs.course import Course
from nextlabel.labelling.records import Record
from nextlabel.loop.audit import draw
from nextlabel.models import model
from nextlabel.pool import Ids
from nextlabel.text import printable, several


@dataclass(frozen=True)
class ProjectLabels:
    """The answers of a project. With ``audit_only`` those to its audit questions alone."""

    record: Record
    audit_only: bool = False

    def fit(self, request: Request) -> Request:
        """A request for the project's samples, with its answers as their labels.

        Raises `Mistake` where labels are named beside them.
        """
        if request.answers or request.label_column:
            option, place = "--labels" if request.answers else "--label-column", printable(str(request.source))
            raise Mistake(
                f"'{place}' is a labelling project, whose answers are the labels: leave out {option}. To put more into "
                f"the project: nextlabel label {shlex.quote(place)} --labels …"
            )
        table, column = request.table, self.record.settings.text_column
        if column is not None:
            table = replace(table, text_column=column)
        return replace(request, table=table, relabel=self.label)

    def suit(self, course: Course) -> Course:
        """A course with the project's model and embedder, as far as none was named."""
        settings = self.record.settings
        name = course.model or settings.model
        own = None if name.startswith("sklearn:") or model(name).pictures else settings.embedder
        return replace(course, model=name, embedder=course.embedder or own)

    def label(self, dataset: Dataset) -> Dataset:
        """The dataset with the project's answers as its labels, each picture's once, however many copies there are."""
        samples = self.samples_of(dataset)
        answers = self._answers
        firsts = set[int]()
        names: list[str | None] = []
        for sample in samples.tolist():
            names.append(answers.get(sample) if sample not in firsts else None)
            firsts.add(sample)
        y, classes = encode_labels(names, as_text=True)  # "1.0" is a class by that name, and no number
        lost = len(answers.keys() - firsts)
        return replace(
            dataset,
            y=y,
            classes=classes,
            spellings={},
            duplicates=(),
            fingerprint=cache.key(dataset.fingerprint, *y.tolist(), *classes),
            warnings=(self._say(lost), *dataset.warnings),
        )

    @cached_property
    def _answers(self) -> Mapping[int, str]:
        labels = {one: normalise(name) for one, name in self.record.labels().items()}
        return {one: labels[one] for one in self.record.audit()} if self.audit_only else labels

    def _say(self, lost: int) -> str:
        record, audit = self.record, len(self.record.audit())
        if self.audit_only:
            others = len(record.labelled) - audit
            rest = f" The {several(others, 'other')} were chosen, and would not say how good it is." if others else ""
            return f"Judged by the project's {several(audit, 'audit answer')}, drawn at random.{rest}{_say_lost(lost)}"
        kinds = Counter[str](verdict.kind for verdict in record.verdicts.values())
        out = [f"{kinds[kind]:,} {word}" for kind, word in (("discard", "discarded"), ("skip", "skipped"))]
        left = " and ".join(words for words in out if not words.startswith("0 "))
        return (
            f"The labels are the project's {several(kinds['label'], 'answer')}, {audit:,} of them to audit questions"
            f"{f'; {left} left out' if left else ''}.{_say_lost(lost)}"
        )

    def samples_of(self, dataset: Dataset) -> Ids:
        """The project's sample of each row (n,), of copies their first; -1 where it knows none.

        By its content where that is known, so that a file which was moved keeps its answer, and one that was changed
        loses it; else by its path.
        """
        digests = self._digests(dataset)
        paths = dataset.paths or [str(row) for row in range(len(dataset))]
        found = np.full(len(dataset), -1, dtype=np.int64)
        for row, path in enumerate(paths):
            digest = digests[row] if digests else None
            known = self._by_path.get(path)
            if digest is not None:
                same = self._by_content.get(digest)
                fresh = known is not None and self.record.samples[known].digest is None
                known = same if same is not None else known if fresh else None
            found[row] = -1 if known is None else self.record.state.files.first(known)
        return found

    def _digests(self, dataset: Dataset) -> list[str]:
        """Digests of the files' bytes; none before files are read, and of greys on a scale, which have others."""
        if isinstance(dataset.pictures, FolderPictures) and dataset.pictures.scales:
            return []
        digests = list(dataset.content)
        return digests if len(digests) == len(dataset) else []

    @cached_property
    def _by_path(self) -> Mapping[str, int]:
        return {printable(one.path): one.id for one in self.record.samples if one.gone is None}

    @cached_property
    def _by_content(self) -> Mapping[str, int]:
        return {one.digest: one.id for one in reversed(self.record.samples) if one.digest is not None}

    def audit_rows(self, dataset: Dataset) -> Ids:
        """Ids of the dataset's labelled samples (m,) whose labels are a random sample, in the order of their draws."""
        place = {one: i for i, one in enumerate(self.record.audit())}
        samples = self.samples_of(dataset)
        rows = [row for row in np.flatnonzero(dataset.y >= 0).tolist() if int(samples[row]) in place]
        return np.array(sorted(rows, key=lambda row: place[int(samples[row])]), dtype=np.int64)

    def rows_of_strategy(self, dataset: Dataset) -> tuple[Ids, int]:
        """Ids of what a strategy may see: labelled, or open to be asked; and how many are the audit side's."""
        record, first = self.record, dict[int, int]()
        rows, blind = list[int](), 0
        for row, sample in enumerate(self.samples_of(dataset).tolist()):
            if first.setdefault(sample, row) != row and sample >= 0:  # a copy, which shares its answer
                continue
            audit = record.is_audit(sample) if sample >= 0 else self._will_be_audit(dataset, row)
            blind += audit
            if not audit and (dataset.y[row] >= 0 or sample not in record.verdicts):
                rows.append(row)
        return np.array(rows, dtype=np.int64), blind

    def _will_be_audit(self, dataset: Dataset, row: int) -> bool:
        """The side of a file that joined since the page was last open."""
        settings = self.record.settings
        return draw(settings.seed, dataset.paths[row] if dataset.paths else str(row)) < settings.side


def _say_lost(lost: int) -> str:
    if not lost:
        return ""
    return f" {several(lost, 'answer')} about files that are no longer there {'is' if lost == 1 else 'are'} left out."
