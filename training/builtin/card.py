"""The model card: what the built-in model is, what it reaches, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slava.vlm.slava_model.language.intents import DECODED
from slava.vlm.slava_model.language.replies import NOTICE
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration


def model_card(model: SlavaForConditionalGeneration, report: Mapping[str, Any]) -> str:
    """The card of ``model`` in Markdown, with the figures of ``report``."""
    figures = report.get("synthetic", {})
    rows = "\n".join(f"| {name} | {_shown(value)} |" for name, value in figures.items())
    vision = model.config.vision_config
    return f"""---
license: apache-2.0
library_name: transformers
pipeline_tag: image-text-to-text
tags: [electron-microscopy, micrograph, synthetic-data]
---

# sLAVA, built-in

{NOTICE}

## What it is
The architecture of sLAVA (vision encoder; text encoder; image-grounded text encoder with
image-text matching; image-grounded text decoder), {model.num_parameters() / 1e6:.1f} M parameters:
a convolutional stem and {vision.depth} transformer layers of width {vision.width} over
{vision.size_px} x {vision.size_px} pixels, and text towers of width {model.config.width}. Questions
are read by the frozen sentence encoder all-MiniLM-L6-v2 (Apache-2.0), which is not part of these
weights.

## What it was trained on
Micrographs drawn by the computer (`slava.synthetic`), with their ground truth, and answers made
from that truth. No real micrograph. Recipe: `slava build-model` (fixed steps, seed):
{_recipe(report)}.
Numbers of an answer are slots that code fills with measured facts. While it writes, the decoder is
kept within the wordings that its one decision on the micrograph allows; `tokens_overruled` says how
often it had wanted another word, `..._unguarded` what it reaches without.

## What it does
It answers {len(DECODED)} kinds of question in English, names one of ten categories or says that it
is not sure, and puts measured numbers into its sentences by copying them.

## What it must not be used for
Inspection, acceptance, medical or legal decisions; composition; provenance. A confident answer on
a real micrograph can be wrong.

## Figures on held-out drawings
| Measure | Value |
|---|---|
{rows}
{_real(report)}"""


def _recipe(report: Mapping[str, Any]) -> str:
    """The recipe in words."""
    told = report.get("recipe", {})
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in told.items())


def _real(report: Mapping[str, Any]) -> str:
    """The table of real micrographs, where they were measured."""
    figures = report.get("real") or {}
    if not figures:
        return ""
    rows = "\n".join(f"| {name} | {_shown(value)} |" for name, value in figures.items())
    return f"\n## Figures on real micrographs\n| Measure | Value |\n|---|---|\n{rows}\n"


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
