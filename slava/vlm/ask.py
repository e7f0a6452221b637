"""One question about one micrograph: what the model is given, and the stream of its answer.

Between the window or the command and a :class:`~slava.vlm.backbone.Backbone`. It knows neither
the store nor a particular model.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from slava.domain import Fact, Micrograph, Turn, TurnStatus
from slava.domain.conversation import ContextLevel
from slava.errors import BadQuestion
from slava.imaging.display import stretch
from slava.vlm.backbone import Backbone, Finish, GenerationSettings, Message, Seen, View
from slava.vlm.context import Context, build_context

MAX_QUESTION_CHARACTERS = 8_000
HISTORY_TURNS = 8
"""Older turns of a conversation are not sent again; the answer's record says how many were."""

SYSTEM = (
    "You are an expert in electron microscopy who answers questions about one micrograph. "
    "Describe only what is visible. Use the given measured facts for sizes, counts and lengths, "
    "copy their numbers and units exactly, and do not invent any other measurement. "
    "A picture alone does not tell composition, provenance or crystal structure: say so when asked."
)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question made ready for a model."""

    question: str
    messages: tuple[Message, ...]
    views: tuple[View, ...]
    context: Context
    seen: Seen
    history_turns: int

    @property
    def seen_text(self) -> str:
        """What the model saw of the picture, in one line."""
        view = self.views[0]
        crop = f"{view.crop.width_px} × {view.crop.height_px} px of the file"
        tokens = f", {self.seen.image_tokens} image tokens" if self.seen.image_tokens else ""
        taken = f"taken in at {self.seen.width_px} × {self.seen.height_px} px"
        return f"{crop} (without the databar), {taken}{tokens}"


@dataclass(frozen=True, slots=True)
class Progress:
    """The answer so far; the last one of a stream has ``status`` other than ``streaming``."""

    answer: str
    status: TurnStatus
    seconds: float
    first_token_seconds: float | None
    tokens: int
    error: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def tokens_per_second(self) -> float | None:
        """Speed of generation after the first token; ``None`` before there is one."""
        if self.first_token_seconds is None or self.tokens < 2:
            return None
        elapsed = self.seconds - self.first_token_seconds
        return (self.tokens - 1) / elapsed if elapsed > 0 else None


def check_question(question: str) -> str:
    """The question without surrounding white space.

    Raises
    ------
    BadQuestion
        If it is empty or longer than :data:`MAX_QUESTION_CHARACTERS`.
    """
    text = question.strip()
    if not text:
        raise BadQuestion("the question is empty. Type one, or choose a suggestion.")
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise BadQuestion(
            f"the question has {len(text):,} characters; "
            f"at most {MAX_QUESTION_CHARACTERS:,} can be asked. Shorten it."
        )
    return text


def make_view(micrograph: Micrograph, grey: NDArray[np.generic], context: Context) -> View:
    """The micrograph as a model is shown it: databar cropped, contrast-stretched to 8 bit."""
    box = micrograph.picture
    pixels = stretch(grey[box.top : box.bottom, box.left : box.right])
    return View(pixels, box, context.calibration, context.facts)


def prepare_question(
    backbone: Backbone,
    question: str,
    micrograph: Micrograph,
    grey: NDArray[np.generic],
    facts: Sequence[Fact],
    *,
    level: ContextLevel = "high",
    history: Sequence[Turn] = (),
    settings: GenerationSettings | None = None,
) -> Asked:
    """Put question, context and earlier turns together for ``backbone``.

    Parameters
    ----------
    grey
        (height_px, width_px) grey values of the whole file, any depth.
    facts
        All facts known of the micrograph; ``level`` decides which of them are told.

    Raises
    ------
    BadQuestion
        See :func:`check_question`.
    """
    text = check_question(question)
    context = build_context(micrograph, facts, level)
    view = make_view(micrograph, grey, context)
    kept = [t for t in history if t.answer and t.status in ("done", "stopped")][-HISTORY_TURNS:]
    return Asked(
        question=text,
        messages=_messages(text, context, kept),
        views=(view,),
        context=context,
        seen=backbone.seen(view, settings or GenerationSettings()),
        history_turns=len(kept),
    )


def _messages(question: str, context: Context, history: Sequence[Turn]) -> tuple[Message, ...]:
    """The context stands in the system message, so that user messages are the user's words."""
    told = f"{SYSTEM}\n\n{context.text}" if context.text else SYSTEM
    messages = [Message("system", told)]
    for turn in history:
        messages += [Message("user", turn.question), Message("assistant", turn.answer)]
    messages.append(Message("user", question))
    messages[1] = replace(messages[1], micrographs=(0,))
    return tuple(messages)


def stream_answer(
    backbone: Backbone,
    asked: Asked,
    settings: GenerationSettings | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Progress]:
    """Yield the answer as it grows; the last item says how it ended.

    Raises
    ------
    ModelError
        As the backbone does; what had come before was yielded.
    """
    start = time.perf_counter()
    now = Progress("", "streaming", 0.0, None, 0)
    finish: Finish = "end"
    for chunk in backbone.stream(
        asked.messages, asked.views, settings or GenerationSettings(), stop
    ):
        elapsed = time.perf_counter() - start
        first = now.first_token_seconds
        now = replace(
            now,
            answer=now.answer + chunk.text,
            seconds=elapsed,
            first_token_seconds=elapsed if first is None and chunk.tokens else first,
            tokens=now.tokens + chunk.tokens,
            warnings=(*now.warnings, chunk.notice) if chunk.notice else now.warnings,
        )
        finish = chunk.finish or finish
        yield now
    yield replace(
        now,
        answer=now.answer.strip(),
        status="stopped" if finish == "stopped" else "done",
        seconds=time.perf_counter() - start,
        warnings=now.warnings + _warnings(finish, settings or GenerationSettings()),
    )


def _warnings(finish: Finish, settings: GenerationSettings) -> tuple[str, ...]:
    if finish == "length":
        return (f"cut at the limit of {settings.max_new_tokens} tokens",)
    return ()
