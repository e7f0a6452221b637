"""BLEU-2 of one sentence, as the sLAVA paper's tables count it.

nltk's ``sentence_bleu`` with weights (0.5, 0.5) over ``str.split``, written out so that training
needs no further package.
"""

from __future__ import annotations

import math
from collections import Counter


def bleu2(candidate: str, reference: str) -> float:
    """BLEU-2 (Papineni et al. 2002, doi:10.3115/1073083.1073135), 0..1, no smoothing."""
    said, right = candidate.split(), reference.split()
    if not said:
        return 0.0
    precisions = [_precision(said, right, n) for n in (1, 2)]
    if min(precisions) == 0:
        return 0.0
    brevity = min(1.0, math.exp(1 - len(right) / len(said)))
    return brevity * math.sqrt(precisions[0] * precisions[1])


def _precision(said: list[str], right: list[str], n: int) -> float:
    ours = Counter(zip(*(said[k:] for k in range(n)), strict=False))
    theirs = Counter(zip(*(right[k:] for k in range(n)), strict=False))
    return sum((ours & theirs).values()) / max(1, sum(ours.values()))
