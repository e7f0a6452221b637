"""The one loaded model: loading in the background, one user at a time, unloading.

It knows how to hold a backbone, not what backbones there are: the opener is handed in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from slava.domain.conversation import Quantization
from slava.errors import (
    BadInput,
    Cancelled,
    ModelError,
    ModelNeedsDownload,
    SlavaError,
)
from slava.vlm.backbone import Backbone, Report
from ui.services.news import News

log = logging.getLogger("slava.models")

POLL_S = 0.05
BUSY = "{} is being fetched or loaded. Wait until it is there."

Phase = Literal["empty", "loading", "downloading", "ready", "failed"]


class OpenBackbone(Protocol):
    """Loads what a reference names; :func:`slava.vlm.load.open_backbone` is one.

    Where an adapter is wanted, its folder is given as ``adapter`` besides.
    """

    def __call__(
        self,
        reference: str,
        *,
        quantization: Quantization,
        on_progress: Callable[[str], None] | None = None,
    ) -> Backbone: ...


class Hub(Protocol):
    """Where a model that is not on this machine comes from; asked only after a click."""

    def size(self, reference: str) -> int:
        """The bytes that a download would fetch."""
        ...

    def fetch(
        self, reference: str, on_progress: Callable[[str], None], stop: threading.Event
    ) -> None:
        """Download it, or go on with a download that broke off."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """The model that the user chose, loaded or not."""

    reference: str = "builtin"
    quantization: Quantization = "none"
    adapter: str = ""
    """Folder of the adapter that answers with it; empty for none."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """What the window shows of the model."""

    wanted: Wanted
    phase: Phase = "empty"
    progress: str = ""
    error: str = ""
    report: Report | None = None
    download: ModelNeedsDownload | None = None
    """Set while the chosen model is not on this machine; to fetch it needs a yes to its size."""


class Models:
    """Holds at most one backbone; safe to use from any thread."""

    def __init__(
        self, open_backbone: OpenBackbone, hub: Hub, news: News, wanted: Wanted | None = None
    ) -> None:
        self._open, self._hub, self._news = open_backbone, hub, news
        self._use = threading.Lock()  # held while the backbone works, loads or closes
        self._guard = threading.RLock()  # held while the fields below change
        self._state = ModelState(wanted or Wanted())
        self._backbone: Backbone | None = None
        self._loading: threading.Thread | None = None
        self._stop = threading.Event()  # ends the download under way
        self._lent = ""  # why no model may be loaded now
        self._was_ready = False

    @property
    def state(self) -> ModelState:
        """A snapshot."""
        with self._guard:
            return self._state

    @property
    def busy(self) -> bool:
        """Whether a model is being loaded or downloaded."""
        return self.state.phase in ("loading", "downloading")

    def choose(self, wanted: Wanted) -> None:
        """Load ``wanted`` in the background, closing the model before it.

        Raises
        ------
        ModelError
            When a model is being loaded already, or its memory is lent.
        """
        with self._guard:
            if self.busy:
                raise ModelError(BUSY.format(self._state.wanted.reference))
            if self._lent:
                raise ModelError(self._lent)
            self._state = ModelState(wanted, "loading", "waiting for the model in use")
            self._begin(self._load)
        self._news.tell()

    def warm(self) -> None:
        """Begin to load the chosen model if there is none yet and its memory is not lent."""
        with self._guard:
            if self._state.phase == "empty" and not self._lent:
                self.choose(self._state.wanted)

    def unload(self) -> None:
        """Close the model and give its memory back."""
        with self._use:
            self._close()
            self._set(phase="empty", progress="", error="", report=None)

    def lend(self, reason: str) -> None:
        """Close the model and load none until :meth:`give_back`; askers are told the reason.

        A served model has no memory here and goes on. An answer under way is waited for.
        """
        with self._guard:
            report = self._state.report
            if report is not None and report.kind == "endpoint":
                return
            loading, self._was_ready = self._loading, self._state.phase in ("ready", "loading")
            self._lent = reason
        if loading is not None:
            loading.join()
        self.unload()

    def give_back(self) -> None:
        """Its memory is its own again; what was loaded before is loaded in the background."""
        with self._guard:
            lent, self._lent = self._lent, ""
            again, self._was_ready = bool(lent) and self._was_ready, False
        if again:
            self.warm()

    @contextmanager
    def using(self, stop: threading.Event | None = None) -> Iterator[Backbone]:
        """The loaded backbone, for this caller alone; it is loaded first where that is needed.

        Raises
        ------
        ModelError
            When it cannot be loaded; the text says why.
        Cancelled
            When ``stop`` is set before it is loaded; loading goes on for the next caller.
        """
        self.warm()
        loading = self._loading
        while loading is not None and loading.is_alive():
            loading.join(POLL_S)
            if stop is not None and stop.is_set():
                raise Cancelled("stopped before the model was loaded.")
        with self._use:
            if self._backbone is None:
                raise ModelError(
                    self._lent
                    or self.state.error
                    or "no model is loaded. Choose one and try again."
                )
            yield self._backbone

    # ------------------------------------------------------------------ downloading
    def look_up_size(self, reference: str) -> None:
        """Ask the hub for the size of the model that is missing, in the background.

        Raises
        ------
        BadInput
            If ``reference`` is not the model that is missing.
        """
        self._begin_at_hub(reference, "asking for its size", self._look_up_size)

    def download(self, reference: str) -> None:
        """Fetch the model that is missing, in the background, then load it.

        Raises
        ------
        BadInput
            If ``reference`` is not the model that is missing, or its size has not been told.
        """
        if self._missing(reference).size_bytes is None:
            raise BadInput(f"the size of {reference} is not known yet. Ask for it first.")
        self._begin_at_hub(reference, "asking for the list of files", self._fetch)

    def cancel_download(self) -> None:
        """End the download under way; what has come is kept."""
        self._stop.set()

    def _begin_at_hub(
        self, reference: str, progress: str, work: Callable[[ModelNeedsDownload], None]
    ) -> None:
        with self._guard:
            if self.busy:
                raise ModelError(BUSY.format(self._state.wanted.reference))
            needed = self._missing(reference)
            self._stop = threading.Event()
            self._set(phase="downloading", progress=progress, error="")
            self._begin(lambda: work(needed))

    def _missing(self, reference: str) -> ModelNeedsDownload:
        needed = self.state.download
        if needed is None or needed.reference != reference:
            raise BadInput(f"{reference} is not waiting to be downloaded. Choose it first.")
        return needed

    def _look_up_size(self, needed: ModelNeedsDownload) -> None:
        def work() -> None:
            raise ModelNeedsDownload(needed.reference, self._hub.size(needed.reference))

        self._attempt(work, needed)

    def _fetch(self, needed: ModelNeedsDownload) -> None:
        self._attempt(
            lambda: self._hub.fetch(needed.reference, self._on_progress, self._stop), needed
        )
        if self.state.phase != "failed":
            self._set(phase="loading", download=None)
            self._load()

    # ------------------------------------------------------------------ in the background
    def _begin(self, work: Callable[[], None]) -> None:
        self._loading = threading.Thread(target=work, name="slava-model", daemon=True)
        self._loading.start()

    def _load(self) -> None:
        with self._use:
            self._close()
            self._attempt(self._open_wanted)

    def _open_wanted(self) -> None:
        wanted = self.state.wanted
        self._set(progress="loading")
        more: dict[str, Any] = {"adapter": Path(wanted.adapter)} if wanted.adapter else {}
        backbone = self._open(
            wanted.reference,
            quantization=wanted.quantization,
            on_progress=self._on_progress,
            **more,
        )
        self._backbone = backbone
        self._set(phase="ready", progress="", report=backbone.report())

    def _attempt(self, work: Callable[[], None], missing: ModelNeedsDownload | None = None) -> None:
        """Turn whatever goes wrong into a state with words for it; ``missing`` stays missing."""
        try:
            work()
        except SlavaError as error:
            needs = error if isinstance(error, ModelNeedsDownload) else missing
            self._set(phase="failed", progress="", error=str(error), download=needs)
        except Exception as error:
            log.exception("loading failed")
            words = f"{type(error).__name__}: {str(error)[:300]}"
            self._set(
                phase="failed",
                progress="",
                error=f"the model could not be loaded ({words}).",
                download=missing,
            )

    def _close(self) -> None:
        backbone, self._backbone = self._backbone, None
        if backbone is not None:
            backbone.close()

    def _on_progress(self, text: str) -> None:
        self._set(progress=text)

    def _set(self, **changes: object) -> None:
        with self._guard:
            self._state = replace(self._state, **changes)  # type: ignore[arg-type]
        self._news.tell()
