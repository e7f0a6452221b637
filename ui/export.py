"""A conversation as a file that stands alone: Markdown, or HTML with the picture in it.

Pure functions from a bundle of records to text. Everything that came from a file, a user or a
model is escaped; the HTML refers to nothing outside itself and runs no script.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from slava.domain import Conversation, Fact, Micrograph, Turn
from ui.assets import asset
from ui.chat import fenced, plain

UNCALIBRATED = "uncalibrated: sizes are in pixels, physical sizes are unknown"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What an export holds."""

    conversation: Conversation
    turns: Sequence[Turn]
    micrograph: Micrograph
    facts: Sequence[Fact]
    preview_png: bytes
    exported_at: str
    version: str

    def file_name(self, suffix: str) -> str:
        """A name that every file system takes."""
        stem = re.sub(r"[^\w\- ]+", "", self.conversation.title).strip()[:60] or "conversation"
        return f"{stem}.{suffix}"


def _calibration(micrograph: Micrograph) -> str:
    calibration = micrograph.calibration
    if calibration is None:
        return UNCALIBRATED
    detail = f", {calibration.detail}" if calibration.detail else ""
    return f"{calibration.nm_per_px:.6g} nm per pixel (source: {calibration.source}{detail})"


def _about(micrograph: Micrograph) -> list[tuple[str, str]]:
    """What is said of the micrograph, label and text."""
    m, i = micrograph, micrograph.instrument
    said = [
        ("File", m.name),
        ("SHA-256", m.id),
        ("Size", f"{m.width_px} × {m.height_px} px, {m.bit_depth}-bit {m.format}"),
        ("Calibration", _calibration(m)),
        ("Instrument", " ".join(part for part in (i.vendor, i.model) if part)),
        ("Detector", i.detector or ""),
        (
            "Accelerating voltage",
            f"{i.accelerating_voltage_kv:g} kV" if i.accelerating_voltage_kv else "",
        ),
        ("Magnification", f"{i.magnification:g} ×" if i.magnification else ""),
        ("Working distance", f"{i.working_distance_mm:g} mm" if i.working_distance_mm else ""),
        ("Warnings", "; ".join(m.warnings)),
        ("Notes", m.notes),
    ]
    return [(label, text) for label, text in said if text]


def _answered(turn: Turn) -> list[tuple[str, str]]:
    """What an answer depended on, label and text."""
    said = [
        ("Model", turn.model),
        ("Adapter", turn.adapter),
        ("Quantization", turn.quantization),
        ("Settings", ", ".join(f"{k} = {v}" for k, v in turn.settings.items())),
        ("Context level", turn.context_level),
        ("Picture", turn.seen),
        ("Status", turn.status + (f": {turn.error}" if turn.error else "")),
        ("Tokens", str(turn.tokens) if turn.tokens is not None else ""),
        ("Seconds", f"{turn.seconds:.2f}" if turn.seconds is not None else ""),
        (
            "First token after",
            f"{turn.first_token_seconds:.2f} s" if turn.first_token_seconds is not None else "",
        ),
        ("Warnings", "; ".join(turn.warnings)),
        ("Asked at", turn.created_at),
    ]
    return [(label, text) for label, text in said if text]


# ------------------------------------------------------------------------------ Markdown
def to_markdown(bundle: Bundle) -> str:
    """The conversation as Markdown, without the picture."""
    parts = [f"# {plain(bundle.conversation.title)}", _list(_about(bundle.micrograph))]
    if bundle.facts:
        parts += ["## Measured facts", _fact_table(bundle.facts)]
    for number, turn in enumerate(bundle.turns, start=1):
        parts += [f"## Question {number}", plain_block(turn.question), "### Answer of the model"]
        parts += [_answer(turn.answer), "### What the answer depended on"]
        parts += [
            _list(_answered(turn)),
            "Text the model was told:",
            fenced(turn.context or "nothing"),
        ]
    parts.append(f"Exported by sLAVA {plain(bundle.version)} at {plain(bundle.exported_at)}.")
    return "\n\n".join(parts) + "\n"


def _answer(answer: str) -> str:
    """The model's Markdown without its HTML."""
    return answer.replace("&", "&amp;").replace("<", "&lt;") or "*no answer*"


def plain_block(text: str) -> str:
    """Lines of text that Markdown shows as they stand."""
    return "  \n".join(plain(line) for line in text.splitlines())


def _list(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- **{label}:** {plain(text)}" for label, text in rows)


def _fact_table(facts: Sequence[Fact]) -> str:
    rows = ["| Fact | Value | Method |", "|---|---|---|"]
    rows += [f"| {plain(f.label)} | {plain(f.text)} | {plain(f.method)} |" for f in facts]
    return "\n".join(rows)


# ------------------------------------------------------------------------------ HTML
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def to_html(bundle: Bundle) -> str:
    """The conversation as one HTML file: picture, calibration, facts, answers, every setting."""
    title = escape(bundle.conversation.title)
    picture = base64.b64encode(bundle.preview_png).decode("ascii")
    body = [
        f"<h1>{title}</h1>",
        f'<p><img alt="The micrograph" src="data:image/png;base64,{picture}"></p>',
        _table(_about(bundle.micrograph)),
    ]
    if bundle.facts:
        body += ["<h2>Measured facts</h2>", _facts_html(bundle.facts)]
    body += [_turn_html(number, turn) for number, turn in enumerate(bundle.turns, start=1)]
    body.append(
        f"<footer>Exported by sLAVA {escape(bundle.version)} at {escape(bundle.exported_at)}. "
        "Answers are a model's; measured facts name their method.</footer>"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        f"<title>{title}</title>\n<style>{asset('export.css')}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _turn_html(number: int, turn: Turn) -> str:
    return "\n".join(
        [
            f"<h2>Question {number}</h2>",
            f'<p class="question">{escape(turn.question)}</p>',
            f'<p class="answer">{escape(turn.answer) or "no answer"}</p>',
            "<details><summary>What the answer depended on</summary>",
            _table(_answered(turn)),
            f"<p>Text the model was told:</p><pre>{escape(turn.context or 'nothing')}</pre>",
            "</details>",
        ]
    )


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = (f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in rows)
    return f"<table>{''.join(cells)}</table>"


def _facts_html(facts: Sequence[Fact]) -> str:
    head = "<tr><th>Fact</th><th>Value</th><th>Method</th></tr>"
    cells = (
        f"<tr><td>{escape(f.label)}</td><td>{escape(f.text)}</td><td>{escape(_how(f))}</td></tr>"
        for f in facts
    )
    return f"<table>{head}{''.join(cells)}</table>"


def _how(fact: Fact) -> str:
    parameters = ", ".join(f"{name} = {value}" for name, value in fact.parameters.items())
    return "; ".join(part for part in (fact.method, parameters) if part)
