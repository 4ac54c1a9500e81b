"""The page of `label`: what a project is set to."""

from dataclasses import dataclass, fields
from typing import Any

from nextlabel.knobs import knob, names, read_knobs
from nextlabel.knobs.kinds import FILES, FLAG, NAMES, number_within, optional, text, whole
from nextlabel.knobs.panels import CHOSEN, DATA, LABELS, LOOP

SHARE = optional(number_within(0, 0.4, "a share from 0 to .4", closed=True))


@dataclass(frozen=True)
class Labelling:
    """How samples are labelled. What is None stays as it is in a project, or is left to its defaults in a new one.

    >>> Labelling(classes="daisy, rose").classes
    ('daisy', 'rose')
    >>> Labelling(batch=20).settings()
    {'batch': 20}
    """

    classes: tuple[str, ...] | None = knob(
        None, optional(NAMES), "The classes, with commas between them; more can be typed on the page.", LABELS
    )
    labels: tuple[str, ...] | None = knob(
        None,
        optional(FILES),
        "Labels that exist already: `folders` (class sub-folders), a CSV file (path,label), Label Studio's JSON. They "
        "teach the model and are never used to measure it.",
        LABELS,
    )
    strategy: str | None = knob(
        None,
        optional(text("the name of a query strategy, such as 'auto'", "NAME")),
        "What chooses the samples to ask about. Default: `auto`.",
        LOOP,
        choices=names.STRATEGY_NAMES,
    )
    cold: str | None = knob(
        None,
        optional(text("the name of a query strategy, such as 'maxherding'", "NAME")),
        "What chooses while fewer than two classes are known. Default: `maxherding`.",
        LOOP,
        choices=names.STRATEGY_NAMES,
    )
    batch: int | None = knob(
        None, optional(whole(1, "1 or more", most=1000)), "Samples chosen at once. Default: 10.", LOOP
    )
    audit_share: float | None = knob(
        None,
        SHARE,
        "Share of the questions that are drawn at random, to measure accuracy honestly (docs/audit.md). Default: .2.",
        LOOP,
    )
    overlap: float | None = knob(
        None,
        optional(number_within(0, 1, "a share from 0 to 1", closed=True)),
        "Share of the questions that two people are asked, to see whether they agree. Default: 0.",
        LOOP,
    )
    model: str | None = knob(
        None,
        optional(text("the name of a model, such as 'linear'", "MODEL")),
        "What learns: `linear`, `cnn`, or sklearn:dotted.Name. Nobody waits for it. Default: `linear`.",
        CHOSEN,
        choices=names.MODEL_NAMES,
    )
    embedder: str | None = knob(
        None,
        optional(text("the name of an embedder, such as 'patches'", "EMBEDDER")),
        "How pictures or texts become features. Default: `efficientnet` for pictures, `use` for texts where installed.",
        CHOSEN,
        choices=names.EMBEDDER_NAMES,
    )
    seed: int | None = knob(
        None, optional(whole(0)), "Everything random follows from it. Default: a new one for each project.", CHOSEN
    )
    text_column: str | None = knob(
        None, optional(text(metavar="COLUMN")), "Column of a table whose texts are the samples.", DATA
    )
    follow_links: bool | None = knob(None, optional(FLAG), "Take in links that lead out of the folder.", DATA)

    def __post_init__(self) -> None:
        read_knobs(self)

    def settings(self) -> dict[str, Any]:
        """Those that a project keeps, as far as they were named."""
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in kept.items() if value is not None and name not in ("classes", "labels")}
