"""Numbers of an answer as slots of the built-in model, which copies them from measured facts.

Pure: it must not know models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


def with_slots(answer: str, values: Mapping[str, str]) -> str:
    """``answer``, every value of a slot that stands in it put as the slot.

    Only values with a digit are looked for, longer ones first, and only as whole words.
    """
    text = answer
    told = [(slot, value) for slot, value in values.items() if re.search(r"\d", value)]
    for slot, value in sorted(told, key=lambda item: -len(item[1])):
        whole = rf"(?<![\w.<]){re.escape(value)}(?![\w>]|\.\d)"
        text = re.sub(whole, f"<{slot}>", text)
    return text
