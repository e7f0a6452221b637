"""What is wished of a drafting, and how far its two jobs are. It must not know how they go."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from slava.domain import MicrographId
from ui.services.job import Progress

if TYPE_CHECKING:
    from slava.teacher.subject import Template
    from slava.vlm.backbone import Backbone


class Using(Protocol):
    """Gives the loaded model to one caller, such as :meth:`ui.services.models.Models.using`."""

    def __call__(self, stop: threading.Event) -> AbstractContextManager[Backbone]: ...


@dataclass(frozen=True, slots=True)
class DraftWish:
    """What is to be drafted, as a tab's form says it."""

    ids: tuple[MicrographId, ...]
    pack: str = "nanomaterials"
    aspects: tuple[str, ...] = ()
    templates: tuple[Template, ...] = ("vqa",)
    compare: str = ""
    """Comparisons by name, or ``all``."""
    longest_px: int = 1024
    measure: bool = True
    """Whether micrographs that have not been measured are measured first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning(Progress):
    """How far preparing is; the plan is in :attr:`Drafting.plan` at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending(Progress):
    """How far drafting is."""

    job_id: str = ""
    pairs: int = 0
    spent_usd: float = 0.0
    maybe_usd: float = 0.0
    cap_usd: float | None = None
    outcomes: dict[str, int] = field(default_factory=dict)
    capped: bool = False
