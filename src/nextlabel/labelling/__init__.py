"""Labelling: a project over a folder, and the loop with a person as its oracle.

    with open_project(Wish(Path("pictures"))).project.store ...

`store` keeps what people say, `loop` chooses what is asked; this room brings the two together, and knows no HTTP.
"""

from nextlabel.labelling.opening import Opened, Wish, open_project
from nextlabel.labelling.project import Project
from nextlabel.labelling.session import LabellingSession

__all__ = ["LabellingSession", "Opened", "Project", "Wish", "open_project"]
