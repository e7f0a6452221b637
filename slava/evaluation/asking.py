"""Asking models what has not been answered yet.

An answer is kept under the hash of all that decides it before the next is asked for; what is
there is not asked again. It must not know how answers are kept, models found, or progress shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from slava.domain import (
    Answered,
    AnswerKey,
    ContextLevel,
    EvaluationSpec,
    MicrographId,
    ModelEntry,
)
from slava.errors import Cancelled, ModelError, SlavaError
from slava.evaluation.keys import answer_key, given_key
from slava.evaluation.notices import RANKED_WITHOUT
from slava.evaluation.planning import Ask, Known, Subject
from slava.vlm.ask import Asked, prepare_question, stream_answer
from slava.vlm.backbone import Backbone, GenerationSettings, View
from slava.vlm.classify import ranking_of
from slava.vlm.context import build_context

TROUBLE = 5
"""So many failures in a row end the asking: something is wrong with the model."""


class Book(Protocol):
    """Where answers are kept. Every call is durable when it returns."""

    def get_answers(self, keys: Sequence[AnswerKey]) -> Mapping[AnswerKey, Answered]:
        """Those that are there."""
        ...

    def add_answer(self, ask: Ask, answered: Answered) -> None:
        """Keep one, for this ask."""
        ...

    def add_answers(self, answered: Sequence[tuple[Ask, Answered]]) -> None:
        """Keep several at once, each for its ask."""
        ...


@runtime_checkable
class Adapted(Protocol):
    """A model whose adapter answers only what is like what it was taught."""

    def answers(self, question: str, view: View) -> bool:
        """Whether the adapter answers this."""
        ...


OpenModel = Callable[[ModelEntry], AbstractContextManager[Backbone]]


@dataclass(frozen=True, slots=True)
class Tally:
    """How far it is."""

    total: int
    done: int = 0
    found: int = 0
    """Of those done, how many were there already."""
    failed: int = 0
    model: str = ""


def ask_all(
    asks: Sequence[Ask],
    spec: EvaluationSpec,
    known: Known,
    open_model: OpenModel,
    book: Book,
    *,
    check: Callable[[], None] = lambda: None,
    tell: Callable[[Tally], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> Tally:
    """Ask what is not in the book yet; a model with nothing missing is not opened.

    Parameters
    ----------
    check
        Called before each answer; waits while paused, raises Cancelled to end.
    stop
        Ends the answer under way.

    Raises
    ------
    Cancelled
        As ``check`` does; what has been answered is kept.
    ModelError
        If a model cannot be opened, or fails several times in a row.
    """
    now = Tally(len(asks))
    for model in dict.fromkeys(ask.model for ask in asks):
        now = replace(now, model=model.title)
        prepared = []
        for one in _prepared([a for a in asks if a.model == model], spec, known):
            check()
            prepared.append(one)
        there = _there(book, prepared)
        book.add_answers([(ask, there[p.key]) for ask, p in prepared if p.key in there])
        missing = [one for one in prepared if one[1].key not in there]
        found = len(prepared) - len(missing)
        now = replace(now, done=now.done + found, found=now.found + found)
        tell(now)
        if not missing:
            continue
        with open_model(model) as backbone:
            now = _answer(backbone, missing, spec, known, book, now, check, tell, stop)
    return now


@dataclass(frozen=True, slots=True)
class _Prepared:
    key: AnswerKey
    context: str


def _prepared(
    asks: Sequence[Ask], spec: EvaluationSpec, known: Known
) -> Iterator[tuple[Ask, _Prepared]]:
    settings = generation(spec)
    for ask in asks:
        if ask.model.is_given:
            name = ask.model.given_name
            yield ask, _Prepared(given_key(name, ask.item.id, ask.item.given[name]), "")
            continue
        subject = _shown(ask, known)
        told = build_context(subject.micrograph, subject.facts, _told_level(spec, ask)).text
        box = subject.micrograph.picture
        key = answer_key(
            ask.model,
            ask.shown,
            subject.micrograph.nm_per_px if told else None,
            (box.top, box.left, box.bottom, box.right),
            told,
            ask.question,
            ask.item.classes,
            settings,
            spec.again,
        )
        yield ask, _Prepared(key, told)


def _there(book: Book, prepared: Sequence[tuple[Ask, _Prepared]]) -> Mapping[AnswerKey, Answered]:
    """What has been answered before, or came with the test set."""
    kept = book.get_answers([p.key for _, p in prepared])
    found = {key: answered for key, answered in kept.items() if not answered.error}
    for ask, p in prepared:
        if ask.model.is_given and p.key not in found:
            said = ask.item.given[ask.model.given_name]
            found[p.key] = Answered(p.key, said, asked=ask.question)
    return found


def _answer(
    backbone: Backbone,
    missing: Sequence[tuple[Ask, _Prepared]],
    spec: EvaluationSpec,
    known: Known,
    book: Book,
    now: Tally,
    check: Callable[[], None],
    tell: Callable[[Tally], None],
    stop: threading.Event | None,
) -> Tally:
    in_a_row = 0
    open_id, grey = MicrographId(""), np.empty((0, 0))
    for ask, prepared in missing:
        check()
        try:
            if ask.shown != open_id:
                open_id, grey = MicrographId(""), known(ask.shown).read()
                open_id = ask.shown
            answered = _one(backbone, ask, prepared, spec, _shown(ask, known), grey, stop)
            in_a_row = 0
        except Cancelled:
            raise
        except SlavaError as error:
            in_a_row += 1
            answered = Answered(
                prepared.key, "", error=str(error), context=prepared.context, asked=ask.question
            )
        book.add_answer(ask, answered)
        now = replace(now, done=now.done + 1, failed=now.failed + bool(answered.error))
        tell(now)
        if in_a_row >= TROUBLE:
            raise ModelError(
                f"{ask.model.title}: {TROUBLE} answers in a row failed: {answered.error} "
                "Mend that, then run it again: what was answered is kept."
            )
    return now


def _one(
    backbone: Backbone,
    ask: Ask,
    prepared: _Prepared,
    spec: EvaluationSpec,
    subject: Subject,
    grey: NDArray[Any],
    stop: threading.Event | None,
) -> Answered:
    settings = generation(spec)
    asked = prepare_question(
        backbone,
        ask.question,
        subject.micrograph,
        grey,
        subject.facts,
        level=_told_level(spec, ask),
        settings=settings,
    )
    if ask.item.classes and backbone.report().can_score:
        return _ranked(backbone, asked, ask, prepared)
    *_, last = stream_answer(backbone, asked, settings, stop)
    if last.status == "stopped":
        raise Cancelled("it was stopped.")
    return Answered(
        prepared.key,
        last.answer,
        last.seconds,
        last.tokens,
        context=prepared.context,
        asked=ask.question,
        notices=last.warnings,
    )


def _ranked(backbone: Backbone, asked: Asked, ask: Ask, prepared: _Prepared) -> Answered:
    """The likeliest of the classes, as the Classify tab asks for it."""
    from slava.retrieval.showing import title_of

    began = time.perf_counter()
    titles = [title_of(label) for label in ask.item.classes]
    scores = np.asarray(backbone.score(asked.messages, asked.views, titles), dtype=np.float64)
    ranking = ranking_of(ask.item.classes, scores)
    with_adapter = not isinstance(backbone, Adapted) or backbone.answers(
        asked.question, asked.views[0]
    )
    return Answered(
        prepared.key,
        title_of(ranking.ranked[0].label),
        time.perf_counter() - began,
        ranked=tuple((r.label, r.probability) for r in ranking.ranked),
        context=prepared.context,
        asked=ask.question,
        notices=() if with_adapter else (RANKED_WITHOUT,),
    )


def generation(spec: EvaluationSpec) -> GenerationSettings:
    """Greedy, so that the same is answered again."""
    return GenerationSettings(max_new_tokens=spec.max_new_tokens, seed=spec.seed)


def _shown(ask: Ask, known: Known) -> Subject:
    """The micrograph that is shown; where it is swapped, with what is known of the item's own: the
    picture alone is another one."""
    subject = known(ask.shown)
    if not ask.swapped:
        return subject
    own = known(ask.item.micrograph_id)
    record = replace(
        subject.micrograph,
        calibration=own.micrograph.calibration,
        instrument=own.micrograph.instrument,
        notes=own.micrograph.notes,
    )
    return Subject(record, own.facts, subject.read)


def _told_level(spec: EvaluationSpec, ask: Ask) -> ContextLevel:
    return ask.level if spec.way == "facts" else "none"
