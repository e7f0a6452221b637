"""What a page sent, checked: it is never trusted to be what our scripts send."""

from __future__ import annotations

import json
from typing import Any

from slava.domain import RunId
from slava.errors import BadInput
from ui.services.training_records import TrainWish
from ui.tabs.finetune import settings

MOST_BYTES = 100_000


def body(content: bytes) -> dict[str, Any]:
    """A request's JSON object.

    Raises
    ------
    BadInput
        If it is none.
    """
    try:
        found = json.loads(content[:MOST_BYTES])
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadInput("the page sent something that is no request. Reload it.")
    return found


def text(sent: dict[str, Any], name: str, longest: int = 500) -> str:
    """A text of a request."""
    value = sent.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise BadInput(f"the page sent no {name}. Reload it.")
    return value


def run_id(sent: dict[str, Any]) -> RunId:
    """The run that a request is about."""
    return RunId(text(sent, "id", 100))


def wish(sent: dict[str, Any]) -> TrainWish:
    """What is to be trained.

    Raises
    ------
    BadInput
        If it is not what the form sends.
    """
    from slava.vlm.load import quantization_of

    changes = sent.get("changes", {})
    if not isinstance(changes, dict):
        raise BadInput("the page sent no settings. Reload it.")
    told = settings.read(changes)
    quantization = quantization_of(str(told.pop("quantization", "none")))
    return TrainWish(
        snapshot=text(sent, "snapshot"),
        backbone=text(sent, "backbone").strip() or "builtin",
        preset=text(sent, "preset"),
        quantization=quantization,
        changes=told,
        name=" ".join(text(sent, "name", 100).split()),
    )
