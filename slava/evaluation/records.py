"""Specs and answers as JSON types, and back. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from slava.domain import EvaluationSpec, JudgeChoice, ModelEntry


def spec_record(spec: EvaluationSpec) -> dict[str, Any]:
    """The spec as JSON types; what was added later is missing where it says nothing, so that the
    same spec stays the same evaluation."""
    written: dict[str, Any] = json.loads(json.dumps(asdict(spec)))
    if not spec.again:
        del written["again"]
    for model in written["models"]:
        if not model["served"]:
            del model["served"]
    return written


def spec_from(record: Mapping[str, Any]) -> EvaluationSpec:
    """The spec of :func:`spec_record`."""
    told = dict(record)
    judge = told.pop("judge", None)
    models = tuple(ModelEntry(**one) for one in told.pop("models"))
    told |= {name: tuple(told[name]) for name in ("measures", "levels")}
    chosen = None
    if judge is not None:
        chosen = JudgeChoice(**{**judge, "measures": tuple(judge["measures"])})
    return EvaluationSpec(models=models, judge=chosen, **told)
