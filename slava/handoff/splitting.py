"""Pairs in three parts, so that nothing a model is judged on was learned from.

Pairs that share a micrograph, a paper or a conversation, or whose micrographs look alike, are
one bundle; bundles are never split. It must not know files, nor what stands in a pair's texts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slava.domain import MicrographId, PairId, Part, QAPair
from slava.errors import BadSetting
from slava.handoff.snapshot import PARTS

FRACTIONS: Mapping[Part, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}


@dataclass(frozen=True, slots=True)
class Bundle:
    """Pairs that stay together."""

    key: str
    """The smallest of its micrograph ids: the same bundle has the same key in any order."""
    pairs: tuple[PairId, ...]
    categories: Mapping[str, int]
    """How many of its pairs are of each category."""


def check_fractions(fractions: Mapping[Part, float]) -> Mapping[Part, float]:
    """The shares of train, validation and test.

    Raises
    ------
    BadSetting
        When one is negative, nothing is left to train on, or they do not add up to 1.
    """
    shares = [fractions.get(part, 0.0) for part in PARTS]
    if min(shares) < 0 or not shares[0] > 0 or abs(sum(shares) - 1) > 1e-6:
        told = " ".join(f"{share:g}" for share in shares)
        raise BadSetting(
            f"the fractions {told} of train, validation and test must be 0 or more, train above 0, "
            "and add up to 1, such as 0.8,0.1,0.1."
        )
    return dict(zip(PARTS, shares, strict=True))


def split_pairs(
    pairs: Sequence[QAPair],
    *,
    groups: Mapping[MicrographId, str] | None = None,
    alike: Iterable[Sequence[MicrographId]] = (),
    fractions: Mapping[Part, float] = FRACTIONS,
    seed: int = 0,
) -> dict[PairId, Part]:
    """The part of every pair; the same for any order of ``pairs``.

    Parameters
    ----------
    pairs
        Each with its micrographs, its group and its category.
    groups
        The paper or sample of micrographs, beside what the pairs say.
    alike
        Micrographs that show the same picture.
    fractions
        Of the pairs, kept to as well as whole bundles allow, in every category. A part whose
        fraction is above 0 is not empty where there are bundles enough.
    seed
        Of the order in which bundles of one size are drawn.

    Raises
    ------
    BadSetting
        When the fractions are none.
    """
    shares = check_fractions(fractions)
    bundles = bundle_pairs(pairs, groups or {}, alike)
    totals = Counter(pair.category for pair in pairs)
    have: dict[Part, Counter[str]] = {part: Counter() for part in PARTS}
    chosen: dict[str, Part] = {}
    for bundle in sorted(bundles, key=lambda b: _order(b, totals, seed)):
        part = _neediest(bundle, shares, totals, have)
        have[part].update(bundle.categories)
        chosen[bundle.key] = part
    _fill_empty(bundles, shares, chosen)
    return {pair: chosen[bundle.key] for bundle in bundles for pair in bundle.pairs}


def bundle_pairs(
    pairs: Sequence[QAPair],
    groups: Mapping[MicrographId, str],
    alike: Iterable[Sequence[MicrographId]],
) -> list[Bundle]:
    """Connected pairs together, in the order of their keys."""
    joined = _Joined()
    for pair in pairs:
        first = f"micrograph {pair.micrograph_ids[0]}"
        for micrograph_id in pair.micrograph_ids:
            joined.join(first, f"micrograph {micrograph_id}")
            if groups.get(micrograph_id):
                joined.join(first, f"group {groups[micrograph_id]}")
        if pair.group:
            joined.join(first, f"group {pair.group}")
        if pair.conversation:
            joined.join(first, f"conversation {pair.conversation}")
    for lookalikes in alike:
        for other in lookalikes[1:]:
            joined.join(f"micrograph {lookalikes[0]}", f"micrograph {other}")
    members: dict[str, list[QAPair]] = {}
    for pair in pairs:
        members.setdefault(joined.root(f"micrograph {pair.micrograph_ids[0]}"), []).append(pair)
    bundles = (_bundle(own) for own in members.values())
    return sorted(bundles, key=lambda bundle: bundle.key)


def _bundle(pairs: Sequence[QAPair]) -> Bundle:
    key = min(micrograph_id for pair in pairs for micrograph_id in pair.micrograph_ids)
    ids = tuple(sorted(pair.id for pair in pairs))
    return Bundle(key, ids, Counter(pair.category for pair in pairs))


def _order(bundle: Bundle, totals: Counter[str], seed: int) -> tuple[int, int, str]:
    """Rare categories first, since they have the least choice; then large bundles; then chance."""
    rarest = min(totals[category] for category in bundle.categories)
    drawn = hashlib.sha256(f"{seed} {bundle.key}".encode()).hexdigest()
    return rarest, -len(bundle.pairs), drawn


def _neediest(
    bundle: Bundle,
    shares: Mapping[Part, float],
    totals: Counter[str],
    have: Mapping[Part, Counter[str]],
) -> Part:
    """The part that lacks most of what the bundle holds, relative to its own share."""

    def lack(part: Part) -> tuple[float, float]:
        share = shares[part]
        if share == 0:
            return (float("-inf"), 0.0)
        own = sum(
            count * (share - have[part][category] / totals[category])
            for category, count in bundle.categories.items()
        )
        whole = share - sum(have[part].values()) / sum(totals.values())
        return (round(own, 9), round(whole, 9))

    return max(PARTS, key=lack)


def _fill_empty(
    bundles: Sequence[Bundle], shares: Mapping[Part, float], chosen: dict[str, Part]
) -> None:
    """Give a part that came away empty the smallest bundle of a part that can spare one."""
    size = {bundle.key: (len(bundle.pairs), bundle.key) for bundle in bundles}
    for empty in (part for part in PARTS if shares[part] > 0):
        if empty in chosen.values():
            continue
        counts = Counter(chosen.values())
        spare = [key for key, part in chosen.items() if counts[part] > 1]
        if spare:
            chosen[min(spare, key=size.__getitem__)] = empty


class _Joined:
    """Names joined into sets."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        """The name that stands for the set."""
        parent = self._parent.setdefault(name, name)
        while parent != name:
            above = self._parent[parent]
            self._parent[name] = above
            name, parent = above, self._parent[above]
        return name

    def join(self, one: str, other: str) -> None:
        """Make one set of two."""
        first, second = self.root(one), self.root(other)
        if first != second:
            self._parent[second] = first
