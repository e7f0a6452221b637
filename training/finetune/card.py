"""The model card beside an adapter: what it is, what it learned from, what it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slava.handoff.snapshot import Manifest
from training.finetune.config import TrainConfig


def card(
    config: TrainConfig,
    manifest: Manifest,
    metrics: Mapping[str, float],
    told: Mapping[str, Any],
) -> str:
    """The card as Markdown with its front matter.

    ``told``: ``trainable`` and ``base_parameters``, ``rank``, ``step``, ``licence`` of the base,
    ``licences`` of the micrographs by count, ``confidential`` micrographs.
    """
    licences = ", ".join(f"{name} ({count})" for name, count in told["licences"].items())
    lines = [
        "---",
        "library_name: peft",
        f"base_model: {_plain(config.backbone)}",
        "pipeline_tag: image-text-to-text",
        "tags: [electron-microscopy, micrograph, adapter]",
        "---",
        "",
        f"# {_plain(config.name) or 'Adapter'}",
        "",
        f"An adapter ({config.method}) on `{_plain(config.backbone)}`"
        f" ({config.quantization}), made by sLAVA.",
        "",
        "| | |",
        "|---|---|",
        f"| Trained parameters | {told['trainable']:,} |",
        f"| Parameters of the base | {told['base_parameters']:,} |",
        f"| Rank kept | {told['rank']} |",
        f"| Preset, seed | {config.preset}, {config.seed} |",
        f"| Weights of step | {told['step']} |",
        f"| Context told | {config.context} |",
        f"| Training data | snapshot `{manifest.id}` ({_plain(manifest.name)}) |",
        f"| Pairs: train, validation, test | {_parts(manifest.pairs)} |",
        f"| Micrographs: train, validation, test | {_parts(manifest.micrographs)} |",
        f"| Licence of the base | {_plain(told['licence']) or 'not said'} |",
        f"| Licences of the micrographs | {licences or 'not said'} |",
        f"| Confidential micrographs | {told['confidential']} |",
        "",
        "## On the frozen test part",
        "",
        *_table(metrics),
        "",
        "## Limits",
        "",
        "It has learned the words of its training pairs, right or wrong. Figures hold for pictures",
        "like those of the test part, taken with the same instruments; they say nothing of others.",
        "It must not decide an inspection. Weights may hold traces of what they were trained on:",
        "treat them like the micrographs themselves.",
        "",
    ]
    return "\n".join(lines)


def _table(metrics: Mapping[str, float]) -> list[str]:
    names = [n for n in metrics if f"{n}_base" in metrics]
    if not names:
        return ["Not evaluated."]
    rows = [f"| {n} | {metrics[f'{n}_base']:.3f} | {metrics[n]:.3f} |" for n in names]
    return ["| Measure | Base | Adapter |", "|---|---:|---:|", *rows]


def _parts(counts: Mapping[Any, int]) -> str:
    return ", ".join(str(counts.get(part, 0)) for part in ("train", "validation", "test"))


def _plain(text: str) -> str:
    """Untrusted text in one line without what Markdown and YAML would take for their own."""
    return " ".join(text.split()).translate(str.maketrans("", "", "|`<>[]{}*_#\"'"))
