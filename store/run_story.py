"""What the log of a run says of it: its state, how far it is, how long it has worked. Pure.

The same events give the same run, whether they came one by one or all at once; so rows can be
dropped and made again from the logs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from slava.domain import Run, RunState
from slava.domain.run import ENDED
from slava.errors import BadSetting
from slava.handoff.events import (
    DoneEvent,
    FailedEvent,
    Logged,
    StateEvent,
    StepEvent,
    ValidationEvent,
)

ALIVE: tuple[RunState, ...] = ("preflight", "running", "saving")
"""A process is at work."""

_LEAVING: tuple[RunState, ...] = ("stopped", "cancelled", "failed", "interrupted")

NEXT: Mapping[RunState, frozenset[RunState]] = {
    "queued": frozenset({"preflight", "cancelled", "failed"}),
    "preflight": frozenset({"running", *_LEAVING}),
    "running": frozenset({"preflight", "saving", "done", *_LEAVING}),
    "saving": frozenset({"preflight", "done", *_LEAVING}),
    "interrupted": frozenset({"queued", "preflight", "cancelled"}),
    "failed": frozenset({"queued", "preflight"}),
    "done": frozenset(),
    "stopped": frozenset(),
    "cancelled": frozenset(),
}
"""Which states follow which. Back to ``preflight``: a process that was killed is started again."""


@dataclass(frozen=True, slots=True)
class Story:
    """A run, and what only its log has use for."""

    run: Run
    queued_at: str = ""
    """Since when it waits, or waited last: the order of the queue."""
    last_at: str = ""
    last_seq: int = -1


def require_next(before: RunState, after: RunState) -> None:
    """Refuse a state that cannot follow.

    Raises
    ------
    BadSetting
        When it cannot, with those that can.
    """
    if after not in get_args(RunState):
        raise BadSetting(f"A run cannot be {after!r}. Use one of: {', '.join(get_args(RunState))}.")
    if after not in NEXT[before]:
        can = ", ".join(sorted(NEXT[before])) or "nothing: start a new run"
        raise BadSetting(f"A run that is {before} cannot become {after}; what follows is {can}.")


def tell(story: Story, events: Iterable[Logged]) -> Story:
    """The story with what has happened since; events that it knows change nothing."""
    for logged in sorted(events, key=lambda e: e.seq):
        if logged.seq > story.last_seq:
            run = _after(_worked(story, logged), logged)
            queued = isinstance(logged.event, StateEvent) and run.state == "queued"
            story = Story(run, logged.at if queued else story.queued_at, logged.at, logged.seq)
    return story


def _worked(story: Story, logged: Logged) -> Run:
    """With the time between two events, where a process was at work between them.

    Not before an end that another process may have written down long after.
    """
    run, event = story.run, logged.event
    again = isinstance(event, StateEvent) and run.state != "preflight" and event.state in ALIVE[:1]
    late = isinstance(event, StateEvent) and event.state in ("interrupted", "queued")
    if run.state not in ALIVE or late or again or not story.last_at:
        return run
    try:
        gap = datetime.fromisoformat(logged.at) - datetime.fromisoformat(story.last_at)
    except (ValueError, TypeError):
        return run
    return replace(run, seconds=round(run.seconds + max(gap.total_seconds(), 0.0), 3))


def _after(run: Run, logged: Logged) -> Run:
    match logged.event:
        case StateEvent(state, reason):
            return _entered(run, state, reason, logged.at)
        case StepEvent() as step:
            peak = max(run.peak_memory_bytes or 0, step.memory_bytes or 0) or None
            return replace(
                run, step=step.step, steps=step.steps, loss=step.loss, peak_memory_bytes=peak
            )
        case ValidationEvent(_, loss, _):
            best = run.val_loss if run.val_loss is not None else math.inf
            return replace(run, val_loss=min(best, loss)) if math.isfinite(loss) else run
        case DoneEvent(memory_bytes=memory):
            peak = max(run.peak_memory_bytes or 0, memory or 0) or None
            return replace(run, peak_memory_bytes=peak)
        case FailedEvent(reason, way_out, _):
            return _entered(run, "failed", f"{reason} {way_out}".strip(), logged.at)
    return run


def _entered(run: Run, state: RunState, reason: str, at: str) -> Run:
    """In the next state; one that cannot follow is passed over."""
    if state not in NEXT.get(run.state, ()):
        return run
    if state in ENDED:
        return replace(run, state=state, reason=reason, ended_at=at)
    started = run.started_at or (at if state in ALIVE else "")
    return replace(run, state=state, reason="", started_at=started, ended_at="")
