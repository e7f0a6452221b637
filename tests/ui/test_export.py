"""Exports: everything is in them, nothing that came in is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slava.domain import (
    Calibration,
    Conversation,
    ConversationId,
    Fact,
    Instrument,
    Micrograph,
    MicrographId,
    Turn,
    TurnId,
)
from ui.chat import fenced, plain
from ui.export import Bundle, to_html, to_markdown

HOSTILE = "</pre><script>alert(1)</script>${x}{{y}}\"'><img src=x onerror=alert(2)>"
MICROGRAPH = Micrograph(
    MicrographId("ab" * 32),
    "discs.tif",
    "TIFF",
    640,
    480,
    16,
    1000,
    Calibration(2.5, "metadata", "ImageJ"),
    Instrument(vendor="TESCAN", detector="SE", accelerating_voltage_kv=5.0),
    notes="oxide powder",
)
TURN = Turn(
    TurnId("t"),
    ConversationId("c"),
    0,
    "How large?",
    "About 170 nm.",
    "done",
    "builtin",
    quantization="nf4",
    settings={"max_new_tokens": 256, "temperature": 0.0},
    context_level="high",
    context="- Mean diameter: 170 nm",
    seen="640 × 480 px of the file",
    seconds=1.5,
    first_token_seconds=0.2,
    tokens=12,
)
BUNDLE = Bundle(
    Conversation(ConversationId("c"), MICROGRAPH.id, "How large?", "", ""),
    (TURN,),
    MICROGRAPH,
    (Fact("d", "Mean diameter", 170.5, "nm", 4.3, "circle of equal area", {"min_px": 20}),),
    b"\x89PNG",
    "2026-01-01T00:00:00",
    "0.1.0",
)


class Tags(HTMLParser):
    """Collects the elements, and the attributes that could fetch or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.risky: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.risky += [(n, v) for n, v in attrs if n.startswith("on") or n in ("src", "href")]


@pytest.mark.parametrize("export", [to_markdown, to_html])
@pytest.mark.parametrize(
    "held",
    [
        "How large?",
        "170 nm",
        "2.5 nm per pixel",
        "metadata",
        "170.5 ± 4.3 nm",
        "circle of equal area",
        "builtin",
        "nf4",
        "256",
        "high",
        "oxide powder",
        "TESCAN",
        "1.50",
    ],
)
def test_an_export_holds_what_the_answer_depended_on(export, held: str) -> None:
    assert held in export(BUNDLE).replace("\\", "")


def test_the_html_stands_alone() -> None:
    found = Tags(to_html(BUNDLE))
    assert found.risky == [("src", "data:image/png;base64,iVBORw==")]
    assert "script" not in found.names
    assert "default-src &#x27;none&#x27;" in to_html(BUNDLE)


@given(st.text(max_size=60))
def test_nothing_that_came_in_becomes_markup(text: str) -> None:
    hostile = HOSTILE + text
    bundle = replace(
        BUNDLE,
        conversation=replace(BUNDLE.conversation, title=hostile),
        turns=(replace(TURN, question=hostile, answer=hostile, context=hostile, error=hostile),),
        micrograph=replace(MICROGRAPH, name=hostile, notes=hostile, warnings=(hostile,)),
        facts=(Fact(hostile, hostile, hostile, method=hostile),),
        version=hostile,
    )
    found = Tags(to_html(bundle))
    assert found.names <= set(Tags(to_html(BUNDLE)).names)
    assert [n for n, _ in found.risky] == ["src"]
    outside_code = re.sub(r"(`{3,})text\n.*?\n\1", "", to_markdown(bundle), flags=re.DOTALL)
    assert "<script" not in outside_code.replace("\\<", "")


def test_an_uncalibrated_micrograph_is_exported_as_such() -> None:
    bundle = replace(BUNDLE, micrograph=replace(MICROGRAPH, calibration=None))
    assert "physical sizes are unknown" in to_html(bundle)
    assert "nm per pixel" not in to_markdown(bundle)


@given(st.text(alphabet="`a\n ", max_size=40))
def test_a_fence_cannot_be_closed_from_within(text: str) -> None:
    fence = fenced(text).split("text\n", 1)[0]
    assert fence not in text
    assert fenced(text) == f"{fence}text\n{text}\n{fence}"


@given(st.text(max_size=40))
def test_plain_text_has_no_active_markdown(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    for mark in "*_[]<`":
        assert shown.replace("\\" + mark, "").count(mark) == 0


def test_a_file_name_is_safe_whatever_the_title_is() -> None:
    bundle = replace(BUNDLE, conversation=replace(BUNDLE.conversation, title="../..\\a:b*<c>?"))
    assert bundle.file_name("html") == "abc.html"
    empty = replace(BUNDLE, conversation=replace(BUNDLE.conversation, title="???"))
    assert empty.file_name("md") == "conversation.md"
