"""The page of a comparison: what stands in it, and its figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextlabel import __version__
from nextlabel.comparison import Comparison, Verdicts
from nextlabel.report.drawing.curves import curves_caption, learning_curves
from nextlabel.report.drawing.forest import Trees, Twig, every_seed, forest
from nextlabel.report.drawing.themes import Picture
from nextlabel.report.of_comparison import tables
from nextlabel.report.of_run.tables import goal_heads
from nextlabel.report.paths import hide_folders
from nextlabel.report.templates import template
from nextlabel.text import join_names, several
from nextlabel.wording.numbers import ENOUGH, metric_words, points
from nextlabel.wording.verdicts import headline, look_words, mark, overall, verdict, vote_mark, vote_words

NAMED = 3  # most datasets that the top of the page names


@dataclass(frozen=True)
class Part:
    """What the page shows of one dataset."""

    title: str
    headline: str
    verdicts: Sequence[tuple[str, str]]
    metric: str
    curves: Picture | None
    seeds: Picture
    caption: str
    rows: Sequence[tables.VerdictRow]
    beside: Sequence[tuple[str, ...]]
    source: str


def verdict_page(found: Comparison) -> tuple[str, list[Picture]]:
    """The page as HTML, and its figures."""
    parts = [_part(one, k, found.terms.against) for k, one in enumerate(found.verdicts)]
    groups = [one.standings for one in found.verdicts]
    plot = forest(_trees(found), found.terms.against, found.terms.margin)
    across = found.across
    html = template("verdicts.html.j2").render(
        headline=overall(across, groups),
        indicative=min(one.seeds for group in groups for one in group) < ENOUGH,
        gates=found.gates,
        parts=parts,
        goals=goal_heads(),
        forest=plot,
        several=len(parts) > 1,
        about=join_names([part.title for part in parts]) if len(parts) <= NAMED else several(len(parts), "dataset"),
        votes=[(vote_words(vote), vote_mark(vote)) for vote in across.votes],
        families=across.families,
        friedman=None if across.friedman is None else tables.p_words(across.friedman),
        critical=across.critical,
        names=across.names,
        penalties=[[f"{100 * share:.0f}" for share in row] for row in across.penalties],
        lost=[f"{100 * share:.0f}" for share in across.penalties.sum(axis=0) / max(len(across.names) - 1, 1)],
        cells=several(sum(one.judgement is not None for group in groups for one in group), "comparison"),
        against=found.terms.against,
        margin=points(found.terms.margin, digits=2),
        at="at one look" if found.terms.one_look else "at any look",
        looks=look_words(found.terms.one_look),
        published=found.terms.aubc == "lu2023",
        version=__version__,
    )
    figures = [plot, *(picture for part in parts for picture in (part.curves, part.seeds) if picture)]
    return html, figures


def _part(one: Verdicts, k: int, against: str) -> Part:
    bench = one.bench
    names = [standing.strategy for standing in one.standings]
    metrics = [name for name in (bench.metric, "f1_macro") if any(name in row for row in bench.rows)]
    return Part(
        title=hide_folders(bench.title),
        headline=headline(one.standings),
        verdicts=[(verdict(standing), mark(standing)) for standing in one.standings],
        metric=metric_words(bench.metric),
        curves=learning_curves(bench.rows, names, against, metrics, f"curves-{k}"),
        seeds=every_seed(bench.rows, bench.metric, f"seeds-{k}"),
        caption=curves_caption(min(standing.seeds for standing in one.standings), against),
        rows=tables.verdict_rows(one.standings),
        beside=tables.beside(one.standings),
        source=hide_folders(bench.source),
    )


def _trees(found: Comparison) -> Trees:
    """One panel per strategy, a row per dataset; of one dataset one panel, a row per strategy."""
    if len(found.verdicts) == 1:
        only = found.verdicts[0]
        twigs = [Twig(one.strategy, one.difference, one.side) for one in only.standings if one.difference]
        return {f"{only.bench.dataset}: difference to {found.terms.against}": twigs}
    trees: dict[str, list[Twig]] = {}
    once = len({one.bench.dataset for one in found.verdicts}) == len(found.verdicts)
    for one in found.verdicts:
        for standing in one.standings:
            if standing.difference:
                twig = Twig(one.bench.dataset if once else one.bench.title, standing.difference, standing.side)
                trees.setdefault(standing.strategy, []).append(twig)
    for vote in found.across.votes:
        if vote.difference and len(found.across.families) > 1:
            trees[vote.strategy].append(Twig("all families", vote.difference, 0, whole=True))
    return trees
