"""How work that takes long says how far it is."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many
FINISHED = "finished"  # the last word of a step that ends an arm: "margin, seed 3, finished"


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
