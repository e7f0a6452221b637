"""What an evaluation has found, as the Evaluate tab shows it: tables, answers, people. Pure."""

from __future__ import annotations

from collections import Counter
from statistics import fmean

import numpy as np

from slava.evaluation.report_data import page_data
from slava.evaluation.report_pictures import Pictures
from slava.evaluation.results import Results
from slava.evaluation.table_pairs import JudgeTrust, best_models, comparisons, judge_trust
from slava.evaluation.tables import (
    FEWEST_MICROGRAPHS,
    Cell,
    grouped,
    interval,
    levels_of,
    model_titles,
    summary,
    unit_key,
    unit_of,
)
from ui.present.words import Shown
from ui.services.evaluation_people import scorable
from ui.tabs.evaluate.drawing import kinds

NO_PICTURES = Pictures({}, 0, 0)
"""The window shows previews of its own."""


def found(results: Results) -> Shown:
    """Everything but the drawings."""
    contrasts = comparisons(results)
    best = best_models(results, contrasts)
    models = list(model_titles(results))
    cells = {f"{c.figure}|{models.index(c.model)}": mean(c) for c in summary(results)}
    if len(levels_of(results)) > 1:
        cells |= {
            f"{c.figure}|{models.index(c.model)}|{c.group}": mean(c)
            for figure in results.figures
            for c in grouped(results, figure.name, "level")
        }
    return {
        "id": results.evaluation.id,
        "done": results.evaluation.done,
        "state": results.evaluation.state,
        "data": page_data(results, NO_PICTURES),
        "quantities": list({row.item.id: row.item.quantity for row in results.rows}.values()),
        "cells": cells,
        "best": {name: models.index(model) for name, model in best.items()},
        "tests": contrasts[0].tests if contrasts else 0,
        "unit": unit_of(results),
        "notes": notes(results),
        "left_out": [[name, why] for name, why in results.left_out.items()],
        "kinds": kinds(results),
        "trust": [trust(one) for one in judge_trust(results)],
        "people": people(results),
        "scorable": {name: len(scorable(results, name)) for name in _MEASURES},
    }


def mean(cell: Cell) -> Shown:
    """One mean with its interval and the answers that it is of."""
    return {
        "mean": cell.mean,
        "low": cell.low,
        "high": cell.high,
        "std": cell.std,
        "n": cell.answers,
        "rows": cell.rows,
    }


def notes(results: Results) -> list[str]:
    """What a reader must know, that of the drawing of intervals last."""
    told = list(results.notes)
    if unit_of(results) == "item":
        told.append(
            f"There are fewer than {FEWEST_MICROGRAPHS} micrographs: intervals and tests hold for "
            "further questions about these micrographs only."
        )
    return told


def trust(one: JudgeTrust) -> Shown:
    """One judge and measure: what came back, how steady it is, what people say."""
    by = one.people
    return {
        "judge": one.judge,
        "measure": one.measure.replace("_", " "),
        "judged": one.judged,
        "judgements": one.judgements,
        "scored": one.scored,
        "not_applicable": one.not_applicable,
        "unusable": one.unusable,
        "repeat_std": one.repeat_std,
        "place": one.place,
        "kin": one.same_family,
        "count": by.count if by else 0,
        "spearman": by.spearman if by else None,
        "kappa": by.kappa if by else None,
        "difference": by.mean_difference if by else None,
    }


def people(results: Results) -> list[Shown]:
    """What people gave, by measure and model: the mean over answers of the mean of all people."""
    key = unit_key(results)
    given: dict[tuple[str, str], list[tuple[int, float]]] = {}
    names: dict[str, Counter[str]] = {}
    for place, row in enumerate(results.rows):
        for measure in {s.measure for s in row.scores}:
            theirs = [s for s in row.scores if s.measure == measure]
            names.setdefault(measure, Counter()).update(s.person for s in theirs)
            scores = [s.score for s in theirs if s.score is not None]
            if scores:
                given.setdefault((measure, row.model), []).append((place, fmean(scores)))
    rows = []
    for (measure, model), scored in given.items():
        values = np.array([value for _, value in scored])
        units = [key(results.rows[place]) for place, _ in scored]
        low, high = interval(values, units, seed=results.evaluation.spec.seed)
        rows.append(
            {
                "measure": measure.replace("_", " "),
                "model": model_titles(results).index(model),
                "mean": float(values.mean()),
                "low": low,
                "high": high,
                "n": len(scored),
                "rows": [place for place, _ in scored],
                "by": sorted(names[measure]),
            }
        )
    return sorted(rows, key=lambda row: (row["measure"], row["model"]))


_MEASURES = ("overall_quality", "feature_identification", "defect_detection")
