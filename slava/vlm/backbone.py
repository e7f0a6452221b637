"""The model seam: what the rest of sLAVA may ask of a vision-language model.

Three kinds stand behind it: the built-in sLAVA, any Hugging Face image-text-to-text model, and an
OpenAI-compatible endpoint. This module knows none of them and imports no torch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box, Calibration, Fact
from slava.domain.conversation import Quantization

Role = Literal["system", "user", "assistant"]
Finish = Literal["end", "length", "stopped"]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A micrograph as a backbone is shown it.

    ``facts`` and ``calibration`` hold only what the chosen context level lets the model know.
    """

    pixels: NDArray[np.uint8]
    """(height, width), 0..255: the databar cropped away, contrast-stretched for display."""
    crop: Box
    """Which part of the file that is."""
    calibration: Calibration | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``micrographs`` are indices into the views given beside the messages."""

    role: Role
    text: str
    micrographs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How an answer is generated. Temperature 0 is greedy and repeatable."""

    max_new_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_image_tokens: int | None = None
    """Budget for one picture, where the model can trade resolution for tokens."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer; the last one of a stream carries ``finish``."""

    text: str
    tokens: int = 1
    finish: Finish | None = None
    notice: str = ""
    """What the user must know about this answer, such as turns that did not fit the context."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The size at which a backbone takes a picture in, and what that costs."""

    width_px: int
    height_px: int
    image_tokens: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a loaded backbone is, needs and can do."""

    id: str
    """``builtin``, a folder, a repository id, or ``URL#model``."""
    name: str
    kind: Literal["builtin", "transformers", "endpoint"]
    quantization: Quantization
    device: str
    parameters: int | None = None
    memory_bytes: int | None = None
    max_micrographs: int | None = None
    context_tokens: int | None = None
    can_score: bool = True
    licence: str = ""
    notice: str = ""
    """What the user must know wherever it answers; empty when there is nothing."""


@runtime_checkable
class Backbone(Protocol):
    """A loaded vision-language model. Not thread-safe: one call at a time."""

    def report(self) -> Report:
        """What it is, and the memory it holds now."""
        ...

    def seen(self, view: View, settings: GenerationSettings) -> Seen:
        """How it would take ``view`` in, without running it."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        """Yield the answer to the last user message piece by piece.

        Setting ``stop`` ends generation within one token; the last chunk then has ``finish ==
        "stopped"``. Closing the iterator does the same.

        Raises
        ------
        ModelError
            If the model cannot take this input, breaks off, or runs out of memory.
        """
        ...

    def score(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        candidates: Sequence[str],
    ) -> NDArray[np.float64]:
        """Log-likelihood of each candidate as the whole answer, shape (len(candidates),).

        Raises
        ------
        ModelError
            If ``report().can_score`` is false.
        """
        ...

    def close(self) -> None:
        """Give the memory back. The backbone cannot be used afterwards."""
        ...
