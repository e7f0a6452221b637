"""A question, its answer, who drafted it, and what reviewers said of it.

It must not know how pairs are drafted, stored or shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

from slava.domain.micrograph import MicrographId

PairId = NewType("PairId", str)

PairKind = Literal["vqa", "comparison", "caption", "conversation", "classification"]
"""What a pair trains: an answer about one micrograph, about several, a caption, one turn of a
conversation over all aspects, or a category."""

Verdict = Literal["accepted", "edited", "rejected", "skipped"]
"""``edited``: accepted with the words that the reviewer wrote. ``skipped``: left for later."""

Reason = Literal[
    "hallucination", "wrong_number", "not_visible", "bad_question", "duplicate", "other"
]
"""Why a pair was rejected, in the order of the keys 1 to 6."""

PairState = Literal["pending", "accepted", "rejected", "disagreed"]
"""What all reviews together say; ``disagreed`` only where two reviewers are asked for."""

FlagKind = Literal[
    "wrong_number",
    "uncalibrated_unit",
    "invented_element",
    "label_leak",
    "duplicate",
    "ignores_micrograph",
    "abbreviation",
    "length",
]
"""What an automatic check can hold against a pair."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One objection of an automatic check: it is shown and sorts, it never decides."""

    kind: FlagKind
    detail: str
    """One sentence that names the words it is about."""
    severity: float
    """0..1; pairs are sorted by the worst of their flags."""


@dataclass(frozen=True, slots=True)
class Drafting:
    """Where a pair comes from: enough to draft it again, or to leave out all of its kind."""

    teacher: str
    """``local``, the host of an endpoint, or ``import:FORMAT``."""
    model: str = ""
    prompt_version: str = ""
    """Pack, template and their hash."""
    parameters: Mapping[str, float | int | str | None] = field(default_factory=dict)
    request_id: str = ""
    """Content hash of what was sent; the raw response and its cost are kept under it."""
    facts: tuple[str, ...] = ()
    """The measured facts and the calibration that the teacher was given, as sentences."""


@dataclass(frozen=True, slots=True)
class QAPair:
    """A draft until a review gives a verdict. Texts are as drafted; edits stand in reviews."""

    id: PairId
    """Content hash (32 hex digits) of micrographs, texts and drafting: the same draft twice is
    one pair."""
    micrograph_ids: tuple[MicrographId, ...]
    """At least one; several for a comparison, in the order in which they were shown."""
    question: str
    answer: str
    """The concise answer."""
    detailed: str = ""
    """The detailed answer; empty where there is none."""
    paraphrases: tuple[str, ...] = ()
    """Other wordings of the question."""
    kind: PairKind = "vqa"
    aspect: str = ""
    """The label of a pack's aspect."""
    category: str = ""
    """The label of the micrograph when the pair was drafted."""
    group: str = ""
    """The paper or sample it comes from: snapshots never split one. Empty: its micrographs."""
    conversation: str = ""
    """Turns of one conversation share this id."""
    position: int = 0
    """0, 1, 2 ... within its conversation."""
    drafting: Drafting = field(default_factory=lambda: Drafting("local"))
    extra: Mapping[str, object] = field(default_factory=dict)
    """Fields of an imported record that sLAVA has no name for; they are exported again."""


@dataclass(frozen=True, slots=True)
class Review:
    """One verdict of one reviewer. Reviews are only ever added; an undo is a row that says so."""

    pair_id: PairId
    position: int
    """0, 1, 2 ... within the pair."""
    reviewer: str
    verdict: Verdict
    reason: Reason | None = None
    comment: str = ""
    question: str | None = None
    """What the reviewer wrote instead; ``None`` leaves the draft's words. So for the next two."""
    answer: str | None = None
    detailed: str | None = None
    undone: bool = False
    """Whether the reviewer took it back; it then counts for nothing."""
    seconds: float | None = None
    """From when the pair was shown until the verdict."""
    reviewed_at: str = ""


@dataclass(frozen=True, slots=True)
class ReviewedPair:
    """A pair with what became of it."""

    pair: QAPair
    state: PairState
    question: str
    """The words that count: the newest edit's, or the draft's. So for the next two."""
    answer: str
    detailed: str
    flags: tuple[Flag, ...] = ()
    reviewers: tuple[str, ...] = ()
    """Who gave the verdicts that count."""
    reviews: int = 0
    """How many reviews stood when it was read: handed back with a verdict, a second tab is
    noticed."""
