"""How far two reviewers agree beyond chance: Cohen's kappa.

It must not know what is judged, nor who the reviewers are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two reviewers on what both have judged."""

    first: str
    second: str
    count: int
    """How many things both have judged."""
    observed: float
    """Share on which they agree, 0..1."""
    kappa: float | None
    """-1..1; ``None`` where it is not defined."""


def cohens_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Agreement beyond chance of two people who judged the same things.

    ``(p_o - p_e) / (1 - p_e)``, where ``p_o`` is the share on which they agree and ``p_e`` the
    share on which they would by chance, if each kept to their own shares of the categories.

    Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational and
    Psychological Measurement 20 (1960) 37-46, equation 1.

    Parameters
    ----------
    first, second : sequence
        The category that each gave to the first thing, to the second, and so on.

    Returns
    -------
    float or None
        -1..1; 0 is chance. ``None`` where there is nothing to judge, or both gave one and the
        same category to everything: chance alone would agree as well.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    agreed = [a == b for a, b in zip(first, second, strict=True)]
    count = len(agreed)
    if not count:
        return None
    of_first, of_second = Counter(first), Counter(second)
    by_chance = sum(of_first[c] * of_second[c] for c in of_first) / count**2
    if by_chance == 1:
        return None
    return (sum(agreed) / count - by_chance) / (1 - by_chance)


def observed_agreement(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Share of things on which both agree, 0..1.

    Raises
    ------
    ValueError
        If there is nothing to judge, or lengths differ.
    """
    if not first:
        raise ValueError("there is nothing to judge")
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)
