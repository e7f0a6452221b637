"""A run before it starts, as the tab shows it: its settings, what it takes, what speaks against."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from slava.domain import Run
from store import RunSize
from ui.present.words import Shown, duration
from ui.services.training_records import TrainWish
from ui.services.trial import Trial
from ui.tabs.finetune import settings
from ui.tabs.finetune.present import size

if TYPE_CHECKING:
    from pathlib import Path

    from training.finetune.config import TrainConfig
    from training.preflight import Finding

PRESETS: tuple[tuple[str, str, str], ...] = (
    (
        "quick",
        "Quick check",
        "Does it learn what you reviewed? Minutes for the built-in model, an evening for a large "
        "one.",
    ),
    (
        "paper",
        "Paper",
        "As sLAVA was trained: Adam at 0.001, halved on a plateau, batches of 32, up to 50 epochs.",
    ),
    (
        "careful",
        "Careful",
        "For large models: a small rate that falls as a cosine over 28 epochs, every one of them.",
    ),
)
"""Name, title, a sentence."""


def presets() -> list[Shown]:
    """The presets to choose from."""
    return [{"name": name, "title": title, "text": text} for name, title, text in PRESETS]


def values(config: TrainConfig) -> Shown:
    """The value of every setting that is shown."""
    told = config.to_json()
    return {name: told[name] for name in settings.KNOWN}


def findings(found: Iterable[Finding]) -> list[Shown]:
    """What speaks against a start, each with its way out."""
    return [
        {"level": one.severity, "check": one.check, "text": one.text, "way_out": one.way_out}
        for one in found
    ]


def estimate(trial: Trial | None) -> Shown:
    """The trial steps: under way, or what they foretell."""
    if trial is None:
        return {"state": "", "text": "", "rows": []}
    if trial.under_way:
        return {"state": "running", "text": trial.note, "rows": [], "fraction": trial.fraction}
    found = trial.estimate
    if found is None:
        told = trial.error or "cancelled"
        return {"state": trial.state, "text": told, "rows": []}
    step = f"{found.step_s:.1f}" if found.step_s >= 0.1 else f"{found.step_s:.2f}"
    rows = [
        {
            "name": "Time, at most",
            "text": duration(found.seconds),
            "detail": f"{found.steps} steps of {step} s; fewer where nothing is gained any more",
        },
        {"name": "Memory", "text": size(found.memory_bytes), "detail": "most that was taken"},
    ]
    return {"state": "done", "text": "", "rows": [row for row in rows if row["text"]]}


def disk(workspace: Path, needed: int | None, alike: RunSize | None) -> Shown:
    """What a run writes at most, what an earlier one took, and what is free."""
    free = f"{size(shutil.disk_usage(workspace).free)} are free"
    took = [f"an earlier run took {size(alike.total)}"] if alike else []
    if needed is None:
        return {"name": "Disk", "text": free, "detail": ", ".join(took)}
    kept = "checkpoints, adapter and a copy of the snapshot"
    detail = ", ".join([kept, *took, free])
    return {"name": "Disk", "text": f"up to {size(needed)}", "detail": detail}


def most_alike(wish: TrainWish, runs: Iterable[Run]) -> Run | None:
    """The newest run that has ended well, on the same backbone."""
    return next(
        (run for run in runs if run.state == "done" and run.backbone == wish.backbone), None
    )


def command(snapshot: str, config: Mapping[str, Any], changed: Iterable[str]) -> str:
    """The ``slava`` command that does the same."""
    parts = ["slava", "train", "--snapshot", snapshot]
    if config["backbone"] != "builtin":
        parts += ["--backbone", str(config["backbone"])]
    parts += ["--preset", str(config["preset"])]
    if config.get("quantization", "none") != "none":
        parts += ["--quantize", str(config["quantization"])]
    if config.get("name"):
        parts += ["--name", str(config["name"])]
    for name in changed:
        if name not in ("quantization", "name", "backbone", "preset"):
            value = config[name]
            parts += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return shlex.join(parts)
