"""The identity of a pair: a hash of its micrographs, its texts and who drafted it.

It must not know how a pair is drafted, checked or stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

from slava.domain import Drafting, MicrographId, PairId, PairKind, QAPair

ID_DIGITS = 32
"""Hex digits of a pair's id."""


def pair_id(
    micrograph_ids: Sequence[MicrographId],
    question: str,
    answer: str,
    *,
    detailed: str = "",
    paraphrases: Sequence[str] = (),
    kind: PairKind = "vqa",
    aspect: str = "",
    conversation: str = "",
    position: int = 0,
    drafting: Drafting | None = None,
) -> PairId:
    """The content hash of a draft, 32 hex digits.

    Of the drafting, the teacher, the model and the prompt version count: the same words from the
    same teacher are one pair, whatever the temperature. The category, the group and the extra
    fields do not count: they may be put right later.
    """
    by = drafting or Drafting("local")
    told = [
        list(micrograph_ids),
        question,
        answer,
        detailed,
        list(paraphrases),
        kind,
        aspect,
        conversation,
        position,
        [by.teacher, by.model, by.prompt_version],
    ]
    return PairId(_digest(told))


def id_of(pair: QAPair) -> PairId:
    """The id that ``pair`` must bear, whatever stands in its ``id``."""
    return pair_id(
        pair.micrograph_ids,
        pair.question,
        pair.answer,
        detailed=pair.detailed,
        paraphrases=pair.paraphrases,
        kind=pair.kind,
        aspect=pair.aspect,
        conversation=pair.conversation,
        position=pair.position,
        drafting=pair.drafting,
    )


def with_id(pair: QAPair) -> QAPair:
    """The same pair under its content hash; write ``PairId("")`` while it is being made."""
    return replace(pair, id=id_of(pair))


def conversation_id(
    micrograph_ids: Sequence[MicrographId], questions: Sequence[str], drafting: Drafting
) -> str:
    """What the turns of one conversation share, 32 hex digits."""
    by = [drafting.teacher, drafting.model, drafting.prompt_version]
    return _digest([list(micrograph_ids), list(questions), by])


def _digest(told: Sequence[object]) -> str:
    written = json.dumps(told, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(written.encode("ascii")).hexdigest()[:ID_DIGITS]
