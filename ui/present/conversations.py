"""The conversation: its head, the suggestions, what the model would be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slava.domain import Conversation, MicrographId
from slava.domain.conversation import ContextLevel
from slava.packs import Pack
from slava.vlm.context import LEVELS
from ui.present.words import Shown

SHORT = "Describe this micrograph in one or two sentences."
DETAILED = (
    "Describe this micrograph in detail: what it shows, shapes, sizes, arrangement and surface."
)


def head(
    conversations: Sequence[Conversation],
    current: Conversation | None,
    names: Mapping[MicrographId, str],
    base: str,
    *,
    micrograph_open: bool,
) -> Shown:
    """Title, list of all conversations, and where the open one can be downloaded."""
    return {
        "title": current.title if current else "New conversation" if micrograph_open else "",
        "current": current.id if current else None,
        "can_begin": micrograph_open,
        "downloads": f"{base}/c/{current.id}" if current else None,
        "items": [_conversation_item(c, names.get(c.micrograph_id, "")) for c in conversations],
    }


def _conversation_item(conversation: Conversation, name: str) -> Shown:
    day = conversation.updated_at[:10]
    return {
        "id": conversation.id,
        "title": conversation.title,
        "detail": f"{name} · {day}" if name else day,
        "words": f"{conversation.title} {name}",
    }


def suggestions(pack: Pack) -> list[Shown]:
    """Describe it, and one question for each aspect of the pack."""
    described = [
        {"title": "Describe it", "question": SHORT},
        {"title": "Describe it in detail", "question": DETAILED},
    ]
    return described + [{"title": a.title, "question": a.question} for a in pack.aspects]


def askbar(level: ContextLevel, preview: str, pack: Pack) -> Shown:
    """Suggested questions, and what the model would be told at this level."""
    return {
        "level": level,
        "levels": list(LEVELS),
        "preview": preview,
        "suggestions": suggestions(pack),
    }
