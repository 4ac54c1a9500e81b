"""What should be known of runs before their verdicts are read: made with what, and which seeds wait for their look."""

from collections.abc import Iterable, Sequence
from itertools import combinations, islice

from nextlabel.comparison.bench import Bench
from nextlabel.runs.environment import ROUNDS, Environment, differ
from nextlabel.statistics.looks import FEWEST, Law, looks
from nextlabel.text import join_names


def mixtures(benches: Iterable[Bench]) -> list[str]:
    """One sentence that says which runs came from where; none where all were made alike, as far as they say.

    A run of an old version does not say what its kernels were: what nobody said is no difference.
    """
    origins = {source: made_with for bench in benches for source, made_with in bench.origins.items()}
    # Every pair, since "no difference" is not transitive here: one that says nothing of its kernels differs from
    # nobody.
    pairs = list(combinations([one for made_with in origins.values() for one in made_with], 2))
    names = [name for name in ROUNDS if any(differ(name, *pair) for pair in pairs)]
    if not names:
        return []
    groups: dict[str, list[str]] = {}
    for source, made_with in origins.items():
        words = dict.fromkeys(_words(one, names) for one in made_with)  # in order, each once
        # One run may have several origins, where it was stopped and went on with other versions.
        groups.setdefault(", later ".join(words), []).append(f"'{source}'")
    made = "; ".join(f"{join_names(sources)} with {words}" for words, sources in groups.items())
    return [f"Not all rows were made alike, and versions and kernels can change their last digits: {made}."]


def _words(one: Environment, names: Sequence[str]) -> str:
    return " and ".join(f"{name} {one.get(name, 'unknown')}" for name in names)


def describe_waiting(benches: Iterable[Bench], law: Law) -> list[str]:
    """One sentence per number of seeds of which some wait for the next look."""
    datasets: dict[int, list[str]] = {}
    for bench in benches:
        datasets.setdefault(len({row["seed"] for row in bench.rows}), []).append(f"'{bench.dataset}'")
    return [
        f"{seeds} seeds were played on {join_names(names)}, and verdicts are of the first {law.seeds_at_look(seeds)}: "
        f"they are taken at {', '.join(map(str, islice(looks(), 5)))}, … seeds, next at {_next_look(seeds)}. Had their "
        "number been fixed beforehand, --one-look would take all."
        for seeds, names in datasets.items()
        if FEWEST <= law.seeds_at_look(seeds) < seeds
    ]


def _next_look(seeds: int) -> int:
    return next(look for look in looks() if look > seeds)
