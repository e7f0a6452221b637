"""Vectors of micrographs made in the background, one encoder open at a time.

What is wanted first is made first; what has been made is in the store. Torch is loaded by the
encoder, in the thread of this module, when it is first needed. It must not know what the vectors
are for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from slava.domain import EncoderKey, MicrographId
from slava.errors import Cancelled, ModelError, NotFound, SlavaError
from store import Store
from ui.services.news import News

if TYPE_CHECKING:
    from slava.retrieval.encoder import MicrographEncoder
    from slava.retrieval.view import Picture

log = logging.getLogger("slava.embedding")

OpenEncoder = Callable[[str], "MicrographEncoder"]
BUILTIN = "builtin"

BATCH = 8
POLL_S = 0.1
TELL_EVERY_S = 2.0
"""While many vectors are made, the index is read again no more often than this."""
KEYS = "encoder_keys"
"""Setting: which key an encoder had when it was last opened, so that its vectors can be used
before it is open."""


def open_any(reference: str) -> MicrographEncoder:
    """The project's own opener, imported when it is first needed."""
    from slava.retrieval.encoder import open_encoder

    return open_encoder(reference)


Phase = Literal["idle", "opening", "embedding"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far making vectors has come."""

    reference: str = BUILTIN
    phase: Phase = "idle"
    done: int = 0
    total: int = 0
    error: str = ""
    """Why the encoder could not be opened, until it is wanted again."""
    failures: tuple[str, ...] = ()
    """Micrographs that it could not be given, with the reason."""


class Embedding:
    """The queue of micrographs to be embedded; safe to use from any thread."""

    def __init__(self, store: Store, news: News, opener: OpenEncoder = open_any) -> None:
        self._store, self._news, self._open = store, news, opener
        self._guard = threading.RLock()
        self._encoding = threading.Lock()
        self._progress = Progress()
        self._waiting: dict[MicrographId, None] = {}
        self._urgent: set[MicrographId] = set()
        self._failed: set[MicrographId] = set()
        self._told = 0.0
        self._encoder: MicrographEncoder | None = None
        self._opened = ""
        self._worker: threading.Thread | None = None
        self._made = 0

    @property
    def progress(self) -> Progress:
        """A snapshot."""
        with self._guard:
            return self._progress

    @property
    def made(self) -> int:
        """Grows with every batch of vectors that is kept."""
        with self._guard:
            return self._made

    def encoder(self, reference: str) -> MicrographEncoder | None:
        """The encoder of a reference, if it is the one that is open."""
        with self._guard:
            return self._encoder if self._opened == reference else None

    def key(self, reference: str) -> EncoderKey | None:
        """What its vectors are marked with, as far as that is known without opening it."""
        opened = self.encoder(reference)
        if opened is not None:
            return opened.key
        kept = self._store.settings.get_setting(KEYS, {}).get(reference)
        return EncoderKey(*kept) if kept else None

    def opened(self, reference: str, stop: threading.Event) -> MicrographEncoder:
        """The encoder, opened first where that is needed.

        Raises
        ------
        ModelError
            When it cannot be opened.
        Cancelled
            When ``stop`` is set before it is open.
        """
        while (encoder := self.encoder(reference)) is None:
            self.want([], reference)
            if stop.wait(POLL_S):
                raise Cancelled("stopped before the encoder was open.")
            progress = self.progress
            if progress.error and progress.reference == reference:
                raise ModelError(progress.error)
        return encoder

    def record(
        self, encoder: MicrographEncoder, pictures: Mapping[MicrographId, Picture]
    ) -> dict[MicrographId, NDArray[np.float32]]:
        """Make vectors of pictures that are at hand, in this thread, and keep them."""
        if not pictures:
            return {}
        with self._encoding:
            vectors = encoder.encode(list(pictures.values()))
        made = dict(zip(pictures, vectors, strict=True))
        self._store.vectors.record_vectors(encoder.key, made)
        return made

    def tell(self) -> None:
        """There are vectors that were recorded from outside."""
        with self._guard:
            self._made += 1
        self._news.tell()

    def want(self, ids: Iterable[MicrographId], reference: str, *, urgent: bool = False) -> None:
        """Make these vectors next; those of another encoder that still wait are dropped.

        ``urgent`` ones are told of as soon as they are made.
        """
        with self._guard:
            fresh = reference != self._progress.reference
            if fresh:
                self._waiting.clear()
                self._failed.clear()
            wanted = [i for i in ids if i not in self._failed]
            if not wanted and self.encoder(reference) is not None:
                return
            if not fresh and self._worker is not None and self._first(wanted, urgent):
                return
            if urgent:
                self._urgent.update(wanted)
            before = [i for i in self._waiting if i not in set(wanted)]
            self._waiting = dict.fromkeys([*wanted, *before])
            idle = self._worker is None
            at = Progress(reference) if fresh or idle else self._progress
            phase: Phase = "opening" if self.encoder(reference) is None else "embedding"
            total = at.done + len(self._waiting)
            self._progress = replace(
                at, phase=phase, total=total, error="", failures=at.failures if not idle else ()
            )
            if idle:
                self._worker = threading.Thread(
                    target=self._work, name="slava-embedding", daemon=True
                )
                self._worker.start()
        self._news.tell()

    def _first(self, wanted: list[MicrographId], urgent: bool) -> bool:
        """Whether these are waited for already, urgent ones before all others."""
        waiting = list(self._waiting)
        return waiting[: len(wanted)] == wanted if urgent else set(wanted) <= set(waiting)

    def failed(self, micrograph_id: MicrographId) -> bool:
        """Whether no vector could be made of it."""
        with self._guard:
            return micrograph_id in self._failed

    def cancel(self) -> None:
        """Make no more after the batch at hand."""
        with self._guard:
            self._waiting.clear()
        self._news.tell()

    def close(self, timeout_s: float) -> None:
        """Cancel, and wait for the batch at hand."""
        self.cancel()
        with self._guard:
            worker = self._worker
        if worker is not None:
            worker.join(timeout_s)

    # ------------------------------------------------------------------ the work
    def _work(self) -> None:
        try:
            while self._step():
                self._news.tell()
        except SlavaError as error:
            self._end(str(error))
        except Exception as error:
            log.exception("embedding failed")
            self._end(f"the encoder failed ({type(error).__name__}: {error}).")
        self._news.tell()

    def _step(self) -> bool:
        """Open the encoder or embed one batch; false when there is nothing left."""
        with self._guard:
            reference, encoder = self._progress.reference, self._encoder
            opened = self._opened == reference and encoder is not None
            if opened and not self._waiting:
                self._end()
                return False
            batch = list(self._waiting)[:BATCH]
        if not opened or encoder is None:
            self._reopen(reference)
            return True
        self._embed(encoder, batch)
        return True

    def _reopen(self, reference: str) -> None:
        encoder = self._open(reference)
        kept = dict(self._store.settings.get_setting(KEYS, {}))
        kept[reference] = [encoder.key.id, encoder.key.preprocessing, encoder.key.dimension]
        self._store.settings.set_setting(KEYS, kept)
        with self._guard:
            self._encoder, self._opened = encoder, reference
            if self._progress.reference == reference:
                self._progress = replace(self._progress, phase="embedding")

    def _embed(self, encoder: MicrographEncoder, batch: Sequence[MicrographId]) -> None:
        from slava.retrieval.view import specimen_view

        pictures: dict[MicrographId, Picture] = {}
        for micrograph_id in batch:
            try:
                record = self._store.micrographs.get_micrograph(micrograph_id)
                grey = self._store.micrographs.read_grey(micrograph_id)
                pictures[micrograph_id] = specimen_view(record, grey)
            except NotFound:
                continue  # removed meanwhile
            except SlavaError as error:
                self._fail(micrograph_id, str(error))
        self.record(encoder, pictures)
        with self._guard:
            for micrograph_id in batch:
                self._waiting.pop(micrograph_id, None)
            self._tell_made(batch)
            done = self._progress.done + len(batch)
            total = max(done + len(self._waiting), done)
            self._progress = replace(self._progress, done=done, total=total)

    def _tell_made(self, batch: Sequence[MicrographId]) -> None:
        moment = time.monotonic()
        urgent = bool(self._urgent.intersection(batch))
        self._urgent.difference_update(batch)
        if urgent or not self._waiting or moment - self._told > TELL_EVERY_S:
            self._made += 1
            self._told = moment

    def _fail(self, micrograph_id: MicrographId, reason: str) -> None:
        with self._guard:
            self._failed.add(micrograph_id)
            failures = (*self._progress.failures, reason)
            self._progress = replace(self._progress, failures=failures)

    def _end(self, error: str = "") -> None:
        with self._guard:
            self._waiting.clear()
            self._worker = None
            self._progress = replace(self._progress, phase="idle", error=error)
