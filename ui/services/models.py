"""The one loaded model: loading in the background, one user at a time, unloading.

It knows how to hold a backbone, not what backbones there are: the opener is handed in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from slava.domain.conversation import Quantization
from slava.errors import Cancelled, ModelError, ModelNeedsDownload, SlavaError
from slava.vlm.backbone import Backbone, Report

log = logging.getLogger("slava.models")

POLL_S = 0.05

Phase = Literal["empty", "loading", "downloading", "ready", "failed"]


class OpenBackbone(Protocol):
    """Loads what a reference names; :func:`slava.vlm.load.open_backbone` is one."""

    def __call__(
        self,
        reference: str,
        *,
        quantization: Quantization,
        on_progress: Callable[[str], None] | None = None,
    ) -> Backbone: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """The model that the user chose, loaded or not."""

    reference: str = "builtin"
    quantization: Quantization = "none"


@dataclass(frozen=True, slots=True)
class ModelState:
    """What the window shows of the model."""

    wanted: Wanted
    phase: Phase = "empty"
    progress: str = ""
    error: str = ""
    report: Report | None = None
    download: ModelNeedsDownload | None = None
    """Set when the chosen model must be downloaded first, which needs a yes."""


class Models:
    """Holds at most one backbone; safe to use from any thread."""

    def __init__(self, open_backbone: OpenBackbone, wanted: Wanted | None = None) -> None:
        self._open = open_backbone
        self._use = threading.Lock()  # held while the backbone works, loads or closes
        self._guard = threading.RLock()  # held while the fields below change
        self._state = ModelState(wanted or Wanted())
        self._backbone: Backbone | None = None
        self._loading: threading.Thread | None = None

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
            When a model is being loaded already.
        """
        with self._guard:
            if self.busy:
                raise ModelError(
                    f"{self._state.wanted.reference} is being loaded. Wait until it is there."
                )
            self._state = ModelState(wanted, "loading", "waiting for the model in use")
            self._begin(self._load)

    def warm(self) -> None:
        """Begin to load the chosen model if there is none yet."""
        with self._guard:
            if self._state.phase == "empty":
                self.choose(self._state.wanted)

    def unload(self) -> None:
        """Close the model and give its memory back."""
        with self._use:
            self._close()
            self._set(phase="empty", progress="", error="", report=None)

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
                    self.state.error or "no model is loaded. Choose one and try again."
                )
            yield self._backbone

    def run_download(
        self, reference: str, download: Callable[[Callable[[str], None]], None]
    ) -> None:
        """Run ``download(on_progress)`` in the background, then load the model."""
        with self._guard:
            if self.busy:
                raise ModelError("a model is being loaded. Wait until it is there.")
            self._set(phase="downloading", progress="asking for the size", error="", download=None)

            def work() -> None:
                self._attempt(lambda: download(self._on_progress))
                if self.state.phase != "failed":
                    self._set(phase="loading")
                    self._load()

            self._begin(work)
        log.info("downloading %s", reference)

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
        backbone = self._open(
            wanted.reference, quantization=wanted.quantization, on_progress=self._on_progress
        )
        self._backbone = backbone
        self._set(phase="ready", progress="", report=backbone.report())

    def _attempt(self, work: Callable[[], None]) -> None:
        """Turn whatever goes wrong into a state with words for it."""
        try:
            work()
        except SlavaError as error:
            needs = error if isinstance(error, ModelNeedsDownload) else None
            self._set(phase="failed", progress="", error=str(error), download=needs)
        except Exception as error:
            log.exception("loading failed")
            words = f"{type(error).__name__}: {str(error)[:300]}"
            self._set(
                phase="failed", progress="", error=f"the model could not be loaded ({words})."
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
