"""What speaks against a run before it starts, all at once and in plain words. No torch.

It must not know queues, rows or windows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from slava.errors import SnapshotDamaged
from slava.handoff.read_snapshot import read_snapshot
from training.finetune.config import TrainConfig

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found."""

    severity: Severity
    """An ``error`` speaks against the start; a ``warning`` is worth knowing."""
    check: str
    """One word for what was looked at, such as ``snapshot``."""
    text: str
    """A sentence."""
    way_out: str = ""


def check_start(
    snapshot: Path,
    workspace: Path,
    config: TrainConfig,
    on_progress: Callable[[str], None] = lambda _: None,
) -> list[Finding]:
    """Everything that speaks against a run, errors first; empty where nothing does.

    Parameters
    ----------
    snapshot
        The folder of what it learns from.
    workspace
        Where the micrographs are.
    config
        What the run is told.
    on_progress
        Told what is being looked at.
    """
    on_progress("reading the snapshot")
    try:
        read_snapshot(snapshot, workspace)
    except SnapshotDamaged as error:
        return [
            Finding(
                "error",
                "snapshot",
                f"The snapshot is damaged: {problem}.",
                "Restore the file from a copy, or freeze the pairs again.",
            )
            for problem in error.problems
        ]
    _ = config
    return []
