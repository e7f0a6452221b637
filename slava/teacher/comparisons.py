"""Which micrographs are compared: by the retrieval strategies of sLAVA 4.4.

Across categories the most similar ones, within a category the least similar ones, and of one
micrograph its parts. It must not know what is asked about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from slava.domain import MicrographId
from slava.errors import BadSetting
from slava.packs import Contrast, Pack
from slava.retrieval.index import Index
from slava.retrieval.sampling import sample_demonstrations
from slava.teacher.plan import Group

CONTRASTS: tuple[Contrast, ...] = get_args(Contrast)
MOST_TOGETHER = 6


def contrasts_of(text: str, pack: Pack) -> tuple[Contrast, ...]:
    """Contrasts by their names, separated by commas; ``all`` are those that the pack asks about.

    Raises
    ------
    BadSetting
        Naming every one that there is not, or that the pack has no question for.
    """
    asked = tuple(c for c in CONTRASTS if pack.comparison(c))
    if text.strip() == "all":
        return asked
    names = [name.strip().replace("-", "_") for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in asked]
    if unknown:
        raise BadSetting(
            f"{', '.join(map(repr, unknown))}: no comparison of {pack.id}; "
            f"it has {', '.join(asked) or 'none'}."
        )
    return tuple(c for c in asked if c in names)


def choose_groups(
    index: Index | None,
    ids: Sequence[MicrographId],
    contrasts: Sequence[Contrast],
    *,
    together: int = 3,
    seed: int = 0,
) -> tuple[Group, ...]:
    """One group for each micrograph and contrast, as far as the library allows; each set once.

    Parameters
    ----------
    index
        Labelled vectors of the micrographs; without it only parts of one are compared.
    ids
        The micrographs that comparisons begin with. Only they are compared with one another.
    together
        How many are shown, 2..6.

    Raises
    ------
    BadSetting
        If ``together`` is out of its range.
    """
    if not 2 <= together <= MOST_TOGETHER:
        raise BadSetting(f"{together} micrographs together is not in 2..{MOST_TOGETHER}.")
    groups: dict[tuple[Contrast, frozenset[MicrographId]], Group] = {}
    for contrast in contrasts:
        for one in ids:
            if contrast == "heterogeneity":
                members: tuple[MicrographId, ...] = (one,)
            else:
                members = _beside(index, one, ids, contrast, together, seed)
            if members:
                groups.setdefault((contrast, frozenset(members)), (contrast, members))
    return tuple(groups.values())


def _beside(
    index: Index | None,
    one: MicrographId,
    ids: Sequence[MicrographId],
    contrast: Contrast,
    together: int,
    seed: int,
) -> tuple[MicrographId, ...]:
    row = index.row_of(one) if index is not None else None
    if index is None or row is None or index.label_codes[row] < 0:
        return ()
    label = index.classes[int(index.label_codes[row])]
    allowed = set(ids)
    kept_out = zip(index.ids, index.label_codes, strict=True)
    others = [i for i, code in kept_out if code < 0 or i == one or MicrographId(i) not in allowed]
    found = sample_demonstrations(
        index,
        np.asarray(index.vectors[row], dtype=np.float32),
        together - 1,
        "other_categories" if contrast == "similar_across" else "dissimilar_within",
        seed,
        label=label,
        exclude_ids=others,
    )
    if not found:
        return ()
    return (one, *(MicrographId(n.demonstration.micrograph_id) for n in found))
