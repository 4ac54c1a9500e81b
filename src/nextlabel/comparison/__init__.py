"""Compare: verdicts on strategies, from runs of `simulate` and from learning curves of others.

`compare` returns the records that ``--json`` prints; `weigh` everything else too: gates, families, the rows themselves.

    for record in compare(["runs/flowers", "runs/digits"]):
        print(record["dataset"], record["strategy"], record["verdict"])
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nextlabel.comparison.origins import describe_waiting, mixtures
from nextlabel.comparison.reading import Bench, read, read_families
from nextlabel.comparison.strategies_of_all import same_strategies
from nextlabel.errors import Mistake, NotComparable
from nextlabel.knobs.kinds import NAMES, as_source, show
from nextlabel.knobs.terms import MARGIN, Terms
from nextlabel.statistics.curves import AREAS, Curves, curves
from nextlabel.statistics.families import Across, across, own_families
from nextlabel.statistics.gates import Gate, gates
from nextlabel.statistics.looks import EVERY_LOOK, ONE_LOOK
from nextlabel.statistics.standings import Scale, Standing, judge, measure, rows_at_look

Record = dict[str, Any]

__all__ = ["Comparison", "Record", "Terms", "Verdicts", "compare", "weigh"]


@dataclass(frozen=True)
class Verdicts:
    """One bench, with all seeds that were played, and the standing of each strategy by those of the last look."""

    bench: Bench
    standings: Sequence[Standing]


@dataclass(frozen=True)
class Comparison:
    """All that was found: ``gates`` first, then verdicts per bench, then ``across`` families.

    ``notes`` are sentences on what was compared that somebody should know before they trust a figure.
    """

    terms: Terms
    gates: Sequence[Gate]
    verdicts: Sequence[Verdicts]
    across: Across
    notes: Sequence[str] = ()

    def records(self) -> list[Record]:
        """What ``--json`` prints: one record per dataset and strategy, numbers as fractions."""
        return [
            _record(one.bench, standing)
            for one in self.verdicts
            for standing in one.standings
            if standing.strategy != self.terms.against
        ]


def compare(
    runs: Iterable[str | Path] | str | Path,
    against: str = "random",
    margin: float = MARGIN,
    families: Mapping[str, Sequence[str]] | str | Path | None = None,
    strategies: Sequence[str] | None = None,
    aubc: str = "mean",
    one_look: bool = False,
) -> list[Record]:
    """One record per dataset and strategy: the difference to ``against``, paired by seed, and its verdict.

    ``runs`` are folders of `simulate` or CSV files; see `Terms` for the rest. ``families`` names datasets that share
    one vote: ``{"family": ["dataset", …]}``, or a JSON file that holds that. Raises `NotComparable` where pairing would
    be wrong, `BadData` and `RunBroken` where a file is, `Mistake` where an argument is.

    >>> import tempfile
    >>> lines = ["dataset,strategy,seed,labelled,accuracy"]
    >>> lines += [f"moons,random,{seed},{n},0.7" for seed in range(5) for n in (10, 20)]
    >>> lines += [f"moons,margin,{seed},{n},0.8{seed}" for seed in range(5) for n in (10, 20)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "curves.csv").write_text("\\n".join(lines))
    ...     records = compare(f"{folder}/curves.csv")
    >>> records[0]["strategy"], records[0]["verdict"]
    ('margin', 'better')
    """
    return weigh(runs, Terms(against, margin, strategies, aubc, one_look), families).records()


def _runs(runs: Any) -> list[Path]:
    try:
        return [Path(as_source(run)) for run in ([runs] if isinstance(runs, str | os.PathLike) else runs)]
    except TypeError:
        raise Mistake(
            f"runs is {show(runs)}, and must be a list of folders that simulate wrote, or CSV files."
        ) from None


def _families(families: Any) -> Mapping[str, Sequence[str]]:
    if families is None:
        return {}
    if isinstance(families, str | os.PathLike):
        return read_families(Path(as_source(families)))
    # From Python, keys may be of any kind; in a file they are text.
    if not isinstance(families, Mapping) or not all(isinstance(name, str) for name in families):
        raise Mistake(f'families is {show(families)}, and must be a dict such as {{"family": ["dataset", "dataset"]}}.')
    return {name: NAMES.take(f"the family {show(name)}", members) for name, members in families.items()}


def weigh(
    runs: Iterable[str | Path] | str | Path,
    terms: Terms = Terms(),
    families: Mapping[str, Sequence[str]] | str | Path | None = None,
) -> Comparison:
    """Read, pair and judge; arguments and errors are those of `compare`."""
    paths, members = _runs(runs), _families(families)  # both cheap: a wrong type is told before any run is read
    benches = [_choose_strategies(bench, terms) for bench in read(paths)]
    if not benches:
        raise Mistake("There is nothing to compare. Name a folder of simulate, or a CSV file.")
    # From the coarse to the fine: strategies that some bench lacks, then seeds and points that cannot be paired.
    same_strategies(benches, terms.against)
    found = [curves(bench.rows, bench.metric) for bench in benches]
    for bench, by_strategy in zip(benches, found, strict=True):
        _check_pairs(bench, by_strategy, terms)
    law = ONE_LOOK if terms.one_look else EVERY_LOOK
    scales = [Scale(bench.metric, terms.against, AREAS[terms.aubc], law) for bench in benches]
    # All benches in one call of `judge`, since Holm's correction counts every comparison that is made here.
    groups = judge(
        [measure(bench.rows, scale) for bench, scale in zip(benches, scales, strict=True)], terms.margin, law
    )
    seen = [curves(rows_at_look(bench.rows, law), bench.metric) for bench in benches]
    verdicts = [Verdicts(bench, group) for bench, group in zip(benches, groups, strict=True)]
    named_ = own_families([(bench.dataset, bench.fingerprint) for bench in benches], members)
    return Comparison(
        terms=terms,
        gates=gates(found, [bench.whole for bench in benches], terms.against),
        verdicts=verdicts,
        across=across(named_, groups, seen, terms.against),
        notes=[*mixtures(benches), *describe_waiting(benches, law)],
    )


def _choose_strategies(bench: Bench, terms: Terms) -> Bench:
    """The bench with the strategies that were asked for."""
    there, wanted = bench.strategies, terms.strategies
    if terms.against not in there:
        raise NotComparable(
            f"'{bench.source}' has no strategy '{terms.against}' to compare with on '{bench.dataset}', only "
            f"{', '.join(there)}. Choose one of these with --against."
        )
    if wanted is None:
        return bench
    for name in wanted:
        if name not in there:
            raise NotComparable(f"'{bench.source}' has no strategy '{name}', only {', '.join(there)}. Leave it out.")
    keep = {terms.against, *wanted}  # a list of strategies need not name the one that all are measured by
    return replace(bench, rows=[row for row in bench.rows if row["strategy"] in keep])


def _check_pairs(bench: Bench, found: Mapping[str, Curves], terms: Terms) -> None:
    """Every strategy has the seeds of ``against`` and, seed by seed, its numbers of labels."""
    against, theirs = terms.against, found[terms.against]
    for name, seeds in found.items():
        # Missing on either side: a mean over other seeds would compare seeds as much as strategies.
        odd = sorted(set(seeds) ^ set(theirs))
        if odd:
            has, lacks = (name, against) if odd[0] in seeds else (against, name)
            raise NotComparable(
                f"On '{bench.dataset}' seed {odd[0]} was played by {has} and not by {lacks}, so it cannot be paired. "
                "Play it for both, or leave the strategy out with --strategies."
            )
        for seed, curve in seeds.items():
            # Another budget or another batch: the areas under two such curves are not of the same thing.
            if curve.labelled.tolist() != theirs[seed].labelled.tolist():
                raise NotComparable(
                    f"On '{bench.dataset}', seed {seed}, {name} has other numbers of labels than {against}. "
                    "Curves can be paired only where both were scored after the same numbers of labels."
                )
            if len(set(curve.labelled.tolist())) < 2:
                raise NotComparable(
                    f"On '{bench.dataset}', seed {seed}, {name} was scored after one number of labels only, which is "
                    "no curve. "
                    "Score it after every batch."
                )
            if len(curve.labelled) < 3 and terms.aubc == "lu2023":
                raise NotComparable(
                    f"On '{bench.dataset}', seed {seed}, {name} was scored after one batch only, and the area of Lu, "
                    "Li and Lin leaves the start out: it would be 0. Leave --aubc out, or play more batches."
                )
    # Here, not in statistics: a single run's report shows one seed and says so, a verdict would be made up.
    if len(theirs) < 2:
        raise NotComparable(
            f"'{bench.dataset}' has one seed only ({min(theirs)}), and one seed cannot tell a difference from luck. "
            "Play more: --seeds 10."
        )


def _record(bench: Bench, one: Standing) -> Record:
    # There for everybody but `against`, which `records` leaves out.
    gap, found, ratio = one.difference, one.judgement, one.ratio
    assert gap
    return {
        "dataset": bench.dataset,
        "model": bench.model,
        "embedder": bench.embedder,
        "strategy": one.strategy,
        "against": one.against,
        "metric": one.metric,
        "n_seeds": gap.seeds,
        "looks": gap.looks,
        "mean_difference": gap.mean,
        "ci95": [gap.low, gap.high],
        "p_holm": found and found.p_holm,
        "p_tost": found and found.trial.p_tost,
        "p_tost_holm": found and found.p_tost_holm,
        "p_wilcoxon": found and found.trial.p_wilcoxon,
        "label_ratio": ratio and {"value": ratio.value, "never": ratio.never, "ci95": [ratio.low, ratio.high]},
        "seeds_needed": found and found.seeds_needed,
        "seeds_for_same": found and found.seeds_for_same,
        "detectable_difference": found and found.detectable,
        "verdict": found and found.verdict,
        "negligible": found and found.negligible,
    }
