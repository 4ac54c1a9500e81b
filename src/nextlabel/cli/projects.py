"""A labelling project where data are named: its answers instead of folders, and what it was set to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from nextlabel.errors import Mistake
from nextlabel.knobs.course import Course
from nextlabel.labelling.labels import ProjectLabels
from nextlabel.labelling.records import find_record, refuse_distant


class Place(Protocol):
    """What a page of options says of data, and of the project that they may be."""

    @property
    def data(self) -> str:
        """A folder, or a file."""

    @property
    def project(self) -> Path | None:
        """Where its project's answers are, if elsewhere."""

    @property
    def store(self) -> str | None:
        """The database that they are in."""


def find_labels(place: Place, labels: Sequence[str] | None = None, audit_only: bool = False) -> ProjectLabels | None:
    """The answers of the project that data are; None where they are none, and have ``labels`` of their own or not."""
    data = place.data
    record = find_record(data, place.project, place.store)
    if record is None and not labels:
        refuse_distant(data)
    return None if record is None else ProjectLabels(record, audit_only)


def suit_project(course: Course, project: ProjectLabels) -> Course:
    """A course with the model and the embedder of a project, as far as none was named."""
    if course.random_labels:
        raise Mistake(
            "--random-labels says that all labels were drawn at random, and of a project's only the audit answers "
            "were: the model is calibrated on these. Leave it out."
        )
    return project.suit(course)
