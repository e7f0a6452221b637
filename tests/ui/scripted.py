"""A backbone that answers from a script, word by word: what the window's tests talk to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from slava.domain.conversation import Quantization
from slava.errors import ModelNotFound
from slava.vlm.backbone import (
    Backbone,
    Chunk,
    GenerationSettings,
    Message,
    Report,
    Seen,
    View,
)

NOTICE = "A scripted model for tests: what it says is not about your micrograph."


class ScriptedBackbone:
    """Says how it was asked; a question with "slowly" gets 400 words, one every 20 ms."""

    def __init__(self, quantization: Quantization = "none") -> None:
        self.quantization: Quantization = quantization
        self.closed = False
        self.asked: list[Sequence[Message]] = []

    def report(self) -> Report:
        return Report(
            "scripted", "Scripted", "builtin", self.quantization, "cpu", 1_000_000, 4_000_000,
            notice=NOTICE, licence="Apache-2.0",
        )  # fmt: skip

    def seen(self, view: View, settings: GenerationSettings) -> Seen:
        return Seen(224, 224, 49)

    def stream(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        self.asked.append(messages)
        question = messages[-1].text
        slow = "slowly" in question
        words = [f"word{n} " for n in range(400)] if slow else f"Answer to: {question}".split(" ")
        for word in words:
            if stop is not None and stop.is_set():
                yield Chunk("", 0, "stopped")
                return
            time.sleep(0.02 if slow else 0.002)
            yield Chunk(word if slow else word + " ")
        yield Chunk("", 0, "end")

    def score(
        self, messages: Sequence[Message], micrographs: Sequence[View], candidates: Sequence[str]
    ) -> NDArray[np.float64]:
        return np.zeros(len(candidates))

    def close(self) -> None:
        self.closed = True


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
    return ScriptedBackbone(quantization)
