"""Following the log of a run: whole lines, from where it was left. The parent side: no torch.

It must not know where events are kept.
"""

from __future__ import annotations

from pathlib import Path

from slava.handoff.events import EventReader, Logged


class Tail:
    """The events of a log that are not known yet; it may be begun at any of them."""

    def __init__(self, path: Path, since: int = -1) -> None:
        self._reader, self._since = EventReader(path), since

    @property
    def broken(self) -> int:
        """Lines that are no event and were passed over."""
        return self._reader.broken

    def read(self) -> list[Logged]:
        """What has come, in order and each once, also where the log was read anew."""
        fresh: list[Logged] = []
        for logged in self._reader.read():
            if logged.seq > self._since:
                self._since = logged.seq
                fresh.append(logged)
        return fresh
