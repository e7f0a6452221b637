"""How an encoder is trained, and what is told while it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from slava.errors import BadSetting
from slava.retrieval.encoder_folder import Task

Schedule = Literal["cycle", "plateau"]


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """One training. The same config on the same micrographs gives the same weights."""

    task: Task = "supervised"
    """``supervised``: cross entropy of labels; ``unsupervised``: NT-Xent of two views."""
    architecture: Literal["texture", "patches"] = "texture"
    size_px: int = 128
    dimension: int = 128
    samples: int = 40_000
    """How many views are shown in all: the time that it takes, whatever the library's size."""
    most_epochs: int = 150
    """A small library is not shown more often than this."""
    batch: int = 48
    learning_rate: float = 2e-3
    """1e-3 for ``plateau``."""
    schedule: Schedule = "cycle"
    """``cycle`` rises and falls once; ``plateau`` halves after ``patience`` evaluations without
    a better validation loss and stops early after as many again, as the papers do."""
    patience: int = 5
    held_out: float = 0.1
    """Share of every class, by group, that is not learnt from: for choosing and calibrating."""
    seed: int = 0
    smoothing: float = 0.05
    contrast: float = 0.5
    """Weight of the supervised contrastive loss beside the cross entropy."""
    temperature: float = 0.1
    """Of both contrastive losses."""

    def __post_init__(self) -> None:
        wrong = []
        if self.size_px % 32 or not 64 <= self.size_px <= 512:
            wrong.append(f"size_px {self.size_px} is no multiple of 32 in 64..512")
        if self.batch < 4 or self.samples < self.batch:
            wrong.append(f"batch {self.batch} and samples {self.samples} do not go together")
        if not 0 < self.learning_rate < 1:
            wrong.append(f"learning_rate {self.learning_rate} is not in 0..1")
        if wrong:
            raise BadSetting("; ".join(wrong) + ".")


@dataclass(frozen=True, slots=True)
class EncoderProgress:
    """How far a training is; ``validation`` is the share of the held-out part that is right."""

    step: int
    steps: int
    loss: float
    seconds: float
    validation: float | None = None

    @property
    def text(self) -> str:
        """In one line."""
        told = f"step {self.step} of {self.steps}, {self.seconds:.0f} s, loss {self.loss:.3f}"
        return told if self.validation is None else f"{told}, validation {self.validation:.3f}"


Report = Callable[[EncoderProgress], None]
