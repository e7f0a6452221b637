"""Messages and micrographs as the inputs of a Hugging Face processor.

Renders the model's own chat template (or a plain one, said aloud), keeps control tokens out of
what people typed, and keeps a conversation within the model's context. It knows no torch: it
hands on the tensors that the processor makes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slava.errors import BadQuestion, ModelError, ModelUnusable
from slava.vlm.backbone import GenerationSettings, Message, Seen, View
from slava.vlm.picture_budget import Rung, as_picture, image_token, seen

PLAIN_TEMPLATE_NOTICE = (
    "This model brings no chat template: it is asked in plain 'User:' and 'Assistant:' lines, "
    "which it may not have been trained on."
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What goes into a model for one answer."""

    text: str
    """The rendered chat, with one placeholder for each picture."""
    inputs: Mapping[str, Any]
    """The processor's tensors, batch of one."""
    tokens: int
    image_tokens: int
    dropped: int = 0
    """Earlier messages left out to stay within the context."""


class Prompter:
    """Turns messages into prompts with one processor."""

    def __init__(self, processor: Any, name: str, context_tokens: int | None) -> None:
        self.processor, self.name, self.context_tokens = processor, name, context_tokens
        self.tokenizer = getattr(processor, "tokenizer", processor)
        own = getattr(processor, "chat_template", None) or self.tokenizer.chat_template
        self.template: str | None = None if own else _plain_template(image_token(processor) or "")
        self._control = _control_tokens(self.tokenizer)

    @property
    def notice(self) -> str:
        return PLAIN_TEMPLATE_NOTICE if self.template else ""

    def seen(self, view: View, budget: int | None) -> Seen:
        return seen(view.pixels, self.processor, budget)[1]

    def prepare(
        self, messages: Sequence[Message], views: Sequence[View], settings: GenerationSettings
    ) -> Prompt:
        """Render, count, cut and process.

        Raises
        ------
        BadQuestion
            If the last message alone is longer than the model can take.
        ModelError
            If the pictures alone are too many tokens, or the template refuses the messages.
        """
        _require_question(messages, views)
        rungs = [self._rung(view, settings.max_image_tokens) for view in views]
        kept = list(messages)
        prompt = self._process(kept, views, rungs)
        expansion = prompt.tokens - self._count(prompt.text)
        room = self._room(settings)
        while room is not None and prompt.tokens > room:
            shorter = _without_oldest(kept)
            if shorter is None:
                raise self._too_long(prompt, room)
            kept = shorter
            text = self.render(kept)
            if self._count(text) + expansion <= room or _without_oldest(kept) is None:
                prompt = self._process(kept, views, rungs)
        return replace(prompt, dropped=len(messages) - len(kept))

    def render(self, messages: Sequence[Message]) -> str:
        """The chat as text, ending where the assistant begins."""
        try:
            return self._render(messages)
        except Exception as error:
            merged = _without_system(messages)
            if merged is None:
                raise self._refused(error) from error
        try:
            return self._render(merged)
        except Exception as error:
            raise self._refused(error) from error

    def _render(self, messages: Sequence[Message], *, answered: bool = False) -> str:
        chat = [self._as_content(message) for message in messages]
        text = self.processor.apply_chat_template(
            chat,
            chat_template=self.template,
            tokenize=False,
            add_generation_prompt=not answered,
        )
        return str(text)

    def render_answered(self, messages: Sequence[Message], answer: str) -> str:
        """The chat with ``answer`` given and closed as the template closes it."""
        return self._render([*messages, Message("assistant", answer)], answered=True)

    def _as_content(self, message: Message) -> dict[str, Any]:
        pictures = [{"type": "image"} for _ in message.micrographs]
        text = {"type": "text", "text": self.harmless(message.text)}
        return {"role": message.role, "content": [*pictures, text]}

    def harmless(self, text: str) -> str:
        """``text`` with control tokens pulled apart, so that nobody types a picture or a turn."""
        if self._control is None:
            return text
        return self._control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)

    def _process(
        self, messages: Sequence[Message], views: Sequence[View], rungs: Sequence[Rung]
    ) -> Prompt:
        text = self.render(messages)
        order = [index for message in messages for index in message.micrographs]
        pictures = [as_picture(views[i].pixels, self.processor, rungs[i]) for i in order]
        inputs = self._run(text, pictures, [rungs[i] for i in order])
        tokens = len(inputs["input_ids"][0])
        image_tokens = tokens - self._count(text) + len(pictures)
        return Prompt(text, inputs, tokens, image_tokens)

    def _run(self, text: str, pictures: list[Any], rungs: Sequence[Rung]) -> Mapping[str, Any]:
        settings: dict[str, Any] = {"return_tensors": "pt"}
        if self._begins_itself(text):
            settings["add_special_tokens"] = False
        if rungs:
            settings["images_kwargs"] = dict(_coarsest(rungs).images_kwargs)
        images = [pictures] if pictures else None
        try:
            return dict(self.processor(text=[text], images=images, **settings))
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            raise ModelError(
                f"{self.name} cannot take these pictures and messages ({_one_line(error)}). "
                "Ask without earlier turns, about one micrograph, or choose another model."
            ) from error

    def _begins_itself(self, text: str) -> bool:
        begin = self.tokenizer.bos_token
        return bool(begin) and text.startswith(begin)

    def _count(self, text: str) -> int:
        special = not self._begins_itself(text)
        return len(self.tokenizer(text, add_special_tokens=special)["input_ids"])

    def _rung(self, view: View, budget: int | None) -> Rung:
        return Rung() if budget is None else seen(view.pixels, self.processor, budget)[0]

    def _room(self, settings: GenerationSettings) -> int | None:
        if self.context_tokens is None:
            return None
        reserved = min(settings.max_new_tokens, max(self.context_tokens // 4, 1))
        return self.context_tokens - reserved

    def _too_long(self, prompt: Prompt, room: int) -> BadQuestion | ModelError:
        text_tokens = prompt.tokens - prompt.image_tokens
        if prompt.image_tokens > text_tokens:
            return ModelError(
                f"The pictures come to {prompt.image_tokens} tokens and {self.name} takes {room} "
                "in all. Lower the picture budget, show fewer micrographs, or choose a model "
                "with a longer context."
            )
        left = max(room - prompt.image_tokens, 0)
        return BadQuestion(
            f"The question with its context is {text_tokens} tokens long and {self.name} has room "
            f"for {left} beside the picture. Shorten it, or lower the context level."
        )

    def _refused(self, error: Exception) -> ModelUnusable:
        return ModelUnusable(
            f"{self.name}: its chat template refuses these messages ({_one_line(error)}). "
            "Choose another model."
        )


def _require_question(messages: Sequence[Message], views: Sequence[View]) -> None:
    if not messages or messages[-1].role != "user":
        raise ModelError("The last message must be the user's. Ask a question.")
    shown = {index for message in messages for index in message.micrographs}
    wrong = sorted(index for index in shown if not 0 <= index < len(views))
    if wrong:
        raise ModelError(
            f"A message shows micrograph {wrong[0]}, but {len(views)} were given. "
            "Give every micrograph that the messages name."
        )


def _without_oldest(messages: Sequence[Message]) -> list[Message] | None:
    """``messages`` less the oldest exchange; its pictures move to the next question."""
    start = 1 if messages[0].role == "system" else 0
    questions = [i for i, m in enumerate(messages) if m.role == "user" and i >= start]
    if len(questions) < 2:
        return None
    cut = questions[1]
    moved = tuple(index for message in messages[start:cut] for index in message.micrographs)
    heir = messages[cut]
    pictures = moved + tuple(index for index in heir.micrographs if index not in moved)
    return [*messages[:start], replace(heir, micrographs=pictures), *messages[cut + 1 :]]


def _without_system(messages: Sequence[Message]) -> list[Message] | None:
    """The system's text moved in front of the first question; None if there is no system."""
    if not messages or messages[0].role != "system" or len(messages) < 2:
        return None
    first = messages[1]
    return [replace(first, text=f"{messages[0].text}\n\n{first.text}"), *messages[2:]]


def _plain_template(token: str) -> str:
    """Lines of ``User:`` and ``Assistant:``; Jinja drops a line's end after a block by itself."""
    return (
        "{% for message in messages %}"
        "{% if message.role != 'system' %}{{ message.role | capitalize }}: {% endif %}"
        "{% for part in message.content %}"
        "{% if part.type == 'image' %}" + token + "{{ '\\n' }}{% else %}{{ part.text }}{% endif %}"
        "{% endfor %}{{ '\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}Assistant:{% endif %}"
    )


def _control_tokens(tokenizer: Any) -> re.Pattern[str] | None:
    """Matches every token of more than one character that means something by itself."""
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    names = {str(token) for token in added} | set(tokenizer.all_special_tokens)
    marks = sorted((n for n in names if len(n.strip()) > 1), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, marks))) if marks else None


def _coarsest(rungs: Sequence[Rung]) -> Rung:
    """One setting for all pictures of a prompt, since a processor takes only one."""

    def area(rung: Rung) -> float:
        size = rung.images_kwargs.get("size", {})
        tiles = rung.images_kwargs.get("max_patches", 0 if rung.images_kwargs else float("inf"))
        return float(size.get("longest_edge", tiles))

    return min(rungs, key=area)


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
