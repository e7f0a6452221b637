"""What a backbone says of a query: every label scored, with demonstrations where it can see them.

It must not know how demonstrations were chosen, nor what else votes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.domain import Neighbour
from slava.errors import ModelError
from slava.retrieval.fusion import softmax
from slava.retrieval.showing import contact_sheet, interleaved, on_one_sheet, title_of
from slava.vlm.backbone import Backbone, GenerationSettings, Message, View

ViewOf = Callable[[str], View | None]
"""The view of a demonstration by its micrograph id; ``None`` where its file is gone."""

SAID = 0.9
"""Probability of a label that a model which gives none has written."""
_ANSWER_TOKENS = 24

NO_BACKBONE = "no model was asked"
BUILTIN_NOTE = (
    "the built-in model was asked without demonstrations: it does not learn from them, and "
    "knows only the words of these labels"
)


@dataclass(frozen=True, slots=True, eq=False)
class ModelAnswer:
    """Probabilities (len(labels),), or ``None`` where it gave none; ``note`` says how or why."""

    probabilities: NDArray[np.float64] | None
    note: str


def ask_backbone(
    backbone: Backbone,
    query: View,
    neighbours: Sequence[Neighbour],
    view_of: ViewOf | None,
    labels: Sequence[str],
    stop: threading.Event | None = None,
) -> ModelAnswer:
    """Ask ``backbone`` which of ``labels`` the query is; a model's failure becomes the note.

    Demonstrations are shown farthest first, so that the most similar stands next to the query.
    """
    report = backbone.report()
    if report.kind == "builtin":
        return _tried(backbone, interleaved(labels, ()), [query], labels, BUILTIN_NOTE, stop)
    views, shown = _views(neighbours, view_of)
    if not views:
        note = "the model was asked without demonstrations"
        return _tried(backbone, interleaved(labels, ()), [query], labels, note, stop)
    sheet = contact_sheet(views, shown, query)
    few = report.max_micrographs
    if few is None or few > len(views):
        note = f"the model saw {len(views)} demonstrations one after the other"
        answer = _tried(backbone, interleaved(labels, shown), [*views, query], labels, note, stop)
        if answer.probabilities is not None:
            return answer
        why = f"it did not take them one after the other: {answer.note}"
    else:
        why = f"it takes {few} picture{'s' if few != 1 else ''} at a time"
    note = f"the model saw the {len(views)} demonstrations on one contact sheet, as {why}"
    return _tried(backbone, on_one_sheet(labels, shown), [sheet], labels, note, stop)


def _views(neighbours: Sequence[Neighbour], view_of: ViewOf | None) -> tuple[list[View], list[str]]:
    views, shown = [], []
    for n in reversed(neighbours):
        view = view_of(n.demonstration.micrograph_id) if view_of else None
        if view is not None:
            views.append(view)
            shown.append(n.demonstration.label)
    return views, shown


def _tried(
    backbone: Backbone,
    messages: list[Message],
    views: list[View],
    labels: Sequence[str],
    note: str,
    stop: threading.Event | None,
) -> ModelAnswer:
    try:
        if backbone.report().can_score:
            scores = backbone.score(messages, views, [title_of(label) for label in labels])
            if not np.isfinite(scores).all():
                return ModelAnswer(None, "the model gave no finite likelihoods")
            return ModelAnswer(softmax(np.asarray(scores, np.float64)), note)
        return _from_words(backbone, messages, views, labels, note, stop)
    except ModelError as error:
        return ModelAnswer(None, f"the model gave no answer: {error}")


def _from_words(
    backbone: Backbone,
    messages: list[Message],
    views: list[View],
    labels: Sequence[str],
    note: str,
    stop: threading.Event | None,
) -> ModelAnswer:
    """For a model that scores nothing: the label that its answer names."""
    settings = GenerationSettings(max_new_tokens=_ANSWER_TOKENS)
    text = "".join(c.text for c in backbone.stream(messages, views, settings, stop))
    plain = title_of(text.lower())
    named = [k for k, label in enumerate(labels) if title_of(label).lower() in plain]
    if not named:
        return ModelAnswer(None, f"the model answered {text.strip()[:80]!r}, which is no label")
    # "porous sponge" also names "sponge": the longest label that stands in the answer is meant.
    best = max(named, key=lambda k: len(labels[k]))
    probabilities = np.full(len(labels), (1 - SAID) / max(1, len(labels) - 1))
    probabilities[best] = SAID if len(labels) > 1 else 1.0
    return ModelAnswer(probabilities, f"{note}; it named a label but gives no probabilities")
