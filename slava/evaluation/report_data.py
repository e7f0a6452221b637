"""What the script of a report knows: items, answers and judgements as JSON that no HTML escapes.

It must not know how they are shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from slava.domain import ItemId
from slava.evaluation.report_pictures import Pictures
from slava.evaluation.results import Results, Row
from slava.evaluation.tables import groups_of, levels_of, model_titles
from slava.metrics.judged import Judgement

_UNSAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
_UNSAFE |= {0x2028: "\\u2028", 0x2029: "\\u2029"}


def as_json(value: object) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or begins another."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return written.translate(_UNSAFE)


def page_data(results: Results, pictures: Pictures) -> dict[str, object]:
    """Everything but the drawings. Texts that come again and again stand once, in ``texts``."""
    texts = _Texts()
    items: dict[ItemId, int] = {}
    told: list[dict[str, object]] = []
    places: dict[str, int] = {}
    for row in results.rows:
        item = row.item
        if item.id not in items:
            items[item.id] = len(items)
            told.append(
                {
                    "picture": places.setdefault(item.micrograph_id, len(places)),
                    "question": item.question,
                    "reference": item.reference,
                    "topic": item.topic,
                    "complexity": item.complexity,
                    "category": item.category,
                    "defect": item.defect,
                }
            )
    models = model_titles(results)
    addresses = {str(i): a for i, a in pictures.addresses.items()}
    return {
        "models": models,
        "levels": levels_of(results),
        "topics": groups_of(results, "topic"),
        "figures": [
            {
                "name": f.name,
                "title": f.title,
                "low": f.low,
                "high": f.high,
                "larger": f.larger_is_better,
                "share": f.share,
                "told": f.told,
            }
            for f in results.figures
        ],
        "micrographs": [[i, addresses.get(i, "")] for i in places],
        "items": told,
        "rows": [
            _row(row, items[row.item.id], models.index(row.model), results, texts)
            for row in results.rows
        ],
        "texts": texts.all,
    }


@dataclass(slots=True)
class _Texts:
    """Texts with their places."""

    all: list[str] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        if text not in self._known:
            self._known[text] = len(self.all)
            self.all.append(text)
        return self._known[text]


def _row(row: Row, item: int, model: int, results: Results, texts: _Texts) -> dict[str, object]:
    """One answer; what is empty is missing."""
    told = {
        "item": item,
        "model": model,
        "level": row.level,
        "answer": row.answer,
        "asked": texts.place(row.asked) if row.asked != row.item.question else None,
        "context": texts.place(row.context) if row.context else None,
        "error": row.error,
        "seconds": round(row.seconds, 3),
        "figures": [row.figures.get(f.name) for f in results.figures],
        "said": row.said_category,
        "swapped": row.swapped,
        "flags": list(row.flags),
        "notices": list(row.notices),
        "judged": [_judgement(j, texts) for j in row.judgements],
        "people": [[s.measure, s.person, s.score, s.comment] for s in row.scores],
    }
    return {key: value for key, value in told.items() if value not in ("", [], None)}


def _judgement(judgement: Judgement, texts: _Texts) -> dict[str, object]:
    told = {
        "measure": judgement.measure,
        "judge": judgement.judge,
        "state": judgement.state,
        "score": judgement.score,
        "reason": judgement.reason,
        "criteria": dict(judgement.criteria),
        "raw": texts.place(judgement.raw) if judgement.raw else None,
        "overruled": judgement.overruled_by,
        "own": judgement.judge_score,
        "kin": judgement.same_family or None,
    }
    return {key: value for key, value in told.items() if value not in ("", {}, None)}
