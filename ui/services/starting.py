"""Before a run gets its process: what speaks against it, and room in the memory.

It must not know the queue, nor threads.
"""

from __future__ import annotations

from slava.domain import Run, RunId
from slava.handoff.events import FailedEvent, StateEvent, WarningEvent
from store import Store
from training import launch
from ui.services.models import Models

LENT = "a training has the memory of the model. Pause the training to chat."


class Room:
    """The chat model's memory, lent to a training; there may be no chat model."""

    def __init__(self, models: Models | None) -> None:
        self._models, self._lent = models, False

    def borrow(self) -> None:
        """Have the model closed; an answer under way is waited for."""
        if self._models is not None and not self._lent:
            self._models.lend(LENT)
            self._lent = True

    def give_back(self) -> None:
        """Have it loaded again, if it was."""
        if self._models is not None and self._lent:
            self._lent = False
            self._models.give_back()


def hindered(store: Store, run_id: RunId) -> Run | None:
    """The run as it ended instead of starting; ``None`` when nothing speaks against it.

    What is only worth knowing is told in its log.

    Raises
    ------
    BadSetting, WorkspaceDamaged
        When its config cannot be read.
    """
    from training.finetune.config import config_from
    from training.preflight import check_start

    folder = store.runs.folder(run_id)
    config = config_from(folder.read_config())
    findings = check_start(folder.snapshot, store.workspace, config)
    if folder.wish() is not None:
        launch.sweep(folder)
        return store.runs.record(run_id, StateEvent("cancelled", "cancelled before the start"))
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        reason = " ".join(finding.text for finding in errors)
        way_out = " ".join(dict.fromkeys(finding.way_out for finding in errors))
        return store.runs.record(run_id, FailedEvent(reason, way_out))
    for finding in findings:
        told = f"{finding.text} {finding.way_out}".strip()
        store.runs.record(run_id, WarningEvent(told))
    return None
