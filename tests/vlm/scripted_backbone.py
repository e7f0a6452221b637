"""A backbone that answers from a script: a real one as far as the seam goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from slava.vlm.backbone import Chunk, Finish, GenerationSettings, Message, Report, Seen, View

Script = Callable[[str], Iterable[str]]
"""The words of the answer to a question; it may take its time, and break off by an error."""


@dataclass
class ScriptedBackbone:
    """Says what ``script`` says, ends as told, and keeps what it was asked."""

    script: Script
    finish: Finish = "end"
    notice: str = ""
    """Told with the end of each answer."""
    about: Report = field(
        default_factory=lambda: Report("scripted", "Scripted", "builtin", "none", "cpu")
    )
    asked: list[Sequence[Message]] = field(default_factory=list)
    closed: bool = False

    def report(self) -> Report:
        return self.about

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
        for word in self.script(messages[-1].text):
            if stop is not None and stop.is_set():
                yield Chunk("", 0, "stopped")
                return
            yield Chunk(word)
        yield Chunk("", 0, self.finish, notice=self.notice)

    def score(
        self, messages: Sequence[Message], micrographs: Sequence[View], candidates: Sequence[str]
    ) -> NDArray[np.float64]:
        return np.zeros(len(candidates))

    def close(self) -> None:
        self.closed = True
