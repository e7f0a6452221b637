"""Whether an encoder tells anything apart: vectors that are all alike classify nothing."""

from __future__ import annotations

import numpy as np

from slava.errors import ModelError
from slava.retrieval.encoder import Vectors

ALL_ALIKE = 0.995
"""Mean cosine of two micrographs from which on the vectors have collapsed."""


def likeness(vectors: Vectors) -> float:
    """Mean cosine of two different rows of unit vectors (n, d); 0 for fewer than two."""
    n = len(vectors)
    if n < 2:
        return 0.0
    total = float(np.linalg.norm(vectors.astype(np.float64).sum(0)) ** 2)
    return (total - n) / (n * (n - 1))


def check_spread(vectors: Vectors) -> None:
    """Refuse collapsed vectors.

    Raises
    ------
    ModelError
        If all vectors (n, d) are nearly the same, or some are no numbers.
    """
    if not np.isfinite(vectors).all():
        raise ModelError("the encoder gives vectors that are no numbers. Train it again.")
    mean = likeness(vectors)
    if mean > ALL_ALIKE:
        raise ModelError(
            f"the encoder has collapsed: all micrographs get nearly the same vector (mean cosine "
            f"{mean:.3f}). Train it with a lower learning rate or more micrographs."
        )
