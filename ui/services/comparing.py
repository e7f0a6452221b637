"""One question about a query and its demonstrations together, answered by the model.

A model that takes many pictures sees them one after the other, another sees them on one sheet;
the built-in one looks at single micrographs and is not asked. It must not know how they were
chosen, nor Gradio.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slava.domain import MicrographId, Neighbour
from slava.errors import BadInput, ModelError
from ui.services.job import Job, Progress
from ui.services.models import Models
from ui.services.news import News

if TYPE_CHECKING:
    from slava.vlm.backbone import Backbone, Message, View

TOKENS = 384
TELL_EVERY_S = 0.3
LONGEST = 2000
ALONE = (
    "the built-in model looks at one micrograph at a time and cannot compare. "
    "Choose a larger model in Analyse."
)

ViewOf = Callable[[str], "View | None"]


@dataclass(frozen=True, slots=True)
class Compared(Progress):
    """A question about a set, its answer as far as it has come; how it was shown is its note."""

    query: MicrographId
    question: str
    text: str = ""


class Comparing:
    """Asks one question at a time; safe to use from any thread."""

    def __init__(self, models: Models, news: News, view_of: ViewOf) -> None:
        self._models, self._view_of = models, view_of
        self.job = Job[Compared](
            "comparing", news, "another question is being answered. Stop it, or wait."
        )

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
        set_shown = tuple(shown)
        self.job.begin(Compared(query, asked), lambda: self._run(asked, query, set_shown))

    # ------------------------------------------------------------------ the work
    def _run(self, question: str, query: MicrographId, shown: Sequence[Neighbour]) -> None:
        with self._models.using(self.job.stop) as backbone:
            self._answer(backbone, question, query, shown)

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
        self.job.change(note=f"The model saw the query and {len(views)} others {how}.")
        text, told = "", time.monotonic()
        settings = GenerationSettings(max_new_tokens=TOKENS)
        for chunk in backbone.stream(messages, pictures, settings, self.job.stop):
            text += chunk.text
            if time.monotonic() - told > TELL_EVERY_S:
                self.job.change(text=text)
                told = time.monotonic()
        self.job.change(text=text.strip())

    def _views(self, shown: Sequence[Neighbour]) -> tuple[list[View], list[str]]:
        views, labels = [], []
        for neighbour in shown:
            view = self._view_of(neighbour.demonstration.micrograph_id)
            if view is not None:
                views.append(view)
                labels.append(neighbour.demonstration.label)
        return views, labels


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
