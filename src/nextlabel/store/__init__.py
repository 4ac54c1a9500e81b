"""The store of a labelling project: what was asked, who said what, and when, in SQLite or PostgreSQL."""

from nextlabel.store.catalogue import File
from nextlabel.store.classes import LabelClass
from nextlabel.store.records import Annotator, Ask, Batch, Choice, Entry, Event, Question, Sample
from nextlabel.store.state import State, Verdict
from nextlabel.store.store import FILE, Store, Visit, open_store, visit_store

__all__ = [
    "FILE",
    "Annotator",
    "Ask",
    "Batch",
    "Choice",
    "Entry",
    "Event",
    "File",
    "LabelClass",
    "Question",
    "Sample",
    "State",
    "Store",
    "Verdict",
    "Visit",
    "open_store",
    "visit_store",
]
