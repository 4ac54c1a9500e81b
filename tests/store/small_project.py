"""The project that the store's tests begin with: four samples, two classes (0 daisy, 1 rose), two annotators."""

from nextlabel.store import Entry, File, Store


def fill(store: Store) -> None:
    """The small project."""
    store.register([File(f"{name}.jpg", f"bytes of {name}") for name in "abcd"], draw, whole=True)
    for name in ("daisy", "rose"):
        store.append(Entry(f"class {name}", "class", data={"name": name, "key": name[0]}))
    for name in ("Ada", "Ben"):
        store.invite(name, f"hash of {name}")


def draw(path: str) -> float:
    """Some draw, of the path alone."""
    return len(path) / 100
