"""The Classify tab: the query, who says what of it, the demonstrations that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slava.domain import Classification, Micrograph, Neighbour, Ranked, Strategy
from store import LabelRecord
from ui.present.demonstrations import title
from ui.present.words import Shown
from ui.services.classifying import Found, Wish
from ui.services.comparing import Compared, Kept
from ui.services.weighing import Weighed

TILE_PX, QUERY_PX = 256, 1024

STATUS = {
    "opening": "opening the encoder …",
    "embedding": "embedding this micrograph …",
    "asking": "asking the model …",
    "done": "",
    "failed": "",
}
PROVENANCE = {
    "folder": "from its folder",
    "table": "from a table",
    "drawing": "drawn by sLAVA",
    "hand": "by hand",
    "suggestion": "a suggestion that was accepted",
}
NOT_COUNTED = "it has not earned a weight on this library: shown, not counted"

QUESTIONS: dict[Strategy, str] = {
    "similar": "What do these have in common, and in what does the one in question differ?",
    "balanced": "Which visible features tell these categories apart?",
    "diverse": "How does the structure vary between these micrographs?",
    "random": "Which of these is most like the one in question, and why?",
    "other_categories": (
        "These look like the one in question but belong to other categories: "
        "which visible features tell them apart?"
    ),
    "dissimilar_within": "These belong to one category and look different: in what do they differ?",
}
"""What may be asked about what each strategy shows."""


def query(micrograph: Micrograph, record: LabelRecord | None, base: str) -> Shown:
    """The micrograph whose class is asked for."""
    label = record.label if record else None
    told = f"{title(label)} · {PROVENANCE[record.provenance]}" if record and label else ""
    return {
        "id": micrograph.id,
        "name": micrograph.name,
        "size": f"{micrograph.width_px} × {micrograph.height_px} px",
        "label": label or "",
        "told": told,
        "source": record.group if record else "",
        "picture": f"{base}/m/{micrograph.id}/preview.png?size={QUERY_PX}",
    }


def answer(found: Found | None) -> Shown | None:
    """Who says what: every class with the probabilities of each voter, the fused first."""
    if found is None:
        return None
    told = found.classification
    shown: Shown = {
        "state": found.state,
        "status": STATUS[found.state],
        "error": found.error[:1].upper() + found.error[1:],
        "rows": [],
        "verdict": "",
    }
    if told is None:
        return shown
    return {**shown, **_told(told, found)}


def _told(told: Classification, found: Found) -> Shown:
    best = told.ranked_fused[0]
    columns = {
        "fused": _by_label(told.ranked_fused),
        "knn": _by_label(told.ranked_knn),
        "model": _by_label(told.ranked_model),
        "encoder": _by_label(told.ranked_encoder),
    }
    rows = [
        {
            "label": r.label,
            "title": title(r.label),
            **{name: column.get(r.label) for name, column in columns.items()},
        }
        for r in told.ranked_fused
    ]
    return {
        "rows": rows,
        "verdict": "not one of these classes" if told.abstained else title(best.label),
        "label": "" if told.abstained else best.label,
        "probability": best.probability,
        "abstained": told.abstained,
        "reason": _reason(told.reason),
        "rationale": _rationale(told, best.label),
        "model_note": _model_note(told, found),
        "validated": _validated(found.validated_on),
    }


def weighing(state: Weighed | None, found: Found | None) -> Shown | None:
    """What the model is worth here, and the offer to find out; ``None`` where it has not spoken."""
    if state is not None and state.state == "running":
        return {"state": "running", "text": f"Weighing the model: {state.done} of {state.total}"}
    told = found.classification if found else None
    if told is None or not told.ranked_model or not told.ranked_knn:
        return None
    text = ""
    if state is not None and state.state == "failed":
        text = f"The model could not be weighed: {state.error}"
    elif state is not None and state.state == "done":
        text = (
            f"Of {state.total} labelled micrographs, each left out, the model named "
            f"{state.model_right} right and the neighbours {state.neighbours_right}."
        )
    return {"state": "offered", "text": text}


def compared(kept: Kept | None, now: Compared | None) -> Shown | None:
    """A conversation about a set; its last answer as far as it has come."""
    if kept is None:
        return None
    live = now if now is not None and now.conversation_id == kept.id else None
    turns = [_turn(t.question, t.answer, t.error or t.seen) for t in kept.turns]
    if live is not None:
        turns[-1] = _turn(live.question, live.text, live.error or live.note)
    return {"id": kept.id, "state": live.state if live else "done", "turns": turns}


def _turn(question: str, text: str, note: str) -> Shown:
    return {"question": question, "text": text, "note": note[:1].upper() + note[1:]}


def earlier(kept: Sequence[Kept]) -> list[Shown]:
    """Questions about sets with this query that can be reopened, last used first."""
    return [
        {"id": one.id, "title": one.turns[0].question, "told": f"with {len(one.shown)} others"}
        for one in kept
    ]


def _reason(reason: str) -> str:
    """Why it abstained, as a sentence of its own; the verdict says what."""
    why = reason.removeprefix("none of these classes: ").rstrip(".")
    return f"{why[:1].upper()}{why[1:]}." if why else ""


def _rationale(told: Classification, label: str) -> str:
    text = told.rationale.replace(label, title(label), 1)
    return f"Closest would be {text}" if told.abstained else f"{text[:1].upper()}{text[1:]}"


def _model_note(told: Classification, found: Found) -> str:
    counts = not told.ranked_model or not told.ranked_knn or found.model_weight > 0
    return told.model_note if counts else f"{told.model_note}; {NOT_COUNTED}"


def _by_label(ranked: Sequence[Ranked]) -> dict[str, float]:
    return {r.label: r.probability for r in ranked}


def _validated(number: int) -> str:
    if not number:
        return "Probabilities are not calibrated: the library is small."
    return f"Calibrated by leaving out {number} labelled micrographs, one by one."


def gallery(
    neighbours: Sequence[Neighbour],
    wish: Wish,
    best: str,
    provenances: Mapping[str, str],
    base: str,
) -> list[Shown]:
    """The demonstrations that an answer rests on."""
    return [_card(n, wish, best, provenances, base) for n in neighbours]


def _card(
    neighbour: Neighbour, wish: Wish, best: str, provenances: Mapping[str, str], base: str
) -> Shown:
    shown = neighbour.demonstration
    source = shown.group or PROVENANCE.get(provenances.get(shown.micrograph_id, ""), "")
    distance = neighbour.distance
    return {
        "id": shown.micrograph_id,
        "name": shown.name,
        "label": shown.label,
        "title": title(shown.label),
        "similarity": f"{neighbour.similarity:.3f}",
        "fraction": max(0.0, neighbour.similarity),
        "distance": "" if distance is None else f"{distance:.3f}",
        "source": source,
        "pinned": shown.micrograph_id in wish.pinned,
        "agrees": shown.label == best,
        "picture": f"{base}/m/{shown.micrograph_id}/preview.png?size={TILE_PX}",
    }


def wish_shown(wish: Wish, encoders: Sequence[str]) -> Shown:
    """The toolbar."""
    return {
        "k": wish.k,
        "strategy": wish.strategy,
        "metric": wish.metric,
        "encoder": wish.encoder,
        "encoders": list(encoders),
        "ask_model": wish.ask_model,
        "own_source_too": wish.own_source_too,
        "pinned": len(wish.pinned),
        "put_aside": len(wish.put_aside),
    }
