"""What a run may be told besides its preset, with words for each setting. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from slava.errors import BadInput

Kind = Literal["whole", "number", "choice", "yes"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a run as the tab shows it."""

    name: str
    """As :class:`training.finetune.config.TrainConfig` calls it."""
    label: str
    kind: Kind
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and word."""
    empty: str = ""
    """What an empty field means; without it the field cannot be empty."""


GROUPS: tuple[tuple[str, tuple[Setting, ...]], ...] = (
    (
        "How long",
        (
            Setting("epochs", "Epochs", "whole", "How often every pair is seen, at most."),
            Setting("max_steps", "Steps, at most", "whole", empty="no limit"),
            Setting(
                "patience",
                "Patience",
                "whole",
                "Epochs without a better validation loss after which it ends.",
                empty="to the end",
            ),
            Setting("seed", "Seed", "whole", "The same seed gives the same run."),
        ),
    ),
    (
        "How it learns",
        (
            Setting("learning_rate", "Learning rate", "number"),
            Setting(
                "schedule",
                "Schedule",
                "choice",
                "It falls as a cosine, is halved where nothing is gained, or stays.",
                choices=(
                    ("cosine", "cosine"),
                    ("plateau", "plateau"),
                    ("constant", "constant"),
                ),
            ),
            Setting("warmup_steps", "Warm-up, steps", "whole"),
            Setting("batch", "Batch", "whole", "Pairs per step."),
            Setting(
                "micro_batch",
                "At once",
                "whole",
                "Pairs that are computed at once: fewer need less memory.",
                empty="automatic",
            ),
        ),
    ),
    (
        "Adapter",
        (
            Setting(
                "method",
                "Method",
                "choice",
                choices=(("dya_moqpe", "DyA-MoQPE"), ("lora", "LoRA"), ("lora_fa", "LoRA-FA")),
            ),
            Setting("rank", "Rank", "whole"),
            Setting("rank_min", "Smallest rank", "whole", "Each step draws a rank from here up."),
            Setting("experts", "Experts", "whole"),
            Setting("top_k", "Experts per token", "whole"),
            Setting("dropout", "Dropout", "number"),
        ),
    ),
    (
        "What it is shown",
        (
            Setting(
                "context",
                "Context",
                "choice",
                "What is told of a micrograph, in training as in answering.",
                choices=(
                    ("none", "none"),
                    ("basic", "basic"),
                    ("moderate", "moderate"),
                    ("high", "high"),
                ),
            ),
            Setting("image_tokens", "Tokens of a picture", "whole", empty="the model's own"),
            Setting("longest_answer", "Longest answer", "whole"),
            Setting(
                "few_shot",
                "With demonstrations",
                "number",
                "Share of category questions that come with demonstrations.",
            ),
            Setting(
                "classification",
                "Categories too",
                "yes",
                "Labelled micrographs are also asked for their category.",
            ),
        ),
    ),
    (
        "This machine",
        (
            Setting(
                "quantization",
                "Quantization",
                "choice",
                choices=(("none", "none"), ("int8", "8-bit"), ("nf4", "4-bit (nf4)")),
            ),
            Setting(
                "precision",
                "Precision",
                "choice",
                choices=(("auto", "automatic"), ("fp32", "fp32"), ("bf16", "bf16")),
            ),
            Setting("threads", "CPU threads", "whole", empty="automatic"),
            Setting(
                "checkpoint_steps",
                "Checkpoint every",
                "whole",
                empty="every epoch",
            ),
        ),
    ),
    (
        "Looking at it",
        (
            Setting("samples", "Sample questions", "whole", "Answered as the run goes."),
            Setting("evaluate", "Test at the end", "yes", "Base against adapter."),
            Setting("evaluate_most", "Test pairs, at most", "whole"),
        ),
    ),
)
KNOWN: Mapping[str, Setting] = {one.name: one for _, listed in GROUPS for one in listed}


def groups() -> list[dict[str, Any]]:
    """The settings as the page draws them."""
    return [
        {
            "title": title,
            "settings": [
                {
                    "name": one.name,
                    "label": one.label,
                    "kind": one.kind,
                    "hint": one.hint,
                    "choices": one.choices,
                    "empty": one.empty,
                }
                for one in listed
            ],
        }
        for title, listed in GROUPS
    ]


def words(setting: Setting, value: Any) -> str:
    """A value as the page shows it."""
    if value is None:
        return setting.empty or "not said"
    if setting.kind == "yes":
        return "yes" if value else "no"
    return dict(setting.choices).get(
        str(value), f"{value:g}" if isinstance(value, float) else str(value)
    )


def read(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What the page changed, as values of a config.

    Raises
    ------
    BadInput
        For a setting that is not shown here, or that is no number.
    """
    changed: dict[str, Any] = {}
    for name, value in sent.items():
        setting = KNOWN.get(name)
        if setting is None:
            raise BadInput(f"the page sent a setting {name!r} that there is not. Reload it.")
        changed[name] = _value(setting, value)
    return changed


def _value(setting: Setting, value: Any) -> Any:
    if setting.kind == "yes":
        return bool(value)
    text = str(value).strip() if value is not None else ""
    if setting.kind == "choice":
        return text
    if not text and setting.empty:
        return None
    try:
        return int(text) if setting.kind == "whole" else float(text)
    except ValueError:
        whole = "a whole number" if setting.kind == "whole" else "a number"
        raise BadInput(f"{setting.label}: {text or 'nothing'} is not {whole}.") from None
