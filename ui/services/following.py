"""The run that is at work, as its follower knows it, and what its end means.

It must not know the queue, nor threads.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Literal

from slava.domain import Run
from slava.domain.run import ENDED
from slava.handoff.events import FailedEvent, StateEvent
from slava.handoff.run_folder import RunFolder
from store.runs import Runs
from training import launch
from training.tail import Tail
from ui.services.training_records import Watch

CANCEL_GRACE_S = 15.0
"""A cancelled process has this long to end by itself; then its tree is killed."""
PAUSE_GRACE_S = 120.0
"""A paused one has this long for its checkpoint; a step may be long."""
LINGER_S = 30.0
"""A process that has told its end has this long to be gone."""


@dataclass(slots=True)
class Active:
    """A run with its process."""

    run: Run
    folder: RunFolder
    child: launch.Child
    tail: Tail
    watch: Watch = field(default_factory=Watch)
    ended_at: float = 0.0
    """Monotonic, when it told its end."""
    wished_at: float = 0.0
    """Monotonic, when it was asked to end."""
    asked: Literal["", "cancel", "pause", "stop"] = ""
    quiet_min: int = 0
    """Minutes of silence that are shown."""

    def ask(self, wish: Literal["cancel", "pause", "stop"]) -> None:
        """Note what it was asked; to pause, it is told here: no file says so."""
        self.asked, self.wished_at = wish, time.monotonic()
        if wish == "pause":
            if os.name == "nt":
                self.child.kill()
            else:
                self.child.terminate()

    def press(self) -> None:
        """End what was asked to end, or has told its end, and has not ended."""
        moment = time.monotonic()
        if self.run.state in ENDED:
            self.ended_at = self.ended_at or moment
            if moment - self.ended_at > LINGER_S:
                self.child.kill()
        elif self.asked in ("cancel", "pause"):
            grace = CANCEL_GRACE_S if self.asked == "cancel" else PAUSE_GRACE_S
            if moment - self.wished_at > grace:
                self.child.kill()


def conclude(runs: Runs, run: Run, code: int | None) -> Run:
    """The state of a run whose process has ended.

    Parameters
    ----------
    runs
        Where it is kept.
    run
        As its log tells it by now.
    code
        What the process ended with, where that is known.
    """
    folder = runs.folder(run.id)
    if run.state in ENDED:
        if run.state == "cancelled":
            launch.sweep(folder)
        return run
    if folder.wish() == "cancel":
        launch.sweep(folder)
        told = StateEvent("cancelled", "cancelled on request; no weights were kept")
        return runs.record(run.id, told)
    if code and code > 0 and run.state == "preflight":
        words = launch.last_words(folder)
        said = f" Its last words: {words}" if words else ""
        reason = f"The training process ended before it began (code {code}).{said}"
        return runs.record(run.id, FailedEvent(reason, "Its log.txt says more."))
    return runs.record(run.id, StateEvent("interrupted", _broken_off(code)))


def _broken_off(code: int | None) -> str:
    """Why a run that said nothing has ended, as far as that can be told."""
    if code == -9:
        return (
            "the process was killed from outside, perhaps because memory was short; resume it to "
            "go on from its last checkpoint"
        )
    told = f" (code {code})" if code else ""
    return f"the process ended without a word{told}; resume it to go on from its last checkpoint"
