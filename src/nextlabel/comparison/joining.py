"""Two runs on one bench as one: further seeds, or other strategies."""

from collections.abc import Sequence
from dataclasses import replace

from nextlabel.comparison.bench import Bench
from nextlabel.errors import NotComparable
from nextlabel.runs.identity import differences
from nextlabel.runs.lines import Row
from nextlabel.text import shorten

PART_NAMES = {"test": "test set", "val": "validation set", "start": "starting set"}


def join(here: Bench, more: Bench) -> Bench:
    """Two runs on one bench as one, where they followed the same protocol; the same arm in both must be the same."""
    # A CSV file has no protocol. Two of them are joined on trust, a run and a CSV file never.
    changed = differences(dict(here.protocol), dict(more.protocol)) if here.protocol and more.protocol else []
    if bool(here.protocol) != bool(more.protocol) or changed or here.metric != more.metric:
        why = "; ".join(changed) or "one is a run and the other a CSV file, or their metrics differ"
        raise NotComparable(
            f"'{here.source}' and '{more.source}' are both of '{shorten(here.dataset)}' but followed different "
            f"protocols ({why}). Compare runs of one protocol, or tell the datasets apart with simulate's --name."
        )
    # Only seeds that both have: further seeds are what joining is for. Keys are JSON's, so texts: 10 after 9.
    for seed in sorted(set(here.hashes) & set(more.hashes), key=int):
        for part, words in PART_NAMES.items():
            if here.hashes[seed].get(part) != more.hashes[seed].get(part):
                raise NotComparable(
                    f"Seed {seed} has another {words} in '{here.source}' than in '{more.source}', so the two cannot be "
                    "paired. Give both the same split: --split with the other's splits.json."
                )
    # One name for two classes happens: `badge` was scikit-activeml's in early versions, and is ours now.
    for name in sorted(set(here.made_by) & set(more.made_by)):
        if here.made_by[name] != more.made_by[name]:
            raise NotComparable(
                f"'{shorten(name)}' is {here.made_by[name]} in '{here.source}' and {more.made_by[name]} in "
                f"'{more.source}': not the same strategy. Compare them one by one, or play one of them again."
            )
    return replace(
        here,
        rows=_merge(here, more),
        whole=dict(here.whole) | dict(more.whole),
        hashes=dict(here.hashes) | dict(more.hashes),
        made_by=dict(here.made_by) | dict(more.made_by),
        origins=dict(here.origins) | dict(more.origins),
    )


def _merge(here: Bench, more: Bench) -> list[Row]:
    there, fresh = _arms(here.rows), _arms(more.rows)
    # The same arm twice is fine where it is the same to the last digit: a folder may be given twice.
    for arm in there.keys() & fresh.keys():
        if there[arm] != fresh[arm]:
            raise NotComparable(
                f"'{here.source}' and '{more.source}' both hold {shorten(arm[0])} under seed {arm[1]}, and the two "
                "differ. Leave one of them out."
            )
    return [row for rows in (there | fresh).values() for row in rows]  # arms of `here` first


def _arms(rows: Sequence[Row]) -> dict[tuple[str, int], list[Row]]:
    """Rows by strategy and seed, round by round."""
    arms: dict[tuple[str, int], list[Row]] = {}
    for row in sorted(rows, key=lambda row: int(row["round"])):  # stable: strategies keep their order below
        arms.setdefault((row["strategy"], row["seed"]), []).append(row)
    order = dict.fromkeys((row["strategy"], row["seed"]) for row in rows)
    return {arm: arms[arm] for arm in order}
