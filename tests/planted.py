"""Rows of made-up learning curves, with differences that are known."""

from collections.abc import Sequence
from typing import Any

from nextlabel.runs.lines import Row


def rows_of(heights: dict[str, dict[int, list[float]]], labelled: list[int] | None = None, **more: Any) -> list[Row]:
    """Rows with these accuracies by strategy and seed; macro F1 is half of them."""
    return [
        {
            "strategy": name, "seed": seed, "round": k, "labelled": labelled[k] if labelled else 10 + 10 * k,
            "accuracy": height, "f1_macro": None if height is None else height / 2, "balanced_accuracy": height, **more,
        }
        for name, seeds in heights.items()
        for seed, values in seeds.items()
        for k, height in enumerate(values)
    ]  # fmt: skip


def planted(gaps: Sequence[float], base: float = 0.5, name: str = "ours") -> list[Row]:
    """``ours`` lies above random by one gap per seed, everywhere."""
    heights = {
        "random": {seed: [base, base + 0.01 * seed, base + 0.1] for seed in range(len(gaps))},
        name: {seed: [base + gap, base + 0.01 * seed + gap, base + 0.1 + gap] for seed, gap in enumerate(gaps)},
    }
    return rows_of(heights)
