"""One question about a query and its demonstrations together, answered by the model.

A model that takes many pictures sees them one after the other, another sees them on one sheet;
the built-in one looks at single micrographs and is not asked. It must not know how they were
chosen, nor Gradio.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from slava.domain import MicrographId, Neighbour
from slava.errors import BadInput, Cancelled, ModelError, SlavaError
from ui.services.models import Models
from ui.services.news import News

if TYPE_CHECKING:
    from slava.vlm.backbone import Backbone, Message, View

log = logging.getLogger("slava.comparing")

TOKENS = 384
TELL_EVERY_S = 0.3
LONGEST = 2000
ALONE = (
    "the built-in model looks at one micrograph at a time and cannot compare. "
    "Choose a larger model in Analyse."
)

ViewOf = Callable[[str], "View | None"]


@dataclass(frozen=True, slots=True)
class Compared:
    """A question about a set, and its answer as far as it has come."""

    query: MicrographId
    question: str
    state: Literal["running", "done", "stopped", "failed"] = "running"
    text: str = ""
    note: str = ""
    """How the model was shown the set, or why there is no answer."""


class Comparing:
    """Asks one question at a time; safe to use from any thread."""

    def __init__(self, models: Models, news: News, view_of: ViewOf) -> None:
        self._models, self._news, self._view_of = models, news, view_of
        self._guard = threading.Lock()
        self._state: Compared | None = None
        self._stop = threading.Event()
        self._worker: threading.Thread | None = None

    @property
    def state(self) -> Compared | None:
        """The answer under way, or the last one until it is dismissed."""
        with self._guard:
            return self._state

    def ask(self, question: str, query: MicrographId, shown: Sequence[Neighbour]) -> None:
        """Begin to answer a question about the query and what is shown with it.

        Raises
        ------
        BadInput
            If there is no question or nothing is shown.
        ModelError
            If another question is being answered.
        """
        asked = " ".join(question.split())
        if not asked or len(asked) > LONGEST:
            raise BadInput(f"a question of {len(asked)} characters: ask in 1 to {LONGEST}.")
        if not shown:
            raise BadInput("no demonstration is shown. Choose a K above 0.")
        with self._guard:
            if self._state is not None and self._state.state == "running":
                raise ModelError("another question is being answered. Stop it, or wait.")
            self._state, self._stop = Compared(query, asked), threading.Event()
            self._worker = threading.Thread(
                target=self._run, args=(asked, query, list(shown)), name="slava-comparing",
                daemon=True,
            )  # fmt: skip
            self._worker.start()
        self._news.tell()

    def stop(self) -> None:
        """Ask the answer under way to end."""
        self._stop.set()

    def dismiss(self) -> None:
        """Forget an answer that has ended."""
        with self._guard:
            if self._state and self._state.state != "running":
                self._state = None
        self._news.tell()

    def close(self, timeout_s: float) -> None:
        """Stop, and wait for the token at hand."""
        self.stop()
        with self._guard:
            worker = self._worker
        if worker is not None:
            worker.join(timeout_s)

    # ------------------------------------------------------------------ the work
    def _run(self, question: str, query: MicrographId, shown: Sequence[Neighbour]) -> None:
        try:
            with self._models.using(self._stop) as backbone:
                self._answer(backbone, question, query, shown)
            self._change(state="stopped" if self._stop.is_set() else "done")
        except Cancelled:
            self._change(state="stopped")
        except SlavaError as error:
            self._change(state="failed", note=str(error))
        except Exception as error:
            log.exception("comparing failed")
            self._change(state="failed", note=f"it failed ({type(error).__name__}: {error}).")

    def _answer(
        self, backbone: Backbone, question: str, query: MicrographId, shown: Sequence[Neighbour]
    ) -> None:
        from slava.vlm.backbone import GenerationSettings

        report = backbone.report()
        if report.kind == "builtin":
            raise ModelError(ALONE)
        views, labels = self._views(shown)
        own = self._view_of(query)
        if own is None or not views:
            raise BadInput("the micrographs cannot be read any more. Look at the library.")
        many = report.max_micrographs is None or report.max_micrographs > len(views)
        messages, pictures = _asked(question, own, views, labels, one_by_one=many)
        how = "one after the other" if many else "on one sheet, with their labels"
        self._change(note=f"The model saw the query and {len(views)} others {how}.")
        text, told = "", time.monotonic()
        settings = GenerationSettings(max_new_tokens=TOKENS)
        for chunk in backbone.stream(messages, pictures, settings, self._stop):
            text += chunk.text
            if time.monotonic() - told > TELL_EVERY_S:
                self._change(text=text)
                told = time.monotonic()
        self._change(text=text.strip())

    def _views(self, shown: Sequence[Neighbour]) -> tuple[list[View], list[str]]:
        views, labels = [], []
        for neighbour in shown:
            view = self._view_of(neighbour.demonstration.micrograph_id)
            if view is not None:
                views.append(view)
                labels.append(neighbour.demonstration.label)
        return views, labels

    def _change(self, **changes: Any) -> None:
        with self._guard:
            if self._state is not None:
                self._state = replace(self._state, **changes)
        self._news.tell()


def _asked(
    question: str, own: View, views: Sequence[View], labels: Sequence[str], *, one_by_one: bool
) -> tuple[list[Message], list[View]]:
    """The messages and the pictures that they refer to."""
    from slava.retrieval.showing import SYSTEM, contact_sheet, title_of
    from slava.vlm.backbone import Message

    names = ", ".join(f"{n} ({title_of(label)})" for n, label in enumerate(labels, start=2))
    if one_by_one:
        told = f"Picture 1 is the micrograph in question; the others are labelled: {names}."
        pictures = [own, *views]
    else:
        told = "The sheet shows labelled micrographs and, in a frame, the one in question."
        pictures = [contact_sheet(views, labels, own)]
    asked = Message("user", f"{told} {question}", tuple(range(len(pictures))))
    return [Message("system", SYSTEM), asked], pictures
