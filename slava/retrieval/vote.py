"""What neighbours say of a query: a vote by similarity, as probabilities of all labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slava.domain import Neighbour, Ranked

TEMPERATURE = 0.07
"""In cosines: a neighbour nearer by this much has e times the weight."""
DOUBT = 0.02
"""Share of the vote that is spread over all labels, so that none is impossible."""


def vote(
    neighbours: Sequence[Neighbour], labels: Sequence[str], temperature: float = TEMPERATURE
) -> NDArray[np.float64]:
    """The neighbours' vote, weights exp(similarity / temperature), shape (len(labels),).

    Sums to 1; uniform without neighbours. Neighbours of other labels do not count.
    """
    shares = np.zeros(len(labels))
    place = {label: k for k, label in enumerate(labels)}
    counted = [n for n in neighbours if n.demonstration.label in place]
    if counted:
        top = max(n.similarity for n in counted)
        for n in counted:
            shares[place[n.demonstration.label]] += np.exp((n.similarity - top) / temperature)
        shares /= shares.sum()
        return (1 - DOUBT) * shares + DOUBT / len(labels)
    return np.full(len(labels), 1 / max(1, len(labels)))


def ranked(labels: Sequence[str], probabilities: NDArray[np.float64]) -> tuple[Ranked, ...]:
    """Labels with their probabilities, most probable first."""
    order = np.argsort(-probabilities, kind="stable")
    return tuple(Ranked(labels[k], float(probabilities[k])) for k in order)
