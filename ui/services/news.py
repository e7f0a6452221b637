"""What has changed behind the window, as two numbers that only grow.

A page keeps the numbers it has shown and compares them; so looking for news costs a page next to
nothing while there is none. It must not know what changed, nor who looks.
"""

from __future__ import annotations

import threading


class News:
    """Two counters; safe to use from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._version = 0
        self._library = 0

    @property
    def version(self) -> int:
        """Grows with every change that a page may want to show."""
        return self._version

    @property
    def library(self) -> int:
        """Grows with every change to the list of micrographs."""
        return self._library

    def tell(self) -> None:
        """Something has changed."""
        with self._guard:
            self._version += 1

    def tell_library(self) -> None:
        """The list of micrographs has changed."""
        with self._guard:
            self._version += 1
            self._library += 1
