"""What a run was made with: versions, kernels, processor. They are no part of an experiment's identity.

The same experiment on another processor, or with another numpy, can round otherwise: its rows may differ in the third
digit. So a run says what it was made with, and whoever mixes is told.

An `Environment` is a flat object of words, so that a manifest, a sentence and a page can all show it:
``{"nextlabel": "0.1.0", "numpy": "2.4.6", …, "kernels": "openblas 0.3.31 Haswell", "processor": …}``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Environment = Mapping[str, str]

# Rows hang on these. Python, Pillow and the processor's name are told, and no difference of them is.
ROUNDS = ("nextlabel", "numpy", "scipy", "scikit-learn", "scikit-activeml", "torch", "kernels")


def environments(manifest: Mapping[str, Any]) -> list[Environment]:
    """All that took part in a run, the one that began it first; of an old manifest as much as it says."""
    if "made_with" in manifest:
        return list(manifest["made_with"])
    known = {"nextlabel": manifest["nextlabel"]} if "nextlabel" in manifest else {}
    return [known | manifest.get("versions", {}) | manifest.get("machine", {})]


def add(made_with: Sequence[Environment], here: Environment) -> list[Environment]:
    """The environments that took part, ``here`` among them once."""
    return [*made_with, *([] if here in made_with else [here])]


def differ(name: str, one: Environment, other: Environment) -> bool:
    """Do two environments say different things of a part? What one of them does not know is no difference."""
    words, others = (set(known[name].split(", ")) if name in known else set() for known in (one, other))
    # Of kernels one may be a part of the other: some library that was loaded beside ours brought its own along.
    return not (words <= others or others <= words)


def changes(there: Environment, here: Environment) -> list[str]:
    """In what two environments may round differently, a few words each.

    >>> changes({"numpy": "2.3.1"}, {"numpy": "2.4.6", "kernels": "openblas 0.3.31 Haswell"})
    ['numpy 2.3.1 there and 2.4.6 here']
    """
    return [f"{name} {there[name]} there and {here[name]} here" for name in ROUNDS if differ(name, there, here)]
