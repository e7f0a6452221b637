"""Times as the workspace keeps them: ISO 8601, UTC, microseconds, so that text sorts as time."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """This moment."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
