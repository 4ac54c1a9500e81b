"""What makes two runs the same experiment."""

from nextlabel.runs.lines import Row

DERIVED = {
    "fingerprint": "data",
    "answers": "answers",
    "splits": "test, validation or starting samples",
}  # hashes, which tell a person nothing


def differences(there: Row, here: Row) -> list[str]:
    """What two experiments differ in, a few words each: the first three knobs, or, where all agree, data and splits."""
    # By the names in `here` alone: `rehearse` knows only some of an identity, and what it does not know is no
    # difference.
    one, two = (_flat({name: row.get(name) for name in here}) for row in (there, here))
    changed = [name for name in two if one.get(name) != two[name]]
    # Hashes follow from the knobs as well: they are told only where no knob explains them.
    knobs = [name for name in changed if name not in DERIVED]
    return [f"{name} is {one.get(name)!r} there and {two[name]!r} here" for name in knobs[:3]] or [
        f"its {DERIVED[name]} are others there" for name in changed
    ]


def _flat(row: Row) -> Row:
    """The knobs of plan and table beside the others, and the embedder's, and who made which strategy."""
    flat = {name: value for name, value in row.items() if name not in ("plan", "table", "embedder", "made_by")}
    plan, table, embedder, made_by = (row.get(name) for name in ("plan", "table", "embedder", "made_by"))
    flat |= plan if isinstance(plan, dict) else {}
    flat |= table if isinstance(table, dict) else {}
    flat |= {f"the class of {name}": kind for name, kind in made_by.items()} if isinstance(made_by, dict) else {}
    if not isinstance(embedder, dict):
        return flat | {"embedder": embedder}
    settings = embedder.get("settings")
    more = embedder | (settings if isinstance(settings, dict) else {})
    return flat | {"embedder" if word == "name" else f"the embedder's {word}": value for word, value in more.items()}


def more_seeds(there: Row, here: Row) -> Row | None:
    """The identity of ``here`` as it would be with the seeds of ``there`` alone, where it has all of them and more.

    None where it has no more of them, or not all. Nothing else is looked at.
    """
    before, seeds = there.get("seeds"), here.get("seeds")
    if not isinstance(before, list) or not isinstance(seeds, list) or not {*seeds} > {*map(_hashable, before)}:
        return None
    splits, known = here.get("splits"), set(map(str, before))
    fewer = {seed: hashes for seed, hashes in splits.items() if seed in known} if isinstance(splits, dict) else splits
    return here | {"seeds": before} | ({"splits": fewer} if "splits" in here else {})


def _hashable(seed: object) -> object:
    """Of a manifest that somebody edited."""
    return seed if isinstance(seed, int) else str(seed)
