"""Presenters: what the panels are given."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from slava.domain import (
    Box,
    Calibration,
    ConversationId,
    Fact,
    Measurement,
    Micrograph,
    MicrographId,
    Turn,
    TurnId,
)
from slava.errors import ModelNeedsDownload
from slava.packs import load_pack
from slava.vlm.backbone import GenerationSettings, Report
from slava.vlm.catalogue import list_models
from ui import chat, present
from ui.services.answering import Live
from ui.services.ingesting import Added
from ui.services.measuring import Known, Wish
from ui.services.models import ModelState, Wanted
from ui.services.pictures import prepare_picture

PLAIN = Micrograph(MicrographId("cd" * 32), "a.jpg", "JPEG", 8, 6, 8, 100)
SCALED = replace(PLAIN, calibration=Calibration(4.537772, "metadata", "PixelSizeX"))
PICTURE = prepare_picture(np.arange(48, dtype=np.uint8).reshape(6, 8), Box(0, 0, 8, 6))


def turn(position: int, **changes: object) -> Turn:
    made = Turn(TurnId(f"t{position}"), ConversationId("c"), position, f"q{position}", "a", "done")
    return replace(made, **changes)  # type: ignore[arg-type]


def facts(known: Known) -> dict:
    """The facts panel of something measured without any wishes."""
    return present.facts(known, Wish(), (0.0, 255.0), "base")


def test_the_viewer_is_told_the_calibration_and_its_source() -> None:
    value = present.viewer(SCALED, PICTURE, Known(SCALED, (), None, "measured"), "base")
    assert value["calibration"] == "4.538 nm/px · from the file"
    assert (value["w"], value["h"], value["levels"]) == (8, 6, [[8, 6]])
    assert not value["can_undo"]
    json.dumps(value)


def test_an_uncalibrated_micrograph_is_called_so_and_has_no_nanometres() -> None:
    fact = Fact("field_width", "Field width", 8, "px", method="not calibrated")
    known = Known(PLAIN, (fact,), None, "measuring")
    shown = json.dumps(
        [
            present.viewer(PLAIN, PICTURE, known, "base"),
            facts(known),
            present.library_items([PLAIN], "base"),
        ],
        ensure_ascii=False,
    )
    assert "uncalibrated" in shown
    assert " nm" not in shown
    assert "µm" not in shown


def test_a_fact_shows_value_unit_uncertainty_and_method() -> None:
    fact = Fact("d", "Mean diameter", 452.1, "nm", 31.0, "equal area", {"sigma_px": 2})
    row = facts(Known(SCALED, (fact,), None, "measured"))["rows"][1]
    assert (row["label"], row["text"], row["method"]) == (
        "Mean diameter",
        "452.1 ± 31 nm",
        "equal area",
    )
    assert "sigma_px = 2" in row["detail"]


def test_measuring_and_failing_are_said() -> None:
    assert facts(Known(PLAIN, (), None, "measuring"))["status"] == "measuring …"
    assert facts(Known(PLAIN, (), None, "failed", "too flat"))["status"] == "too flat"
    measured = Measurement("fibres", 0.93, ())
    assert "fibres (sure to 93%)" in facts(Known(PLAIN, (), measured, "measured"))["status"]


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (Added(total=10, done=3, added=3), "Adding 3 of 10"),
        (Added(), "Looking for files"),
        (
            Added(7, 2, ("x: bad",), total=10, done=10, state="done"),
            "7 added, 2 known already, 1 could not be read",
        ),
        (Added(4, total=10, done=4, state="cancelled"), "Cancelled: 4 added"),
    ],
)
def test_a_job_is_told_in_words(job: Added, text: str) -> None:
    assert present.library(None, job, "base", 0, 0)["job"]["text"] == text


def test_suggestions_are_two_descriptions_and_the_aspects() -> None:
    titles = [s["title"] for s in present.suggestions(load_pack())]
    assert titles[:2] == ["Describe it", "Describe it in detail"]
    assert len(titles) == 12


def test_the_model_says_what_it_is_and_what_it_needs() -> None:
    report = Report(
        "builtin", "sLAVA", "builtin", "nf4", "cpu", 5_000_000, 2_400_000_000, notice="Small."
    )
    state = ModelState(Wanted("builtin", "nf4"), "ready", report=report)
    recommended = [m.to_record() for m in list_models()]
    value = present.model(state, GenerationSettings(), recommended)
    assert value["title"] == "sLAVA · CPU · nf4"
    assert value["notice"] == "Small."
    assert ("Memory", "2.40 GB") in value["report"]
    assert all(r["reference"] and r["licence"] for r in value["recommended"])
    json.dumps(value)


@pytest.mark.parametrize(("size", "shown"), [(3_100_000_000, "3.1 GB"), (None, "")])
def test_a_model_to_download_is_offered_with_its_size(size: int | None, shown: str) -> None:
    needs = ModelNeedsDownload("some/model", size)
    state = ModelState(Wanted("some/model"), "failed", error=str(needs), download=needs)
    value = present.model(state, GenerationSettings(), [])
    assert (value["download"]["reference"], value["download"]["size"]) == ("some/model", shown)
    assert "some/model is not on this machine" in value["download"]["text"]
    assert (value["kind"], value["error"]) == ("repository", "")
    assert value["title"] == "some/model · needs a download"
    broken = replace(state, error="the hub cannot be reached.")
    assert present.model(broken, GenerationSettings(), [])["error"] == broken.error


def test_every_message_leads_back_to_its_turn() -> None:
    turns = [turn(0), turn(1), turn(4)]
    shown = chat.messages(turns)
    for index, message in enumerate(shown):
        place = chat.position_of(turns, index)
        assert place == index // 3
        if message["role"] == "user":
            assert message["content"] == turns[place].question
    assert chat.position_of(turns, len(shown)) is None


def test_an_answer_under_way_shows_what_is_going_on_until_the_first_word() -> None:
    asked = turn(0, answer="", status="streaming")
    live = Live(asked)
    live.say("loading the model")
    assert chat.messages([asked], live)[-1]["content"] == "*loading the model …*"
    live.text = "It is"
    assert chat.messages([asked], live)[-1]["content"] == "It is"


@pytest.mark.parametrize(
    ("status", "shown"),
    [("stopped", "Stopped."), ("interrupted", "Interrupted"), ("failed", "No answer")],
)
def test_how_an_answer_ended_is_said(status: str, shown: str) -> None:
    content = chat.messages([turn(0, status=status, error="the server broke off")])[-1]["content"]
    assert shown in content
    assert content.startswith("a")
