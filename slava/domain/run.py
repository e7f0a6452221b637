"""A frozen training set, a run that learns from it, and the adapter that comes out.

It must not know how any of them is stored, nor how an adapter is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

SnapshotId = NewType("SnapshotId", str)
RunId = NewType("RunId", str)
AdapterId = NewType("AdapterId", str)

Part = Literal["train", "validation", "test"]

RunState = Literal[
    "queued",
    "preflight",
    "running",
    "saving",
    "done",
    "stopped",
    "cancelled",
    "failed",
    "interrupted",
]
"""``stopped``: ended early on request, with its weights. ``interrupted``: it can be resumed."""

ENDED: tuple[RunState, ...] = ("done", "stopped", "cancelled", "failed", "interrupted")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A named, frozen set of pairs in three parts, split by micrograph or paper."""

    id: SnapshotId
    """SHA-256 over its manifest, pairs and micrograph hashes."""
    name: str
    pairs: Mapping[Part, int]
    micrographs: Mapping[Part, int]
    created_at: str
    folder: str
    """Where its files are, relative to the workspace."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of training."""

    id: RunId
    snapshot_id: SnapshotId
    backbone: str
    """``builtin``, a folder or a repository id."""
    preset: str
    settings: Mapping[str, object]
    state: RunState
    created_at: str
    started_at: str = ""
    ended_at: str = ""
    step: int = 0
    steps: int = 0
    loss: float | None = None
    val_loss: float | None = None
    peak_memory_bytes: int | None = None
    seconds: float = 0.0
    reason: str = ""
    """Why it failed or was interrupted, and the way out."""
    notes: str = ""
    pid: int | None = None
    pid_started: float | None = None
    """Start time of the process, seconds since the epoch: a pid alone may have been reused."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """Trained weights on a backbone."""

    id: AdapterId
    name: str
    run_id: RunId | None
    """``None`` where it was brought from elsewhere."""
    backbone: str
    method: Literal["dya_moqpe", "lora", "lora_fa"]
    folder: str
    """Relative to the workspace."""
    size_bytes: int
    created_at: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Base and adapter on the frozen test part, such as ``accuracy_base``."""
