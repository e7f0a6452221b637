"""What a page sent, checked: it is never trusted to be what our scripts send."""

from __future__ import annotations

from typing import Any

import gradio as gr

from slava.domain import MicrographId
from slava.errors import BadInput
from ui.services.classifying import Wish

MOST_K, MOST_IDS = 16, 100_000


def text(event: gr.EventData, name: str) -> str:
    """A text of an event."""
    value = getattr(event, name, None)
    if not isinstance(value, str):
        raise BadInput(f"the page sent no {name}. Reload it.")
    return value


def micrograph_id(event: gr.EventData) -> MicrographId:
    """The micrograph that an event is about."""
    return MicrographId(text(event, "id"))


def ids(event: gr.EventData) -> list[MicrographId]:
    """The micrographs that an event is about; no more than a workspace is likely to hold."""
    value = getattr(event, "ids", None)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput("the page sent no micrographs. Reload it.")
    return [MicrographId(one) for one in dict.fromkeys(value[:MOST_IDS])]


def changed(wish: Wish, event: gr.EventData) -> Wish:
    """The wish with what the toolbar sends.

    Raises
    ------
    BadInput
        If it is not what the toolbar sends.
    """
    from dataclasses import replace

    from slava.retrieval.sampling import metric_of, strategy_of

    sent: Any = getattr(event, "wish", None)
    try:
        k = int(sent["k"])
        encoder = str(sent["encoder"]).strip()[:500]
        own, model = bool(sent["own_source_too"]), bool(sent["ask_model"])
        strategy, metric = str(sent["strategy"]), str(sent["metric"])
    except (KeyError, TypeError, ValueError):
        raise BadInput("the page sent no wish. Reload it.") from None
    if not 0 <= k <= MOST_K:
        raise BadInput(f"K = {k} is not in 0..{MOST_K}.")
    return replace(
        wish,
        k=k,
        strategy=strategy_of(strategy),
        metric=metric_of(metric),
        encoder=encoder or wish.encoder,
        own_source_too=own,
        ask_model=model,
    )
