"""How much the model's vote is worth in this library: it is asked about labelled micrographs.

Each is left out of the library while its neighbours vote and the model answers; what both are
worth is fitted on that, kept for encoder and model, and used from then on. It must not know how
votes are shown.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from slava.domain import Classification, MicrographId, Ranked
from slava.errors import ModelError, SlavaError
from ui.services.demonstrations import Demonstrations, Stamp
from ui.services.models import Models
from ui.services.news import News

if TYPE_CHECKING:
    from slava.retrieval.index import Index
    from slava.vlm.backbone import Backbone
    from ui.services.wishes import Wish

log = logging.getLogger("slava.weighing")

ASKED = 24
"""So many labelled micrographs the model is asked about."""

Judge = Callable[["Wish", MicrographId, Stamp, "Index", "Backbone"], Classification]


@dataclass(frozen=True, slots=True)
class Weighed:
    """How far it has come, or what came of it."""

    state: Literal["running", "done", "cancelled", "failed"]
    total: int
    done: int = 0
    model_right: int = 0
    neighbours_right: int = 0
    error: str = ""


class Weighing:
    """Weighs the model that is chosen; safe to use from any thread."""

    def __init__(
        self, models: Models, news: News, demonstrations: Demonstrations, judge: Judge
    ) -> None:
        self._models, self._news, self._judge = models, news, judge
        self._demonstrations = demonstrations
        self._guard = threading.Lock()
        self._state: Weighed | None = None
        self._stop = threading.Event()
        self._worker: threading.Thread | None = None

    @property
    def state(self) -> Weighed | None:
        """The weighing under way, or the last one."""
        with self._guard:
            return self._state

    def begin(self, wish: Wish, stamp: Stamp) -> None:
        """Ask the model about labelled micrographs, in the background.

        Raises
        ------
        ModelError
            If that is being done already.
        """
        with self._guard:
            if self._state is not None and self._state.state == "running":
                raise ModelError("the model is being weighed. Wait for its end.")
            index = self._demonstrations.index(stamp)
            rows = _of_every_class(index)
            self._state, self._stop = Weighed("running", len(rows)), threading.Event()
            wished = replace(wish, k=max(1, wish.k), pinned=(), put_aside=())
            self._worker = threading.Thread(
                target=self._run, args=(wished, stamp, index, rows), name="slava-weighing",
                daemon=True,
            )  # fmt: skip
            self._worker.start()
        self._news.tell()

    def cancel(self) -> None:
        """End after the micrograph at hand; nothing is kept of it."""
        self._stop.set()

    def close(self, timeout_s: float) -> None:
        """Cancel, and wait for the micrograph at hand."""
        self.cancel()
        with self._guard:
            worker = self._worker
        if worker is not None:
            worker.join(timeout_s)

    # ------------------------------------------------------------------ the work
    def _run(self, wish: Wish, stamp: Stamp, index: Index, rows: list[int]) -> None:
        try:
            self._weigh(wish, stamp, index, rows)
        except SlavaError as error:
            self._change(state="failed", error=str(error))
        except Exception as error:
            log.exception("weighing the model failed")
            self._change(state="failed", error=f"it failed ({type(error).__name__}: {error}).")

    def _weigh(self, wish: Wish, stamp: Stamp, index: Index, rows: list[int]) -> None:
        from slava.retrieval.fusion import fit_fusion

        said: dict[str, list[NDArray[np.float64]]] = {"knn": [], "model": []}
        for done, row in enumerate(rows, start=1):
            if self._stop.is_set():
                self._change(state="cancelled")
                return
            with self._models.using(self._stop) as backbone:
                found = self._judge(wish, MicrographId(index.ids[row]), stamp, index, backbone)
            if not found.ranked_model:
                raise ModelError(f"it gave no answer: {found.model_note}")
            label = index.labels[row]
            for name, ranked in (("knn", found.ranked_knn), ("model", found.ranked_model)):
                said[name].append(_in_order(ranked, index.classes))
            now = self.state
            if now is not None:
                self._change(
                    done=done,
                    model_right=now.model_right + (found.ranked_model[0].label == label),
                    neighbours_right=now.neighbours_right + (found.ranked_knn[0].label == label),
                )
        voters = {name: np.stack(votes) for name, votes in said.items()}
        fitted = fit_fusion(voters, index.label_codes[rows])
        self._demonstrations.keep_weights(stamp.key, self._models.state.wanted.reference, fitted)
        self._change(state="done")

    def _change(self, **changes: Any) -> None:
        with self._guard:
            if self._state is not None:
                self._state = replace(self._state, **changes)
        self._news.tell()


def _in_order(ranked: Sequence[Ranked], classes: Sequence[str]) -> NDArray[np.float64]:
    by_label = {r.label: r.probability for r in ranked}
    return np.array([by_label[label] for label in classes])


def _of_every_class(index: Index) -> list[int]:
    """Labelled rows, every class in turn, up to :data:`ASKED`."""
    rng = np.random.default_rng(1)
    shuffled = [
        rng.permutation(np.flatnonzero(index.label_codes == code))
        for code in range(len(index.classes))
    ]
    longest = max((len(rows) for rows in shuffled), default=0)
    rows = [int(of[turn]) for turn in range(longest) for of in shuffled if len(of) > turn]
    return rows[:ASKED]
