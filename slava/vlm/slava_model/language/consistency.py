"""Whether a sentence agrees with the decision, and which phrases it must not use.

A phrase that commits an answer to one category, or to one state of defects, belongs to that value
alone. Tests and the evaluation hold every answer against this.
"""

from __future__ import annotations

import re

from slava.vlm.slava_model.language.phrases import CLAIMS
from slava.vlm.slava_model.language.traits import Traits


def forbidden(traits: Traits, *, filled: bool = False) -> tuple[str, ...]:
    """The phrases that would contradict ``traits``.

    In a ``filled`` text an unsure decision may name categories: the list that stands for it.
    """
    found: list[str] = []
    for name, claims in CLAIMS.items():
        if name == "category" and filled and not traits.sure:
            continue
        own = getattr(traits, name) if name != "category" or traits.sure else None
        mine = claims.get(own, ()) if own else ()
        found += [p for value, phrases in claims.items() if value != own for p in phrases]
        found = [p for p in found if p not in mine]
    return tuple(dict.fromkeys(found))


def contradictions(text: str, traits: Traits, *, filled: bool = False) -> tuple[str, ...]:
    """The forbidden phrases that ``text`` uses; see :func:`forbidden`."""
    return tuple(
        phrase
        for phrase in forbidden(traits, filled=filled)
        if re.search(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE)
    )
