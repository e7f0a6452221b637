"""Asking: what an answer keeps, what is refused, how it is stopped; what was open is open again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from slava.domain import Micrograph
from slava.errors import BadQuestion, BadSetting, ModelError, NotFound
from slava.settings import Settings
from store import Store
from tests.browser.files import NM_PER_PX
from tests.ui.conftest import measure_quickly, until
from tests.ui.scripted import open_scripted
from ui.services import Services


def ask(services: Services, micrograph: Micrograph, question: str, conversation=None):
    live = services.ask(micrograph.id, conversation, question)
    assert live.finished.wait(20)
    return services.turns(live.conversation_id)[-1]


def test_an_answer_is_kept_with_everything_it_depended_on(
    services: Services, calibrated: Micrograph
) -> None:
    turn = ask(services, calibrated, "What is it?")
    assert (turn.status, turn.answer) == ("done", "Answer to: What is it?")
    assert (turn.model, turn.quantization, turn.context_level) == ("builtin", "none", "high")
    assert f"{NM_PER_PX} nm per pixel" in turn.context
    assert "Mean grey value" in turn.context
    assert "taken in at 224 × 224 px" in turn.seen
    assert turn.settings["max_new_tokens"] == 256
    assert turn.seconds is not None
    assert turn.tokens == 5


def test_level_none_tells_the_model_nothing(services: Services, calibrated: Micrograph) -> None:
    services.choose_level("none")
    assert ask(services, calibrated, "What is it?").context == ""


def test_a_stop_ends_the_answer_and_keeps_what_came(
    services: Services, calibrated: Micrograph
) -> None:
    live = services.ask(calibrated.id, None, "Tell me slowly")
    until(lambda: "word5" in live.text)
    services.answers.stop(live.conversation_id)
    assert live.finished.wait(5)
    turn = services.turns(live.conversation_id)[-1]
    assert turn.status == "stopped"
    assert turn.answer.startswith("word0 word1")
    assert "word399" not in turn.answer


def test_a_stop_is_obeyed_while_the_model_is_still_loading(
    store: Store, workspace: Path, calibrated: Micrograph
) -> None:
    gate = threading.Event()

    def open_late(reference, *, quantization, on_progress=None):
        gate.wait(20)
        return open_scripted(reference, quantization=quantization)

    services = Services(store, Settings(workspace), opener=open_late, measure_with=measure_quickly)
    live = services.ask(calibrated.id, None, "What is it?")
    until(lambda: live.phase == "loading the model")
    services.answers.stop(live.conversation_id)
    assert live.finished.wait(5)
    gate.set()
    assert services.turns(live.conversation_id)[-1].status == "stopped"
    until(lambda: services.models.state.phase == "ready")


def test_a_second_question_waits_for_the_first(services: Services, calibrated: Micrograph) -> None:
    live = services.ask(calibrated.id, None, "Tell me slowly")
    with pytest.raises(ModelError, match="another answer is being written"):
        services.ask(calibrated.id, live.conversation_id, "And now?")
    services.answers.stop(live.conversation_id)
    assert live.finished.wait(5)
    assert len(services.turns(live.conversation_id)) == 1


def test_an_edit_takes_the_place_of_all_that_followed(
    services: Services, calibrated: Micrograph
) -> None:
    first = ask(services, calibrated, "one")
    ask(services, calibrated, "two", first.conversation_id)
    live = services.ask(calibrated.id, first.conversation_id, "three", replacing=first.position)
    assert live.finished.wait(20)
    assert [t.question for t in services.turns(first.conversation_id)] == ["three"]


@pytest.mark.parametrize("question", ["", "   ", "x" * 100_000])
def test_a_question_that_cannot_be_asked_leaves_nothing(
    services: Services, calibrated: Micrograph, question: str
) -> None:
    with pytest.raises(BadQuestion):
        services.ask(calibrated.id, None, question)
    assert services.store.conversations.list_conversations() == []


def test_a_model_that_is_missing_fails_the_answer_in_words(
    services: Services, calibrated: Micrograph
) -> None:
    services.choose_model("missing/model", "none", 64, 0.0)
    turn = ask(services, calibrated, "What is it?")
    assert turn.status == "failed"
    assert "missing/model is not on this machine" in turn.error
    assert "missing/model" in services.models.state.error


def test_the_choice_of_model_is_remembered(
    services: Services, store: Store, calibrated: Micrograph
) -> None:
    services.choose_model("some/model", "int8", 64, 0.5)
    until(lambda: services.models.state.phase == "ready")
    again = Services(store, services.settings, opener=open_scripted)
    assert again.models.state.wanted.reference == "some/model"
    assert again.models.state.wanted.quantization == "int8"
    assert (again.generation.max_new_tokens, again.generation.temperature) == (64, 0.5)


def test_unloading_closes_the_model(services: Services) -> None:
    with services.models.using() as backbone:
        pass
    services.models.unload()
    assert backbone.closed  # type: ignore[attr-defined]
    assert services.models.state.phase == "empty"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("builtin", "none", 0, 0.0), "longest answer 0 is not in 1..4096"),
        (("builtin", "none", 10, 3.0), "temperature 3.0 is not in 0..2"),
        (("builtin", "int3", 10, 0.0), "int3"),
        ((" ", "none", 10, 0.0), "no model is named"),
    ],
)
def test_bad_choices_are_refused(services: Services, values: tuple, message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        services.choose_model(*values)


def test_what_was_open_is_open_again(
    services: Services, store: Store, calibrated: Micrograph, uncalibrated: Micrograph
) -> None:
    services.open_micrograph(calibrated.id)
    turn = ask(services, calibrated, "one")
    again = Services(store, services.settings, opener=open_scripted)
    assert again.last_micrograph() == store.micrographs.get_micrograph(calibrated.id)
    found = again.last_conversation(calibrated.id)
    assert found is not None
    assert found.id == turn.conversation_id
    assert again.last_conversation(uncalibrated.id) is None


def test_a_removed_micrograph_is_gone_with_its_conversation(
    services: Services, calibrated: Micrograph
) -> None:
    services.open_micrograph(calibrated.id)
    turn = ask(services, calibrated, "one")
    services.pictures.preview(calibrated.id, 112)
    services.remove_micrograph(calibrated.id)
    assert services.last_micrograph() is None
    assert services.turns(turn.conversation_id) == []
    with pytest.raises(NotFound):
        services.pictures.preview(calibrated.id, 112)
