"""Everything that the panel can have done: taking in, beginning, ending, scoring."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from slava.domain import Part
from slava.errors import BadInput
from slava.metrics.judge_prompts import RANGES
from ui.answering import Sent, text, texts
from ui.services import Services
from ui.services.evaluation_people import BlindAnswer
from ui.services.uploaded import uploaded
from ui.tabs.evaluate import incoming

Told = dict[str, object]


class Acting:
    """Each takes what a page sent and returns what is sent back."""

    def __init__(self, services: Services) -> None:
        self._services, self._evaluating = services, services.evaluating

    # ------------------------------------------------------------------ test sets
    def take(self, sent: Sent) -> Told:
        """Make a test set; of a file or folder in the background."""
        kind = text(sent, "kind")
        if kind == "snapshot":
            part: Part | None = next((p for p in get_args(Part) if p == text(sent, "part")), None)
            if part is None:
                raise BadInput("the page sent no part of a snapshot. Reload it.")
            return self._taken(self._evaluating.take_snapshot(text(sent, "snapshot"), part).id)
        if kind == "labels":
            return self._taken(self._evaluating.take_labels().id)
        if kind == "upload":
            folder = uploaded(self._services.uploads, text(sent, "upload"))
            self._evaluating.begin_taking(incoming.set_among(folder))
            return {}
        path = text(sent, "path").strip().strip('"')
        if not path:
            raise BadInput("type the path of a file or folder, or drop one.")
        self._evaluating.begin_taking(Path(path))
        return {}

    def remove_set(self, sent: Sent) -> Told:
        """Forget a test set."""
        self._evaluating.remove_test_set(text(sent, "id"))
        return {}

    def _taken(self, set_id: str) -> Told:
        self._services.news.tell()
        return {"set": set_id}

    # ------------------------------------------------------------------ evaluations
    def start(self, sent: Sent) -> Told:
        """Begin an evaluation; the same again goes on."""
        entries = incoming.models(sent, self._evaluating.desk)
        wanted = self._evaluating.plan(
            entries, text(sent, "set"), incoming.wanted(sent), again=incoming.again(sent)
        )
        confirm = sent.get("confirm") is True
        self._evaluating.begin(wanted.spec, text(sent, "name", 100), confirm_bars=confirm)
        now = self._evaluating.job.now
        return {"id": now.evaluation if now else ""}

    def go_on(self, sent: Sent) -> Told:
        """Ask what is still missing."""
        self._evaluating.go_on(incoming.evaluation_id(sent))
        return {}

    def work(self, sent: Sent) -> Told:
        """Pause, resume, cancel or dismiss what goes on."""
        job = self._evaluating.job
        act = {
            "pause": job.pause,
            "resume": job.resume,
            "cancel": job.cancel,
            "dismiss": job.dismiss,
        }.get(text(sent, "do"))
        if act is None:
            raise BadInput("the page sent no word that is known. Reload it.")
        act()
        return {}

    def rename(self, sent: Sent) -> Told:
        """Call an evaluation otherwise."""
        self._evaluating.rename(incoming.evaluation_id(sent), text(sent, "name", 200))
        self._services.news.tell()
        return {}

    def remove(self, sent: Sent) -> Told:
        """Forget an evaluation."""
        self._evaluating.remove(incoming.evaluation_id(sent))
        return {}

    # ------------------------------------------------------------------ people
    def blind(self, sent: Sent) -> Told:
        """The next answer for a person, or one that was shown before; never whose it is."""
        person, measure = " ".join(text(sent, "person", 100).split()), text(sent, "measure", 100)
        if not person:
            raise BadInput("who scores? Type a name.")
        ends = next((list(ends) for name, ends in RANGES.items() if name == measure), None)
        if ends is None:
            raise BadInput("the page sent nothing that people score. Reload it.")
        evaluation, key = incoming.evaluation_id(sent), text(sent, "key", 100)
        found = (
            self._evaluating.blind_answer(evaluation, key, person, measure)
            if key
            else self._evaluating.next_blind(evaluation, person, measure, texts(sent, "skipped"))
        )
        return {"answer": _blind(found) if found else None, "range": ends}

    def score(self, sent: Sent) -> Told:
        """Keep what a person gave an answer."""
        self._evaluating.add_score(incoming.score(sent))
        return {}


def _blind(found: BlindAnswer) -> Told:
    """What may be seen of an answer that is scored: nothing that tells whose it is.

    Context is left out: what came with the test set was told none.
    """
    item, given = found.row.item, found.given
    return {
        "key": found.key,
        "micrograph": item.micrograph_id,
        "question": item.question,
        "reference": item.reference or item.quantity,
        "answer": found.row.answer,
        "done": found.done,
        "total": found.total,
        "scored": given is not None,
        "score": given.score if given else None,
        "comment": given.comment if given else "",
    }
