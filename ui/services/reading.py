"""Reading the letters and the scale bar in a picture, in the background, once per micrograph.

Only where nothing else calibrates it. What is read is a proposal: the user confirms it.
"""

from __future__ import annotations

import logging
import threading

from slava.domain import Micrograph, MicrographId
from slava.errors import SlavaError
from store import Store
from ui.services.news import News

log = logging.getLogger("slava.reading")


class Reading:
    """One picture is read at a time; safe to use from any thread."""

    def __init__(self, store: Store, news: News) -> None:
        self._store, self._news = store, news
        self._guard = threading.Lock()
        self._at_work = threading.Lock()
        self._begun: set[MicrographId] = set()
        self._busy: set[MicrographId] = set()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def begin(self, micrograph: Micrograph) -> None:
        """Read it unless it is calibrated or has been read; returns at once."""
        if micrograph.calibration is not None or micrograph.databar_read:
            return
        with self._guard:
            if micrograph.id in self._begun:
                return
            self._begun.add(micrograph.id)
            self._busy.add(micrograph.id)
            thread = threading.Thread(
                target=self._read, args=(micrograph.id,), name="slava-reading", daemon=True
            )
            self._threads = [*(t for t in self._threads if t.is_alive()), thread]
            thread.start()

    def is_busy(self, micrograph_id: MicrographId) -> bool:
        """Whether it is being read."""
        return micrograph_id in self._busy

    def close(self, timeout_s: float) -> None:
        """Begin no more, and wait for what is being read."""
        with self._guard:
            self._closed, threads = True, self._threads
        for thread in threads:
            thread.join(timeout_s)

    def _read(self, micrograph_id: MicrographId) -> None:
        try:
            with self._at_work:
                if self._closed:
                    return
                self._store.micrographs.read_databar(micrograph_id)
        except SlavaError as error:
            log.warning("the databar of %s was not read: %s", micrograph_id, error)
        except Exception:
            log.exception("reading the databar of %s failed", micrograph_id)
        finally:
            with self._guard:
                self._busy.discard(micrograph_id)
            self._news.tell_library()
