"""Answers in the making. Each is written by a thread of its own, never by a request.

So an answer survives a reload of the page, a stop is obeyed within one token, and what has been
written is on the disk before the next second.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from numpy.typing import NDArray

from slava.domain import ConversationId, Fact, Micrograph, MicrographId, Turn, TurnId
from slava.domain.conversation import ContextLevel
from slava.errors import Cancelled, ModelError, SlavaError
from slava.vlm.ask import Progress, check_question, prepare_question, stream_answer
from slava.vlm.backbone import GenerationSettings
from store import Store
from ui.services.models import Models

log = logging.getLogger("slava.answers")

KEEP_EVERY_S = 0.5
"""So much of an answer at most is lost when the machine goes down."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer stands on: the micrograph, its grey values and its facts."""

    micrograph: Micrograph
    grey: NDArray
    facts: Sequence[Fact]


class Live:
    """One answer while it is being written; read by any number of pages."""

    def __init__(self, turn: Turn) -> None:
        self.turn_id: TurnId = turn.id
        self.conversation_id: ConversationId = turn.conversation_id
        self.stop = threading.Event()
        self.finished = threading.Event()
        self.phase = "waiting"
        self.text = ""
        self.seen = ""
        self.context = ""

    @property
    def news(self) -> str:
        """Changes whenever there is something new to show."""
        return f"{self.phase}|{self.seen}|{self.text}"

    def say(self, phase: str) -> None:
        """What is going on before the first word."""
        self.phase = phase


class Answers:
    """Starts answers and knows the one that is being written."""

    def __init__(
        self, store: Store, models: Models, know: Callable[[MicrographId, Live], Known]
    ) -> None:
        self._store, self._models, self._know = store, models, know
        self._guard = threading.Lock()
        self._live: Live | None = None

    @property
    def live(self) -> Live | None:
        """The answer that is being written now."""
        live = self._live
        return live if live is not None and not live.finished.is_set() else None

    def live_in(self, conversation_id: ConversationId | None) -> Live | None:
        """The same, if it belongs to that conversation."""
        live = self.live
        return live if live is not None and live.conversation_id == conversation_id else None

    def ask(
        self,
        conversation_id: ConversationId,
        question: str,
        level: ContextLevel,
        settings: GenerationSettings,
        replacing: int | None = None,
    ) -> Live:
        """Keep the question and begin to answer it.

        Parameters
        ----------
        replacing
            Position of the turn that this one takes the place of, with all that follow.

        Raises
        ------
        BadQuestion
            If nothing can be asked with it.
        ModelError
            If another answer is being written.
        """
        text = check_question(question)
        with self._guard:
            if self.live is not None:
                raise ModelError("another answer is being written. Stop it, or wait for its end.")
            if replacing is not None:
                self._store.conversations.supersede_turns(conversation_id, replacing)
            turn = self._add_turn(conversation_id, text, level, settings)
            live = self._live = Live(turn)
        threading.Thread(
            target=self._answer, args=(live, turn, settings), name="slava-answer", daemon=True
        ).start()
        return live

    def stop(self, conversation_id: ConversationId | None) -> None:
        """Ask the answer of that conversation to end."""
        live = self.live_in(conversation_id)
        if live:
            live.stop.set()

    def _add_turn(
        self,
        conversation_id: ConversationId,
        question: str,
        level: ContextLevel,
        settings: GenerationSettings,
    ) -> Turn:
        wanted = self._models.state.wanted
        return self._store.conversations.add_turn(
            conversation_id,
            question,
            model=wanted.reference,
            quantization=wanted.quantization,
            context_level=level,
            settings={
                "max_new_tokens": settings.max_new_tokens,
                "temperature": settings.temperature,
                "top_p": settings.top_p,
                "seed": settings.seed,
            },
        )

    def _answer(self, live: Live, turn: Turn, settings: GenerationSettings) -> None:
        last = Progress("", "failed", 0.0, None, 0)
        try:
            for last in self._stream(live, turn, settings):
                live.text = last.answer
            self._finish(live, last)
        except Cancelled:
            self._finish(live, last)
        except SlavaError as error:
            self._finish(live, last, str(error))
        except Exception as error:
            log.exception("an answer failed")
            self._finish(live, last, f"the answer broke off ({type(error).__name__}: {error})")
        finally:
            live.finished.set()

    def _stream(self, live: Live, turn: Turn, settings: GenerationSettings) -> Iterator[Progress]:
        conversation = self._store.conversations.get_conversation(turn.conversation_id)
        known = self._know(conversation.micrograph_id, live)
        if self._models.state.phase != "ready":
            live.say("loading the model")
        with self._models.using(live.stop) as backbone:
            live.say("reading the micrograph")
            earlier = self._store.conversations.list_turns(turn.conversation_id)
            asked = prepare_question(
                backbone,
                turn.question,
                known.micrograph,
                known.grey,
                known.facts,
                level=turn.context_level,
                history=[t for t in earlier if t.position < turn.position],
                settings=settings,
            )
            live.context, live.seen = asked.context.text, asked.seen_text
            self._store.conversations.record_seen(turn.id, context=live.context, seen=live.seen)
            kept = time.monotonic()
            for progress in stream_answer(backbone, asked, settings, live.stop):
                if time.monotonic() - kept > KEEP_EVERY_S:
                    self._store.conversations.record_partial(turn.id, progress.answer)
                    kept = time.monotonic()
                yield progress

    def _finish(self, live: Live, last: Progress, error: str = "") -> None:
        stopped = live.stop.is_set() and not error
        self._store.conversations.finish_turn(
            live.turn_id,
            last.answer,
            "failed" if error else "stopped" if stopped else last.status,
            seconds=last.seconds,
            first_token_seconds=last.first_token_seconds,
            tokens=last.tokens,
            warnings=last.warnings,
            error=error,
        )
