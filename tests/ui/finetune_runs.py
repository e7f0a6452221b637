"""A snapshot of drawn steel, and runs whose logs are written by hand: what a tab is shown."""

from __future__ import annotations

import json
import math
from pathlib import Path

from PIL import Image

from slava.domain import Drafting, MicrographId, PairId, QAPair, Run, Snapshot
from slava.handoff.events import (
    CheckpointEvent,
    DoneEvent,
    EventWriter,
    FailedEvent,
    SampleEvent,
    StateEvent,
    StepEvent,
    ValidationEvent,
    WarningEvent,
)
from slava.handoff.run_folder import RunFolder
from slava.teacher.pairs import with_id
from store import PairFilter, Store
from store.labels import Labelling
from tests.training.steel import PARAPHRASES, QUESTION, SIGNS, answers, draw
from training.finetune.config import make_config

METRICS = {
    "accuracy_base": 0.25, "accuracy": 0.875, "labelled": 8.0,
    "bleu2_base": 0.112, "bleu2": 0.634, "rougeL_base": 0.231, "rougeL": 0.702,
    "meteor_base": 0.198, "meteor": 0.655, "answered": 16.0,
}  # fmt: skip


def add_steel(store: Store, folder: Path, kinds: int = 3, each: int = 7) -> list[MicrographId]:
    """Draw micrographs with a label and an accepted pair each."""
    folder.mkdir(parents=True, exist_ok=True)
    ids: list[MicrographId] = []
    pairs: list[QAPair] = []
    for kind in list(SIGNS)[:kinds]:
        concise, detailed = answers(kind)
        for seed in range(each):
            path = folder / f"{kind} {seed}.png"
            Image.fromarray(draw(kind, seed)).save(path)
            at = store.micrographs.add_micrograph(path).micrograph.id
            store.labels.set_label(Labelling(at, kind))
            ids.append(at)
            pair = QAPair(
                PairId(""), (at,), QUESTION, concise, detailed=detailed, category=kind,
                paraphrases=PARAPHRASES, drafting=Drafting("api.example", "teacher-1", "steel-1"),
            )  # fmt: skip
            pairs.append(with_id(pair))
    store.pairs.add_pairs(pairs)
    store.reviews.record_bulk(PairFilter(), "reviewer", "accepted")
    return ids


def freeze(store: Store, name: str = "steel, first reviews") -> Snapshot:
    """Freeze what is accepted, without measuring."""
    return store.snapshots.add_snapshot(name, measure=False).snapshot


def add_run(store: Store, snapshot: Snapshot, name: str = "", **settings: object) -> Run:
    """A run that waits, and that nobody starts."""
    config = make_config("builtin", "quick", name=name, **settings)
    return store.runs.add_run(snapshot, config.to_json())


def train(
    store: Store, run: Run, ids: list[MicrographId], *, steps: int = 240, until: int | None = None
) -> Run:
    """Write what a run would tell of its steps until ``until``."""
    folder = store.runs.folder(run.id)
    with EventWriter(folder.events) as log:
        log.write(StateEvent("preflight"))
        log.write(StateEvent("running"))
        for step in range(1, (until or steps) + 1):
            tell_step(log, step, steps)
            if step % 24 == 0:
                log.write(ValidationEvent(step, 0.55 + 2.1 * math.exp(-step / 60)))
                log.write(CheckpointEvent(step, f"checkpoints/{step}"))
            if step % 60 == 1:
                tell_samples(log, step - 1, ids)
        log.write(WarningEvent("A warning that a user should read."))
    return store.runs.catch_up(run.id)


def tell_step(log: EventWriter, step: int, steps: int) -> None:
    """One step of a loss that falls and jumps a little."""
    jump = 0.28 * math.sin(step * 12.9898) * math.exp(-step / 200)
    loads = [1 + 0.5 * math.sin(step / 30 + k) for k in range(4)]
    log.write(
        StepEvent(
            step=step,
            steps=steps,
            loss=0.4 + 2.2 * math.exp(-step / 50) + jump,
            learning_rate=3e-3 * 0.5 * (1 + math.cos(math.pi * step / steps)),
            tokens=step * 640,
            tokens_per_s=1180 + 60 * math.sin(step / 7),
            rank=4 + step * 7 % 13,
            expert_load=tuple(load / sum(loads) for load in loads),
            memory_bytes=912_000_000,
        )
    )


def tell_samples(log: EventWriter, step: int, ids: list[MicrographId]) -> None:
    """Answers that grow better."""
    for number, kind in enumerate(list(SIGNS)[:3]):
        concise, detailed = answers(kind)
        said = [
            "The micrograph shows particles of different sizes on an even ground.",
            f"The surface shows {list(SIGNS)[(number + 1) % 3].replace('_', ' ')}.",
            f"{concise} It is told by dark spots.",
            detailed,
        ][min(step // 60, 3)]
        at = ids[min(number * 7, len(ids) - 1)]
        log.write(SampleEvent(step, at, QUESTION, said, detailed))


def finish(store: Store, run: Run, ids: list[MicrographId], **metrics: float) -> Run:
    """Give it an adapter and a result."""
    folder = store.runs.folder(run.id)
    write_adapter(folder, ids, {**METRICS, **metrics})
    with EventWriter(folder.events) as log:
        log.write(StateEvent("saving"))
        log.write(DoneEvent("adapter", {**METRICS, **metrics}, 92.0, 912_000_000))
        log.write(StateEvent("done"))
    return store.runs.catch_up(run.id)


def write_adapter(folder: RunFolder, ids: list[MicrographId], metrics: dict[str, float]) -> None:
    """An adapter's folder without weights that mean anything."""
    rows = []
    for number, kind in enumerate(list(SIGNS)[:3]):
        concise, detailed = answers(kind)
        base = "The micrograph shows particles of different sizes on an even ground."
        rows.append({
            "kind": "vqa", "micrographs": [ids[min(number * 7, len(ids) - 1)]], "category": kind,
            "question": QUESTION, "expected": detailed, "base": base, "adapter": concise,
        })  # fmt: skip
    with folder.writing_adapter() as target:
        (target / "adapter_model.safetensors").write_bytes(b"\0" * 2_400_000)
        (target / "adapter_config.json").write_text("{}")
        (target / "metrics.json").write_text(json.dumps({"metrics": metrics, "answers": rows}))


def fail(store: Store, run: Run) -> Run:
    """End it with a reason and a way out."""
    with EventWriter(store.runs.folder(run.id).events) as log:
        log.write(StateEvent("preflight"))
        log.write(FailedEvent("There was too little memory.", "Choose fewer pairs at once."))
    return store.runs.catch_up(run.id)


def interrupt(store: Store, run: Run) -> Run:
    """Break it off, so that it can be gone on with."""
    with EventWriter(store.runs.folder(run.id).events) as log:
        log.write(StateEvent("interrupted", "ended from outside; resume it to go on"))
    return store.runs.catch_up(run.id)
