"""Build the built-in model from nothing: draw, see, read, judge, write it down.

    drawings -> vision encoder (frozen then) -> router, text towers -> certainty -> evaluation

Fixed steps and a seed: the same preset gives the same recipe on any machine. No real micrograph is
read. ``slava build-model`` calls :func:`build_model`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from slava.errors import BadSetting
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
from slava.vlm.slava_model.processing import SlavaProcessor
from slava.vlm.slava_model.vision import VisionConfig
from training.builtin.assemble import (
    cache_features,
    make_model,
    make_processor,
    put_vision,
    save_model,
)
from training.builtin.card import model_card
from training.builtin.certainty import fit_certainty
from training.builtin.dataset import DatasetConfig, build_dataset
from training.builtin.route import train_router
from training.builtin.text import TextConfig, train_text
from training.builtin.vision import TrainVisionConfig, train_vision

Progress = Callable[[str], None]
HELD_OUT_SEED = 10_000_000
"""First seed of the drawings that are never trained on."""


@dataclass(frozen=True, slots=True)
class Preset:
    """How much of everything. ``full`` is what the package carries."""

    drawings: int = 32_000
    held_out: int = 2_000
    drawing_px: int = 256
    vision_steps: int = 9_000
    vision: VisionConfig = field(default_factory=VisionConfig)
    cached: int = 8_000
    text: TextConfig = field(default_factory=TextConfig)
    router_steps: int = 1_200
    router_copies: int = 2
    width: int = 128
    heads: int = 4
    decoder_layers: int = 3
    vision_sizes: tuple[tuple[float, int], ...] = ((0.0, 128), (0.85, 192))
    examined: int = 400
    """How many questions each part of the evaluation asks."""


PRESETS = {
    "full": Preset(),
    "quick": Preset(
        drawings=600,
        held_out=200,
        vision_steps=120,
        cached=400,
        text=TextConfig(steps=120, batch=32, questions=12),
        router_steps=300,
        router_copies=0,
        examined=40,
    ),
    "tiny": Preset(
        drawings=40,
        held_out=20,
        drawing_px=96,
        vision_steps=3,
        vision=VisionConfig(size_px=64, width=32, depth=1, heads=2, stem_widths=(8, 16)),
        vision_sizes=((0.0, 64),),
        cached=20,
        text=TextConfig(steps=3, batch=4, match_batch=4, questions=2),
        router_steps=5,
        router_copies=0,
        width=64,
        heads=2,
        decoder_layers=1,
        examined=4,
    ),
}


def build_model(
    out: Path, *, preset: str = "full", seed: int = 0, on_progress: Progress = print
) -> dict[str, Any]:
    """Build the model of ``preset`` into the folder ``out``; returns the report as JSON types.

    Drawings and intermediate weights are kept in ``out/work``, where a later call finds them.

    Raises
    ------
    BadSetting
        If there is no such preset.
    """
    if preset not in PRESETS:
        raise BadSetting(f"preset {preset!r} is none of {', '.join(PRESETS)}.")
    began, plan, work = time.monotonic(), PRESETS[preset], out / "work"
    weights = _see(plan, work, seed, on_progress)
    model, processor = _read(plan, work, weights, seed, on_progress)
    save_model(model, processor, out)
    on_progress("evaluating")
    report = _judge(out, plan, work)
    report |= {"preset": preset, "seed": seed, "seconds": round(time.monotonic() - began)}
    (out / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    (out / "MODEL_CARD.md").write_text(model_card(model, report), encoding="utf-8")
    return report


def _see(plan: Preset, work: Path, seed: int, on_progress: Progress) -> Path:
    """Draw, then train the vision encoder; the file of its weights."""

    def drawn(done: int, of: int) -> None:
        on_progress(f"drawn {done} of {of}")

    size = plan.drawing_px
    build_dataset(work / "drawings", DatasetConfig(plan.drawings, size, seed * 1_000_000), drawn)
    build_dataset(work / "held_out", DatasetConfig(plan.held_out, size, HELD_OUT_SEED), drawn)
    return train_vision(
        TrainVisionConfig(
            folders=(work / "drawings",),
            held_out=work / "held_out",
            output=work / "vision.safetensors",
            steps=plan.vision_steps,
            batch=min(64, plan.drawings // 2),
            seed=seed,
            threads=torch.get_num_threads(),
            sizes=plan.vision_sizes,
            model=plan.vision,
        ),
        on_progress,
    ).weights


def _read(
    plan: Preset, work: Path, weights: Path, seed: int, on_progress: Progress
) -> tuple[SlavaForConditionalGeneration, SlavaProcessor]:
    """Train router and text towers on what the frozen encoder sees, and fit the certainty."""
    from training.builtin.dataset import open_dataset

    processor = make_processor(plan.vision.size_px, seed)
    torch.manual_seed(seed)
    model = make_model(
        weights,
        processor,
        width=plan.width,
        heads=plan.heads,
        decoder_layers=plan.decoder_layers,
    )
    on_progress("training the question router")
    routed = train_router(
        model.router,
        steps=plan.router_steps,
        seed=seed,
        most=plan.text.questions,
        copies=plan.router_copies,
    )
    drawings = open_dataset(work / "drawings")
    pictures = cache_features(model, drawings, plan.cached, progress=on_progress)
    train_text(model, pictures, encoder_of(processor), replace(plan.text, seed=seed), on_progress)
    held_out = open_dataset(work / "held_out")
    model.config.certainty = fit_certainty(model, held_out, range(len(held_out) // 2), routed)
    return model, processor


def encoder_of(processor: SlavaProcessor) -> Callable[[str], list[int]]:
    """Text to ids, without marks around it."""

    def encode(text: str) -> list[int]:
        ids: list[int] = processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    return encode


def _judge(out: Path, plan: Preset, work: Path) -> dict[str, Any]:
    from training.builtin.on_drawings import evaluate_synthetic

    count = plan.held_out
    return {
        "recipe": {
            "drawings": plan.drawings,
            "vision_steps": plan.vision_steps,
            "text_steps": plan.text.steps,
        },
        "synthetic": evaluate_synthetic(
            out, work / "held_out", range(count // 2, count), plan.examined
        ),
    }


__all__ = ["PRESETS", "Preset", "build_model", "encoder_of", "put_vision"]
