"""Whether a sentence agrees with the decision, and which phrases it must not use.

A phrase that commits an answer to one category, or to one state of defects, belongs to that value
alone. The decoder is kept from the phrases of all other values while it writes.
"""

from __future__ import annotations

import re

from slava.vlm.slava_model.language.phrases import CLAIMS
from slava.vlm.slava_model.language.traits import Traits


def forbidden(traits: Traits) -> tuple[str, ...]:
    """The phrases that would contradict ``traits``."""
    found: list[str] = []
    for name, claims in CLAIMS.items():
        own = getattr(traits, name) if name != "category" or traits.sure else None
        mine = claims.get(own, ()) if own else ()
        found += [p for value, phrases in claims.items() if value != own for p in phrases]
        found = [p for p in found if p not in mine]
    return tuple(dict.fromkeys(found))


def contradictions(text: str, traits: Traits) -> tuple[str, ...]:
    """The forbidden phrases that ``text`` (slots unfilled) uses."""
    return tuple(
        phrase
        for phrase in forbidden(traits)
        if re.search(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE)
    )
