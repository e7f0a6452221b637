"""What the window's tests talk to: a scripted model, opened as any reference."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from slava.domain.conversation import Quantization
from slava.errors import ModelNotFound
from slava.vlm.backbone import Backbone, Report
from tests.vlm.scripted_backbone import ScriptedBackbone

NOTICE = "A scripted model for tests: what it says is not about your micrograph."


def repeat_question(question: str) -> Iterator[str]:
    """Say how it was asked; a question with "slowly" gets 400 words, one every 20 ms."""
    slow = "slowly" in question
    words = [f"word{n}" for n in range(400)] if slow else f"Answer to: {question}".split(" ")
    for word in words:
        time.sleep(0.02 if slow else 0.002)
        yield f"{word} "


def open_scripted(
    reference: str = "builtin",
    *,
    quantization: Quantization = "none",
    on_progress: Callable[[str], None] | None = None,
) -> Backbone:
    """Open the script as any reference but one that says it is missing."""
    if reference == "missing/model":
        raise ModelNotFound("missing/model is not on this machine. Choose another.")
    if on_progress:
        on_progress("reading the script")
    about = Report(
        "scripted", "Scripted", "builtin", quantization, "cpu", 1_000_000, 4_000_000,
        notice=NOTICE, licence="Apache-2.0",
    )  # fmt: skip
    return ScriptedBackbone(repeat_question, about=about)
