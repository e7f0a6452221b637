"""What the Fine-tune tab shows now: services asked, presenters applied."""

from __future__ import annotations

import json
from typing import Any

from slava.domain import Adapter, AdapterId, Run
from slava.errors import NotFound
from store import Lineage
from ui.present.words import Shown
from ui.services import Services
from ui.services.training_records import TrainingNow
from ui.tabs.finetune import giving, planning, present, settings
from ui.tabs.finetune.story import tell

METRICS = "metrics.json"
"""In an adapter's folder: figures, and the answers to the test part."""


class Showing:
    """Values for the panel, made anew from what is true at the moment."""

    def __init__(self, services: Services, base: str) -> None:
        self._services, self._store, self._base = services, services.store, base
        self._training = services.training
        self._lineages: dict[AdapterId, Lineage] = {}  # what an adapter rests on stays

    def state(self) -> Shown:
        """The history, what can be learnt from, what answers in Analyse, a trial under way."""
        news = self._services.news.version
        adapters = self._adapters()
        snapshots = {s.id: s for s in self._store.snapshots.list_snapshots()}
        now = self._training.now
        used, wanted = self._services.adapters.in_use, self._services.models.state
        return {
            "news": news,
            "runs": [
                present.run_row(run, snapshots, adapters.get(run.id))
                for run in self._training.list_runs()
            ],
            "snapshots": [present.snapshot(s) for s in snapshots.values()],
            "backbones": self._backbones(wanted.wanted.reference),
            "presets": planning.presets(),
            "groups": settings.groups(),
            "using": used.id if used else "",
            "using_name": used.name if used else "the base model",
            "using_base": present.backbone(wanted.wanted.reference),
            "model_phase": wanted.phase,
            "model_error": wanted.error,
            "paused": bool(now and now.paused),
            "trial": planning.estimate(self._training.trials.job.now),
        }

    def run(self, reference: str, since: int) -> Shown:
        """One run, and what it has told after ``since``.

        Raises
        ------
        NotFound
            If there is no such run.
        """
        run = self._store.runs.get_run(reference)
        adapter = self._adapters().get(run.id)
        snapshots = {s.id: s for s in self._store.snapshots.list_snapshots()}
        row = present.run_row(run, snapshots, adapter)
        told = tell(self._store.runs.list_events(run.id, since=since), since)
        now = self._now(run)
        known = self._lineage(adapter)
        command = planning.command(row["snapshot"], run.settings, self._changed(run))
        return {
            **present.run_details(run, row, self._training.size(run.id), now),
            "told_so_far": told.to_json(),
            "results": present.results(adapter),
            "caution": present.caution(adapter),
            "tested": present.tested(adapter.metrics) if adapter else "",
            "chain": present.chain(run, known, snapshots.get(run.snapshot_id), adapter),
            "command": command,
            "forms": giving.forms(adapter),
            "forms_hint": giving.hint(adapter),
            "given": giving.given(self._training.exports.job.now, adapter),
        }

    def tested(self, reference: str) -> Shown:
        """The answers of the test part side by side."""
        run = self._store.runs.get_run(reference)
        path = self._store.runs.folder(run.id).adapter / METRICS
        try:
            metrics = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            metrics = {}
        return {"answers": present.answers(metrics)}

    # ------------------------------------------------------------------ plumbing
    def _adapters(self) -> dict[str, Adapter]:
        return {a.run_id: a for a in self._services.adapters.list_adapters() if a.run_id}

    def _now(self, run: Run) -> TrainingNow | None:
        now = self._training.now
        return now if now is not None and now.run.id == run.id else None

    def _lineage(self, adapter: Adapter | None) -> Lineage | None:
        if adapter is None:
            return None
        if adapter.id not in self._lineages:
            try:
                self._lineages[adapter.id] = self._services.adapters.lineage(adapter.id)
            except NotFound:
                return None
        return self._lineages[adapter.id]

    def _backbones(self, loaded: str) -> list[Shown]:
        """The built-in model, the loaded one where it can learn, any other."""
        own = loaded not in ("", "builtin") and "://" not in loaded
        there = [{"name": "builtin", "title": "Built-in sLAVA", "text": "Small; any computer."}]
        if own:
            text = f"{loaded}, which answers in Analyse"
            there.append({"name": loaded, "title": present.backbone(loaded), "text": text})
        other = "An image-text model in a folder, or one that was downloaded."
        return [*there, {"name": "", "title": "Folder or repository", "text": other}]

    def _changed(self, run: Run) -> list[str]:
        """Settings that differ from the run's preset."""
        from training.finetune.config import config_from, make_config

        try:
            config = config_from(run.settings)
            plain: dict[str, Any] = make_config(config.backbone, config.preset).to_json()
        except Exception:
            return []
        told = config.to_json()
        return [name for name in settings.KNOWN if told[name] != plain[name]]
