"""Classification by example: what a vector was made with, what is shown, what came out.

It must not know how a vector is made, nor where labels are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strategy = Literal[
    "similar", "random", "diverse", "balanced", "other_categories", "dissimilar_within"
]
"""How demonstrations are chosen from the library for one query.

``similar``: the most similar. ``random``: drawn with a seed. ``diverse``: similar to the query
and not to each other (maximal marginal relevance). ``balanced``: the most similar of every class
in turn. ``other_categories``: the most similar that bear another label than the query.
``dissimilar_within``: the least similar that bear the query's label.
"""

Metric = Literal["cosine", "euclidean"]
"""How near two vectors are: the cosine of their angle, or their distance."""


@dataclass(frozen=True, slots=True)
class EncoderKey:
    """What a vector was made with. Vectors of different keys are never compared."""

    id: str
    """``builtin``, ``timm:NAME``, or ``trained:HASH`` of the weights."""
    preprocessing: str
    """Hash of everything that is done to the pixels before the network, 12 hex digits."""
    dimension: int
    """Length of a vector, >= 1."""

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise ValueError(f"dimension must be at least 1, got {self.dimension!r}")


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A labelled micrograph that can be shown to the model."""

    micrograph_id: str
    """The SHA-256 of the original bytes."""
    label: str
    group: str = ""
    """Where it comes from (sample, paper, folder): neighbours of the query's own group can be
    left out. Empty is a group of its own."""
    name: str = ""
    """The file name it came with: untrusted text."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A demonstration and how near the query it lies."""

    demonstration: Demonstration
    similarity: float
    """Cosine, -1..1, whatever the metric; larger is nearer."""
    distance: float | None = None
    """Euclidean distance of the vectors; ``None`` where cosine decided."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One class and its probability, 0..1."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Classification:
    """The classes of one micrograph, as each voter ranks them.

    Every non-empty ranking holds all labels, most probable first; its probabilities sum to 1.
    """

    ranked_knn: tuple[Ranked, ...]
    """What the neighbours say; empty where there are no demonstrations."""
    ranked_model: tuple[Ranked, ...]
    """What the backbone says; empty where it gave no answer, and ``model_note`` says why."""
    ranked_fused: tuple[Ranked, ...]
    """The recommended answer: every voter that spoke, calibrated and pooled."""
    neighbours: tuple[Neighbour, ...]
    """The demonstrations this rests on, nearest first."""
    abstained: bool = False
    """Whether the recommended answer is "none of these classes"."""
    reason: str = ""
    """Why it abstained, in one sentence; empty when it did not."""
    rationale: str = ""
    """One sentence: the label, the visible features and the demonstrations it rests on."""
    model_note: str = ""
    """How the backbone was asked, or why it gave no answer."""
    ranked_encoder: tuple[Ranked, ...] = ()
    """What the class head of a trained encoder says; empty where it has none."""
