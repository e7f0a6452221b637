"""What the Evaluate tab shows now: services asked, presenters applied."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import get_args

from slava.domain import Evaluation, EvaluationSpec, ModelEntry, Part
from slava.evaluation.keys import evaluation_id
from slava.metrics.contexts import LEVELS
from slava.metrics.judge_prompts import RANGES
from ui.answering import Sent, text
from ui.present.words import Shown
from ui.services import Services
from ui.tabs.evaluate import incoming, present


class Showing:
    """Values for the panel, made anew from what is true at the moment."""

    def __init__(self, services: Services) -> None:
        self._services, self._store = services, services.store
        self._evaluating = services.evaluating
        self._labelled: Shown = {}

    def state(self, _sent: Sent) -> Shown:
        """What there is to choose from, the evaluations, what goes on."""
        news = self._services.news.version
        now = self._evaluating.job.now
        current = now.evaluation if now is not None and now.under_way else None
        return {
            "news": news,
            "evaluations": [
                present.evaluation(e, now) for e in self._evaluating.list_evaluations()
            ],
            "sets": [present.test_set(s) for s in self._evaluating.list_test_sets()],
            "snapshots": [present.snapshot(s) for s in self._evaluating.list_snapshots()],
            "labelled": self._labels(counted_anew=current is None),
            "models": self._models(),
            "now": present.now(now),
            "reading": self._evaluating.reading,
        }

    def form(self, _sent: Sent) -> Shown:
        """Words of the form, which never change."""
        settings = self._services.settings
        return {
            "measures": [[name, *told] for name, told in present.MEASURES.items()],
            "levels": list(LEVELS),
            "parts": list(get_args(Part)),
            "scores": {name: list(ends) for name, ends in RANGES.items()},
            "judge": {
                "url": settings.teacher_url,
                "model": settings.teacher_model,
                "key": bool(settings.judge_api_key or settings.teacher_api_key),
            },
        }

    def test_set(self, sent: Sent) -> Shown:
        """What a test set holds.

        Raises
        ------
        NotFound
            If there is no such set.
        """
        found = self._store.test_sets.get_test_set(text(sent, "id"))
        items = self._evaluating.items(found.id)
        return present.preview(found, items, self._evaluating.desk.readiness(items))

    def plan(self, sent: Sent) -> Shown:
        """What would be asked, and whether that is an evaluation that is there already."""
        spec, wanted = self._planned(sent)
        made = evaluation_id(spec)
        known = next((e for e in self._evaluating.list_evaluations() if e.id == made), None)
        return {
            "answers": wanted[0],
            "there": wanted[1],
            "known": known.id if known else "",
            "known_name": known.name if known else "",
            "complete": bool(known and known.state == "done" and known.done >= known.total),
            "command": command(spec, text(sent, "name", 100), sent.get("confirm") is True),
        }

    def about(self, sent: Sent) -> Shown:
        """Everything that decides an evaluation."""
        found: Evaluation = self._store.evaluations.get_evaluation(text(sent, "id"))
        spec = found.spec
        return {
            "id": found.id,
            "measures": [present.MEASURES[m][0] for m in spec.measures],
            "levels": list(spec.levels),
            "way": "attributes in the question" if spec.way == "attributes" else "facts beside it",
            "longest": spec.max_new_tokens,
            "seed": spec.seed,
            "again": spec.again > 0,
            "pack": spec.pack,
            "judge": _judge(spec),
            "judge_choice": {
                "url": spec.judge.url,
                "model": spec.judge.model,
                "measures": list(spec.judge.measures),
                "repeats": spec.judge.repeats,
                "cap": "" if spec.judge.cap_usd is None else spec.judge.cap_usd,
            }
            if spec.judge
            else None,
            "models": [_entry(m) for m in spec.models],
            "command": command(spec, found.name, confirm=False),
            "wish": {
                "set": spec.dataset_id,
                "models": [_reference(m) for m in spec.models],
                "measures": list(spec.measures) + ["judged"] * bool(spec.judge),
                "levels": list(spec.levels),
                "way": spec.way,
                "max_new_tokens": spec.max_new_tokens,
                "seed": spec.seed,
            },
        }

    def _planned(self, sent: Sent) -> tuple[EvaluationSpec, tuple[int, int]]:
        entries = incoming.models(sent, self._evaluating.desk)
        wanted = self._evaluating.plan(
            entries, text(sent, "set"), incoming.wanted(sent), again=incoming.again(sent)
        )
        return wanted.spec, (wanted.answers, wanted.there)

    def _labels(self, counted_anew: bool) -> Shown:
        """How many micrographs are labelled; not counted with every answer that comes."""
        if counted_anew or not self._labelled:
            labels = Counter(r.label for r in self._store.labels.list_labelled() if r.label)
            self._labelled = {"count": sum(labels.values()), "categories": len(labels)}
        return self._labelled

    def _models(self) -> list[Shown]:
        """The built-in one and every adapter."""
        return [present.model(entry) for entry in self._evaluating.desk.entries()]


def command(spec: EvaluationSpec, name: str, confirm: bool) -> str:
    """The command that does the same."""
    parts = ["slava", "evaluate", "--models", ",".join(_reference(m) for m in spec.models)]
    parts += ["--dataset", f"set:{spec.dataset}", "--measures", ",".join(spec.measures)]
    parts += ["--levels", ",".join(spec.levels)]
    parts += ["--context", spec.way] * (spec.way != "facts")
    parts += ["--max-new-tokens", str(spec.max_new_tokens)] * (spec.max_new_tokens != 256)
    parts += ["--seed", str(spec.seed)] * (spec.seed != 0)
    parts += ["--confirm-bars"] * confirm
    parts += ["--again"] * bool(spec.again)
    parts += ["--name", name] * bool(name)
    return shlex.join(parts)


def _reference(model: ModelEntry) -> str:
    """As the command takes it."""
    suffix = "" if model.quantization == "none" else f"@{model.quantization}"
    return (f"adapter:{model.adapter}" if model.adapter else model.reference) + suffix


def _entry(model: ModelEntry) -> Shown:
    if model.is_given:
        about = "came with the test set"
    else:
        kept = [model.reference, "with an adapter" if model.adapter else "", model.quantization]
        about = ", ".join(part for part in kept if part and part != "none")
    return {"title": model.title, "about": about, "identity": model.identity}


def _judge(spec: EvaluationSpec) -> str:
    if spec.judge is None:
        return ""
    times = "once" if spec.judge.repeats == 1 else f"{spec.judge.repeats} times"
    measures = ", ".join(m.replace("_", " ") for m in spec.judge.measures)
    return f"{spec.judge.model} at {spec.judge.url}: {measures}, each answer {times}"
