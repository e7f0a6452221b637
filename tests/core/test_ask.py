"""Asking: what a backbone is given, and how its stream becomes an answer."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from slava.domain import (
    Calibration,
    ConversationId,
    Databar,
    Fact,
    Micrograph,
    MicrographId,
    Turn,
    TurnId,
)
from slava.errors import BadQuestion, EndpointFailed
from slava.vlm.ask import (
    HISTORY_TURNS,
    MAX_QUESTION_CHARACTERS,
    check_question,
    prepare_question,
    stream_answer,
)
from slava.vlm.backbone import Backbone, Finish, GenerationSettings
from tests.vlm.scripted_backbone import ScriptedBackbone

FACTS = (Fact("particle_count", "Particles", 17),)
MICROGRAPH = Micrograph(
    id=MicrographId("0" * 64),
    name="a.tif",
    format="TIFF",
    width_px=64,
    height_px=48,
    bit_depth=16,
    size_bytes=1,
    calibration=Calibration(2.0, "metadata"),
    databar=Databar(40, 48),
)
GREY = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 20


def saying(*words: str, finish: Finish = "end", notice: str = "") -> ScriptedBackbone:
    return ScriptedBackbone(lambda _: words, finish, notice)


def turn(n: int, status: str = "done") -> Turn:
    return Turn(TurnId(str(n)), ConversationId("c"), n, f"q{n}", f"a{n}", status)  # type: ignore[arg-type]


def test_the_scripted_backbone_keeps_to_the_seam() -> None:
    assert isinstance(saying(), Backbone)


def test_the_view_is_the_picture_without_its_databar_in_8_bit() -> None:
    asked = prepare_question(saying(), "What?", MICROGRAPH, GREY, FACTS)
    view = asked.views[0]
    assert view.pixels.dtype == np.uint8
    assert view.pixels.shape == (40, 64)
    assert view.facts == FACTS
    assert "64 × 40 px" in asked.seen_text
    assert "224 × 224 px, 49 image tokens" in asked.seen_text


def test_the_context_is_told_once_and_the_question_stays_the_users() -> None:
    history = [turn(0), turn(1, "failed")]
    asked = prepare_question(saying(), " And now? ", MICROGRAPH, GREY, FACTS, history=history)
    roles = [m.role for m in asked.messages]
    assert roles == ["system", "user", "assistant", "user"]
    assert asked.messages[0].text.endswith(asked.context.text)
    assert asked.messages[-1].text == "And now?"
    assert [m.micrographs for m in asked.messages] == [(), (0,), (), ()]


def test_old_turns_are_left_out_and_counted() -> None:
    history = [turn(n) for n in range(HISTORY_TURNS + 5)]
    asked = prepare_question(saying(), "?", MICROGRAPH, GREY, (), history=history)
    assert asked.history_turns == HISTORY_TURNS
    assert asked.messages[1].text == "q5"


def test_the_answer_grows_and_ends_with_its_figures() -> None:
    backbone = saying("Round ", "particles", ".")
    asked = prepare_question(backbone, "What?", MICROGRAPH, GREY, FACTS)
    progress = list(stream_answer(backbone, asked))
    assert [p.answer for p in progress[:3]] == ["Round ", "Round particles", "Round particles."]
    last = progress[-1]
    assert (last.status, last.tokens) == ("done", 3)
    assert last.first_token_seconds is not None
    assert last.first_token_seconds <= last.seconds


def test_a_stop_is_a_status() -> None:
    backbone = saying("a", "b")
    asked = prepare_question(backbone, "What?", MICROGRAPH, GREY, FACTS)
    stop = threading.Event()
    stream = stream_answer(backbone, asked, stop=stop)
    assert next(stream).answer == "a"
    stop.set()
    assert list(stream)[-1].status == "stopped"


def test_an_answer_cut_by_its_limit_says_so() -> None:
    backbone = saying("a", finish="length")
    asked = prepare_question(backbone, "What?", MICROGRAPH, GREY, FACTS)
    last = list(stream_answer(backbone, asked, GenerationSettings(max_new_tokens=1)))[-1]
    assert last.warnings == ("cut at the limit of 1 tokens",)


def test_what_the_backbone_remarks_becomes_a_warning() -> None:
    backbone = saying("a", notice="two turns did not fit")
    asked = prepare_question(backbone, "What?", MICROGRAPH, GREY, FACTS)
    assert list(stream_answer(backbone, asked))[-1].warnings == ("two turns did not fit",)


def test_what_came_before_a_failure_was_yielded() -> None:
    def dies(_question: str) -> Iterator[str]:
        yield "half "
        raise EndpointFailed("it broke off")

    backbone = ScriptedBackbone(dies)
    asked = prepare_question(backbone, "What?", MICROGRAPH, GREY, FACTS)
    stream = stream_answer(backbone, asked)
    assert next(stream).answer == "half "
    with pytest.raises(EndpointFailed, match="broke off"):
        next(stream)


@pytest.mark.parametrize("question", ["", "  \n\t"])
def test_an_empty_question_is_refused(question: str) -> None:
    with pytest.raises(BadQuestion, match="the question is empty"):
        check_question(question)


def test_a_question_of_100_000_characters_is_refused_with_its_length() -> None:
    with pytest.raises(BadQuestion, match="100,000 characters; at most 8,000"):
        check_question("x" * 100_000)
    assert check_question("x" * MAX_QUESTION_CHARACTERS)
