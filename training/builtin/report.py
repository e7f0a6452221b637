"""The bars of the built-in model, and the report that says which are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure should reach."""

    name: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        """Whether ``value`` reaches it."""
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    @property
    def text(self) -> str:
        return f">= {self.at_least}" if self.at_least is not None else f"<= {self.at_most}"


SYNTHETIC_BARS = (
    Bar("category_top1", 0.97),
    Bar("category_drop_when_shuffled", 0.80),
    Bar("defect_balanced_accuracy", 0.80),
    Bar("diameter_within_25_percent", 0.80),
    Bar("numbers_copied_exactly", 1.0),
    Bar("physical_unit_without_calibration", at_most=0.0),
    Bar("unseen_wording_routed", 0.92),
    Bar("bleu2", 0.85),
    Bar("bleu2_above_shuffled", 0.25),
    Bar("match_pairs", 0.85),
    Bar("contradictions", at_most=0.0),
    Bar("file_mb", at_most=20.0),
    Bar("first_token_ms", at_most=30.0),
    Bar("tokens_per_second", 500.0),
)
REAL_BARS = (
    Bar("nffa_category_top1", 0.55),
    Bar("nffa_category_top3", 0.85),
    Bar("nffa_expected_calibration_error", at_most=0.10),
)


def report_text(synthetic: dict[str, float], real: dict[str, float] | None, command: str) -> str:
    """The report in Markdown: every bar, reached or not, then every figure."""
    lines = [
        "# The built-in model, measured",
        "",
        f"Written by `{command}`. Answers are generated, not teacher-forced.",
        "",
        "## On held-out drawings",
        "",
        *_table(synthetic, SYNTHETIC_BARS),
    ]
    if real:
        lines += ["", "## On real micrographs (NFFA)", "", *_table(real, REAL_BARS)]
    missed = [b for b in SYNTHETIC_BARS if b.name in synthetic and not b.met(synthetic[b.name])]
    missed += [b for b in REAL_BARS if real and b.name in real and not b.met(real[b.name])]
    named = "; ".join(b.name for b in missed) or "none"
    return "\n".join([*lines, "", f"Bars not reached: {named}.", ""])


def _table(figures: dict[str, float], bars: Sequence[Bar]) -> list[str]:
    barred = {b.name: b for b in bars}
    rows = ["| Measure | Value | Bar | Reached |", "|---|---|---|---|"]
    for name, value in figures.items():
        bar = barred.get(name)
        told = f"{bar.text} | {'yes' if bar.met(value) else '**no**'}" if bar else " | "
        rows.append(f"| {name} | {value:g} | {told} |")
    return rows
