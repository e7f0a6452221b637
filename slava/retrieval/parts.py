"""A library in parts of whole groups: what a model learns from, and what it is judged on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slava.errors import BadSetting


def held_out_rows(
    labels: Sequence[str], groups: Sequence[str], share: float, seed: int = 0
) -> NDArray[np.int64]:
    """Rows of about ``share`` of every class, whole groups only, drawn with a seed.

    Parameters
    ----------
    labels, groups
        Of every row; rows of one group stay together, the empty group is one for each row.
    share
        0..0.5. A class of fewer than three groups is not drawn from.

    Raises
    ------
    BadSetting
        If ``share`` is out of its range.
    """
    if not 0 <= share <= 0.5:
        raise BadSetting(f"a part of {share} is not in 0..0.5.")
    rng = np.random.default_rng(seed)
    members: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, (label, group) in enumerate(zip(labels, groups, strict=True)):
        members[label][group or f"\0{row}"].append(row)
    taken: list[int] = []
    for label in sorted(members):
        own = members[label]
        names = sorted(own)
        if len(names) < 3 or share == 0:
            continue
        wanted = max(1, round(share * sum(len(rows) for rows in own.values())))
        drawn = 0
        for place in rng.permutation(len(names)):
            rows = own[names[place]]
            if drawn and drawn + len(rows) > 1.5 * wanted:
                continue
            taken += rows
            drawn += len(rows)
            if drawn >= wanted:
                break
    return whole_groups(np.array(sorted(taken), dtype=np.int64), groups)


def whole_groups(rows: NDArray[np.int64], groups: Sequence[str]) -> NDArray[np.int64]:
    """``rows`` and every other row of a group that one of them belongs to, sorted."""
    drawn = {groups[row] for row in rows} - {""}
    also = [row for row, group in enumerate(groups) if group in drawn]
    return np.union1d(rows, np.array(also, dtype=np.int64)).astype(np.int64)
