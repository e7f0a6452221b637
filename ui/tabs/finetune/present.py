"""Runs, snapshots, results and lineage as the Fine-tune tab shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slava.domain import Adapter, Run, Snapshot, SnapshotId
from slava.domain.run import ENDED
from slava.vlm.memory import gigabytes
from store import RunSize
from store.adapters import Lineage
from ui.present.words import Shown, duration
from ui.services.training_records import TrainingNow
from ui.tabs.finetune import settings

STATES: Mapping[str, str] = {
    "queued": "waiting for its turn",
    "preflight": "checking and loading",
    "running": "training",
    "saving": "saving and testing",
    "done": "done",
    "stopped": "stopped, weights kept",
    "cancelled": "cancelled",
    "failed": "failed",
    "interrupted": "interrupted, can go on",
}
PRESETS: Mapping[str, str] = {"quick": "quick check", "paper": "paper", "careful": "careful"}
METHODS: Mapping[str, str] = {"dya_moqpe": "DyA-MoQPE", "lora": "LoRA", "lora_fa": "LoRA-FA"}
MEASURES: tuple[tuple[str, str, bool], ...] = (
    ("accuracy", "Category right", True),
    ("accuracy_written", "Category named in the answer", True),
    ("bleu2", "BLEU-2", False),
    ("bleu4", "BLEU-4", False),
    ("rouge1", "ROUGE-1", False),
    ("rougeL", "ROUGE-L", False),
    ("meteor", "METEOR", False),
)
"""Name in the metrics, words, whether it is a share."""
RESUMABLE = ("interrupted", "failed")
LIVE = ("queued", "preflight", "running", "saving")


def size(count: int | None) -> str:
    """Bytes in words: ``3.2 MB``, ``1.4 GB``."""
    if not count:
        return ""
    if count < 1e6:
        return f"{max(1, round(count / 1e3))} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e8 else gigabytes(count)


def backbone(reference: str) -> str:
    """A model in words: its own name, without the folders before it."""
    if reference == "builtin":
        return "Built-in sLAVA"
    return reference.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or reference


def title(run: Run) -> str:
    """What a run is called: as its adapter, else by its preset."""
    return str(run.settings.get("name") or "") or f"{PRESETS.get(run.preset, run.preset)} run"


def run_row(run: Run, snapshots: Mapping[SnapshotId, Snapshot], adapter: Adapter | None) -> Shown:
    """One line of the history."""
    learnt = snapshots.get(run.snapshot_id)
    return {
        "id": run.id,
        "title": adapter.name if adapter else title(run),
        "state": run.state,
        "told": STATES[run.state],
        "live": run.state in LIVE,
        "snapshot": learnt.name if learnt else "a snapshot that is gone",
        "backbone": backbone(run.backbone),
        "preset": PRESETS.get(run.preset, run.preset),
        "created": run.created_at,
        "step": run.step,
        "steps": run.steps,
        "loss": run.loss,
        "val_loss": run.val_loss,
        "adapter": adapter.id if adapter else "",
        "headline": headline(adapter),
    }


def headline(adapter: Adapter | None) -> str:
    """What it is worth, in a few characters."""
    if adapter is None:
        return ""
    for name, _, share in MEASURES:
        before, after = adapter.metrics.get(f"{name}_base"), adapter.metrics.get(name)
        if before is not None and after is not None:
            return f"{before:.0%} → {after:.0%} right" if share else f"{before:.2f} → {after:.2f}"
    return ""


def snapshot(found: Snapshot) -> Shown:
    """One snapshot to choose."""
    return {
        "id": found.id,
        "name": found.name,
        "created": found.created_at,
        "pairs": dict(found.pairs),
        "micrographs": dict(found.micrographs),
        "all_pairs": sum(found.pairs.values()),
        "all_micrographs": sum(found.micrographs.values()),
    }


def run_details(run: Run, row: Shown, taken: RunSize, now: TrainingNow | None) -> Shown:
    """A run that is open; ``now`` where it is the one under way, or was the last."""
    eta = now.eta_s if now else None
    asked = bool(now and now.ending)  # true until its process is gone
    return {
        **row,
        "reason": run.reason,
        "note": now.note if now else "",
        "quiet": bool(now and now.quiet_s),
        "paused": bool(now and now.paused),
        "ending": asked and run.state not in ENDED,
        "notes": run.notes,
        "took": duration(run.seconds) if run.seconds else "",
        "eta": duration(eta) if eta is not None else "",
        "memory": size(run.peak_memory_bytes),
        "is_ended": run.state in ENDED,
        "resumable": run.state in RESUMABLE and not asked,
        "settings": told_settings(run),
        "size": size(taken.total) or "nothing",
        "checkpoints": size(taken.checkpoints),
    }


def told_settings(run: Run) -> list[tuple[str, str]]:
    """What the run was told, in the words of the form."""
    told = [(s, run.settings.get(s.name)) for s in settings.KNOWN.values()]
    return [(s.label, settings.words(s, value)) for s, value in told]


def results(adapter: Adapter | None) -> list[Shown]:
    """Base against adapter on the frozen test part."""
    if adapter is None:
        return []
    rows = []
    for name, words, share in MEASURES:
        before, after = adapter.metrics.get(f"{name}_base"), adapter.metrics.get(name)
        if before is None or after is None:
            continue
        rows.append({"name": words, "base": before, "adapter": after, "share": share})
    return rows


def caution(adapter: Adapter | None) -> str:
    """What a good headline may hide: written answers that have become worse, or no test at all."""
    if adapter is None:
        return ""
    if not any(f"{name}_base" in adapter.metrics for name, _, _ in MEASURES):
        return "It was not tested: what it is worth is not known."
    before, after = (adapter.metrics.get(name) for name in ("rougeL_base", "rougeL"))
    if before is None or after is None or after >= before:
        return ""
    return (
        f"What it writes is further from the expected answers than what the base writes (ROUGE-L "
        f"{after:.3f} against {before:.3f}). Look at the test part; train it longer, or on more "
        "pairs, before you use it. Where it writes nothing, the base answers in its place."
    )


def tested(metrics: Mapping[str, float]) -> str:
    """On what the results stand."""
    labelled, answered = int(metrics.get("labelled", 0)), int(metrics.get("answered", 0))
    parts = [f"{labelled} categories"] * (labelled > 0) + [f"{answered} answers"] * (answered > 0)
    return " and ".join(parts)


def chain(
    run: Run, known: Lineage | None, learnt: Snapshot | None, adapter: Adapter | None
) -> list[Shown]:
    """From what comes out back to what it rests on; ``learnt`` where it is still listed."""
    links = []
    if adapter:
        method = METHODS.get(adapter.method, adapter.method)
        links.append(_link("Adapter", adapter.name, f"{method}, {size(adapter.size_bytes)}"))
    links.append(
        _link("Run", run.id, f"{backbone(run.backbone)}, {PRESETS.get(run.preset, run.preset)}")
    )
    pairs = sum(learnt.pairs.values()) if learnt else known.pairs if known else 0
    name = learnt.name if learnt else "a snapshot that is gone"
    links.append(_link("Snapshot", name, f"{pairs} pairs" if pairs else run.snapshot_id[:12]))
    if known and known.pairs:
        by = ", ".join(known.reviewers)
        links.append(_link("Reviews", f"{known.reviews} verdicts", f"by {by}" if by else ""))
    return links


def _link(kind: str, text: str, detail: str) -> Shown:
    return {"kind": kind, "text": text, "detail": detail}


def answers(metrics: Mapping[str, Any]) -> list[Shown]:
    """The test part's answers side by side, those that changed first."""
    rows = [
        {
            "micrograph": next(iter(row.get("micrographs") or []), ""),
            "kind": row.get("kind", ""),
            "category": str(row.get("category", "")).replace("_", " "),
            "question": row.get("question", ""),
            "expected": row.get("expected", ""),
            "base": row.get("base", ""),
            "adapter": row.get("adapter", ""),
        }
        for row in metrics.get("answers", [])
        if isinstance(row, dict)
    ]
    return sorted(rows, key=lambda row: row["base"] == row["adapter"])
