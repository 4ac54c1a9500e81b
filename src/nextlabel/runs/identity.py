"""What makes two runs the same experiment."""

from nextlabel.runs.lines import Row

DERIVED = {
    "fingerprint": "data",
    "answers": "answers",
    "splits": "test, validation or starting samples",
}  # hashes, which tell a person nothing


def differences(there: Row, here: Row) -> list[str]:
    """What two experiments differ in, a few words each: the first three knobs, or, where all agree, data and splits."""
    one, two = (_flat({name: row.get(name) for name in here}) for row in (there, here))
    changed = [name for name in two if one.get(name) != two[name]]
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
