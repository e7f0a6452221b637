"""A drawn example as the messages that the app would send: same words, same order, same context.

It must not know which backbone they are for.
"""

from __future__ import annotations

from collections.abc import Sequence

from slava.retrieval.showing import interleaved, question_for
from slava.vlm.ask import SYSTEM
from slava.vlm.backbone import Message, View
from training.finetune.examples import Drawn
from training.finetune.pictures import Pictures


def messages_for(
    drawn: Drawn, labels: Sequence[str], pictures: Pictures
) -> tuple[list[Message], list[View]]:
    """Messages and the views that they show, the question last.

    A category is asked as the Classify tab asks, with its demonstrations or without; everything
    else as the Analyse tab does, with the context in the system message.
    """
    example = drawn.example
    shown = [i for i, _ in drawn.demonstrations]
    views = [pictures.view(i) for i in (*shown, *example.micrograph_ids)]
    if example.kind == "label" and drawn.question == question_for(labels):
        return interleaved(labels, [label for _, label in drawn.demonstrations]), views
    if example.kind == "label":
        return [Message("user", drawn.question, tuple(range(len(views))))], views
    context = _context(drawn, pictures)
    messages = [Message("system", f"{SYSTEM}\n\n{context}" if context else SYSTEM)]
    for question, answer in example.earlier:
        messages += [Message("user", question), Message("assistant", answer)]
    messages.append(Message("user", drawn.question))
    first = messages[1]
    messages[1] = Message(first.role, first.text, tuple(range(len(views))))
    return messages, views


def _context(drawn: Drawn, pictures: Pictures) -> str:
    """What is known of its micrographs; of several, each under its number."""
    told = [pictures.context(i) for i in drawn.example.micrograph_ids]
    if len(told) == 1:
        return told[0]
    return "\n\n".join(f"Micrograph {k}:\n{text}" for k, text in enumerate(told, 1) if text)
