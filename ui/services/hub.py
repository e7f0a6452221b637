"""The hub as :class:`ui.services.models.Models` sees it: the size of a model, and fetching it.

Each call runs in a child process of its own; this process stays offline.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class HubDownloads:
    """Downloads into the machine's own cache of models."""

    def size(self, reference: str) -> int:
        """The bytes that a download would fetch; ModelError where the hub does not say."""
        from slava.vlm.download import ask_size

        return ask_size(reference)

    def fetch(
        self, reference: str, on_progress: Callable[[str], None], stop: threading.Event
    ) -> None:
        """Download it; ModelError with the reason, Cancelled when ``stop`` is set."""
        from slava.vlm.download import download_model

        download_model(reference, confirmed=True, on_progress=on_progress, stop=stop)
