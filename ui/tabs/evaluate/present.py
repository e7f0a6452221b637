"""Evaluations, test sets and what goes on, as the Evaluate tab shows them. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from slava.domain import Evaluation, MeasureName, ModelEntry, Snapshot, TestItem, TestSet
from ui.present.words import Shown, duration
from ui.services.evaluation_desk import Readiness
from ui.services.evaluation_now import EvaluatingNow

if TYPE_CHECKING:
    from slava.evaluation.judging import JudgeRequest
    from slava.evaluation.judging_job import JudgePlan

STATES: Mapping[str, str] = {
    "running": "under way",
    "done": "done",
    "cancelled": "cancelled, can go on",
    "failed": "broke off, can go on",
    "interrupted": "interrupted, can go on",
}
MEASURES: Mapping[MeasureName, tuple[str, str]] = {
    "text": (
        "Words in common",
        "BLEU, ROUGE and METEOR against the reference, with the papers' conventions.",
    ),
    "grounded": (
        "Borne out",
        "Numbers held against calibration and measured facts; elements and sizes that nothing "
        "known bears out.",
    ),
    "category": (
        "Category",
        "The category that is said against the label: accuracy, confusion, precision and recall.",
    ),
    "defect": ("Defects", "Whether a defect is affirmed or denied as people have."),
    "quantity": (
        "Number asked for",
        "The number that the question asks for, within 20 % of the true one.",
    ),
    "reliance": (
        "Looks at the picture",
        "Asks once more with another micrograph in its place: does the answer change?",
    ),
    "judged": (
        "Judged",
        "A judge model scores every answer against its reference; people score some of them blind.",
    ),
}
"""Title and what it measures, in one sentence."""
EXAMPLES = 4
MOST_CATEGORIES = 12


def evaluation(found: Evaluation, now: EvaluatingNow | None) -> Shown:
    """One line of the list; ``now`` is what goes on."""
    under_way = now is not None and now.under_way and now.evaluation == found.id
    judged = under_way and now is not None and now.judging
    stale = found.state == "running" and not under_way
    state = "interrupted" if stale else found.state
    return {
        "id": found.id,
        "name": found.name,
        "state": state,
        "told": "being judged" if judged else STATES["running" if under_way else state],
        "live": under_way,
        "reason": found.reason,
        "done": found.done,
        "total": found.total,
        "created": found.created_at,
        "dataset": found.spec.dataset,
        "set": found.spec.dataset_id,
        "models": [m.title for m in found.spec.models],
        "resumable": not under_way and (found.state != "done" or found.done < found.total),
    }


def test_set(found: TestSet) -> Shown:
    """One test set to choose."""
    return {
        "id": found.id,
        "name": found.name,
        "source": found.source,
        "count": found.count,
        "created": found.created_at,
    }


def snapshot(found: Snapshot) -> Shown:
    """One snapshot whose parts can be asked."""
    return {"id": found.id, "name": found.name, "pairs": dict(found.pairs)}


def model(entry: ModelEntry) -> Shown:
    """One model to tick."""
    if entry.adapter:
        base = "the built-in model" if entry.reference == "builtin" else entry.reference
        reference, about = f"adapter:{entry.adapter}", f"adapter on {base}"
    else:
        reference, about = entry.reference, "small; runs on any computer"
    return {"reference": reference, "title": entry.title, "text": about}


def now(record: EvaluatingNow | None) -> Shown | None:
    """The evaluation under way, or a test set being taken in, or the last one."""
    if record is None:
        return None
    taking = record.evaluation is None
    parts = []
    if record.total and not taking:
        what = "replies" if record.judging else "answers"
        parts.append(f"{record.done:,} of {record.total:,} {what}")
    if record.found:
        parts.append(f"{record.found:,} were there already")
    if record.failed:
        parts.append(f"{record.failed:,} failed")
    if record.state == "running" and record.eta_s is not None and record.done > record.found:
        parts.append(f"{duration(record.eta_s)} left")
    return {
        "state": record.state,
        "taking": taking,
        "judging": record.judging,
        "evaluation": record.evaluation or "",
        "set": record.test_set,
        "done": record.done,
        "total": record.total,
        "fraction": record.fraction,
        "text": " · ".join(parts),
        "model": record.model,
        "note": record.note,
        "error": record.error,
    }


def preview(found: TestSet, items: Sequence[TestItem], ready: Readiness) -> Shown:
    """What a test set holds, and which measures it allows."""
    asked = [item for item in items if not item.classes]
    given = Counter(name for item in items for name in item.given)
    topics = Counter(item.topic or item.kind for item in items)
    categories = Counter(item.category for item in items if item.category)
    return {
        **test_set(found),
        "notes": list(found.notes),
        "questions": len(items),
        "micrographs": ready.micrographs,
        "uncalibrated": ready.uncalibrated,
        "proposed": ready.proposed,
        "references": sum(bool(item.reference) for item in asked),
        "words": len(asked),
        "choices": len(items) - len(asked),
        "defects": sum(item.defect is not None for item in items),
        "with_defect": sum(item.defect is True for item in items),
        "numbers": sum(bool(item.quantity) for item in items),
        "topics": topics.most_common(),
        "categories": sorted(categories.items(), key=lambda c: (-c[1], c[0]))[:MOST_CATEGORIES],
        "category_count": len(categories),
        "given": sorted(given.items(), key=lambda g: (-g[1], g[0])),
        "cannot": impossible(items, ready),
        "examples": [example(item) for item in spread(items)],
    }


def impossible(items: Sequence[TestItem], ready: Readiness) -> dict[str, str]:
    """Measures that cannot apply to a test set, with the reason."""
    asked = [item for item in items if not item.classes]
    found: dict[str, str] = {}
    if not any(item.reference for item in asked):
        found["text"] = "no question of this set has a reference in words"
        found["judged"] = "a judge needs references, and no question of this set has one"
    if not asked:
        found["grounded"] = "this set asks for categories only"
    if not any(item.classes for item in items):
        found["category"] = "no question of this set asks for a category"
    if not any(item.defect is not None for item in items):
        found["defect"] = "of no question it is known whether there is a defect"
    if not any(item.quantity for item in items):
        found["quantity"] = "no question of this set asks for a number that is known"
    if ready.micrographs < 2:
        found["reliance"] = "there is no other micrograph to put in its place"
    return found


def spread(items: Sequence[TestItem]) -> list[TestItem]:
    """A few questions of different topics."""
    first: dict[str, TestItem] = {}
    for item in items:
        first.setdefault(item.topic or item.kind, item)
    chosen = list(first.values())[:EXAMPLES]
    rest = (item for item in items if item not in chosen)
    return (chosen + [item for item, _ in zip(rest, range(EXAMPLES), strict=False)])[:EXAMPLES]


def example(item: TestItem) -> Shown:
    """One question of a test set."""
    return {
        "micrograph": item.micrograph_id,
        "question": item.question,
        "reference": item.reference,
        "topic": item.topic or item.kind,
        "quantity": item.quantity,
    }


def judge_plan(plan: JudgePlan) -> Shown:
    """What would be sent to a judge."""
    cost = "free" if plan.price.free else f"at most {plan.cost_usd:.2f} USD"
    return {
        "hash": plan.payload_hash,
        "host": plan.host,
        "model": plan.model,
        "left": plan.left,
        "turns": plan.turns,
        "requests": len(plan.requests),
        "micrographs": len({r.micrograph_id for r in plan.requests}),
        "tokens": sum(r.tokens_read for r in plan.requests if r.attempt == 0),
        "free": plan.price.free,
        "price_known": plan.price.known,
        "cost": cost,
        "cost_usd": plan.cost_usd,
        "likely": f"{plan.likely_usd:.2f} USD",
        "held": len(plan.held),
        "notes": list(plan.notes),
    }


def judge_request(request: JudgeRequest) -> Shown:
    """One request, exactly as it would leave."""
    measure = request.prompt.measure.replace("_", " ")
    answers = len(request.prompt.letters)
    repeat = f", time {request.repeat + 1}" if request.repeat else ""
    again = ", only if the one before gave no score" if request.attempt else ""
    return {
        "title": f"{measure}: {answers} answer{'' if answers == 1 else 's'}{repeat}{again}",
        "tokens": request.tokens_read,
        "json": json.dumps(request.body, ensure_ascii=False, indent=2),
    }
