"""Services with a scripted model: what is kept, what is refused, what goes on in the background."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from slava.domain import Box, Calibration, MeasureSettings, Micrograph, ScaleBar
from slava.errors import BadInput, BadQuestion, BadSetting, ModelError, NotFound
from slava.imaging.measure import METHOD_VERSION
from slava.settings import Settings
from store import Store
from tests.browser.files import NM_PER_PX, calibrated_tiff
from tests.ui.conftest import measure_quickly, until
from tests.ui.scripted import open_scripted
from ui.services import Services
from ui.services.calibrating import Line
from ui.services.ingesting import Upload
from ui.services.measuring import Wish

LINE = Line((0.0, 0.0), (300.0, 400.0), "2,5", "µm")


def ask(services: Services, micrograph: Micrograph, question: str, conversation=None):
    live = services.ask(micrograph.id, conversation, question)
    assert live.finished.wait(20)
    return services.turns(live.conversation_id)[-1]


# ------------------------------------------------------------------ asking
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


# ------------------------------------------------------------------ calibrating
def test_a_line_calibrates_and_the_file_s_own_comes_back(
    services: Services, calibrated: Micrograph
) -> None:
    by_hand = services.calibrate(calibrated.id, LINE).calibration
    assert by_hand is not None
    assert (by_hand.nm_per_px, by_hand.source) == (5.0, "manual")
    assert "500.0 px = 2.5 µm" in by_hand.detail
    undone = services.undo_calibration(calibrated.id).calibration
    assert undone is not None
    assert (undone.nm_per_px, undone.source) == (pytest.approx(NM_PER_PX), "metadata")


def test_undoing_where_the_file_says_nothing_is_uncalibrated(
    services: Services, uncalibrated: Micrograph
) -> None:
    services.calibrate(uncalibrated.id, LINE)
    assert services.undo_calibration(uncalibrated.id).calibration is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (replace(LINE, length="long"), "'long' is no positive number"),
        (replace(LINE, length="-3"), "is no positive number"),
        (replace(LINE, length="inf"), "is no positive number"),
        (replace(LINE, end=(1.0, 1.0)), "1.4 px long; draw one of 5 px"),
        (replace(LINE, unit="ly"), "unit 'ly' is none of"),
        (replace(LINE, length="1e30"), "nm_per_px must be in"),
    ],
)
def test_a_line_that_cannot_calibrate_is_refused(
    services: Services, uncalibrated: Micrograph, line: Line, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        services.calibrate(uncalibrated.id, line)
    assert services.store.micrographs.get_micrograph(uncalibrated.id).calibration is None


# ------------------------------------------------------------------ a bar read from the picture
BAR = ScaleBar("2 µm", 2000.0, 400.0, 0.9, Box(10, 460, 410, 466))


@pytest.fixture
def proposed(store: Store, uncalibrated: Micrograph) -> Micrograph:
    """A micrograph whose scale bar has been read."""
    read = replace(uncalibrated, scale_bar=BAR, databar_read=True)
    return store.micrographs.record_databar(uncalibrated.id, read)


def test_a_bar_calibrates_only_when_it_is_confirmed(
    services: Services, proposed: Micrograph
) -> None:
    assert services.offered_bar(proposed) == BAR
    assert services.measuring.known(proposed.id).micrograph.nm_per_px is None
    confirmed = services.confirm_bar(proposed.id)
    assert confirmed.calibration is not None
    assert (confirmed.nm_per_px, confirmed.calibration.source) == (5.0, "databar")
    assert services.offered_bar(confirmed) is None


def test_a_bar_that_was_refused_is_not_offered_again(
    services: Services, store: Store, proposed: Micrograph
) -> None:
    services.refuse_bar(proposed.id)
    again = Services(store, services.settings, opener=open_scripted)
    assert again.offered_bar(proposed) is None
    assert store.micrographs.get_micrograph(proposed.id).calibration is None


def test_only_what_nothing_calibrates_is_read(
    services: Services, calibrated: Micrograph, proposed: Micrograph
) -> None:
    services.open_micrograph(calibrated.id)
    services.open_micrograph(proposed.id)
    assert not services.reading.is_busy(calibrated.id)
    assert not services.reading.is_busy(proposed.id)


def test_opening_an_uncalibrated_micrograph_reads_its_letters_once(
    services: Services, uncalibrated: Micrograph
) -> None:
    before = services.news.version
    services.open_micrograph(uncalibrated.id)
    assert services.reading.is_busy(uncalibrated.id)
    until(lambda: not services.reading.is_busy(uncalibrated.id), 60)
    assert services.store.micrographs.get_micrograph(uncalibrated.id).databar_read
    until(lambda: services.news.version > before)


# ------------------------------------------------------------------ measuring
def test_what_was_measured_is_kept_and_follows_the_calibration(
    services: Services, calibrated: Micrograph
) -> None:
    assert services.measuring.known(calibrated.id).state == "measuring"
    until(lambda: services.measuring.known(calibrated.id).state == "measured")
    services.store.micrographs.set_calibration(calibrated.id, Calibration(9.0, "manual"))
    assert services.measuring.known(calibrated.id).state == "measuring"
    until(lambda: services.measuring.known(calibrated.id).state == "measured")


def test_a_measurement_that_fails_says_so_and_can_be_asked_for_again(
    store: Store, workspace: Path, calibrated: Micrograph
) -> None:
    broken = threading.Event()
    broken.set()

    def measure(micrograph, pictures, wish):
        if broken.is_set():
            raise BadInput("it is flat.")
        return measure_quickly(micrograph, pictures, wish)

    services = Services(store, Settings(workspace), opener=open_scripted, measure_with=measure)
    until(lambda: services.measuring.known(calibrated.id).state == "failed")
    assert services.measuring.known(calibrated.id).error == "it is flat."
    broken.clear()
    services.measure_as(calibrated.id, "particles")
    until(lambda: services.measuring.known(calibrated.id).state == "measured")
    measured = services.measuring.known(calibrated.id).measurement
    assert measured is not None
    assert measured.kind == "particles"


def test_there_is_no_kind_but_those(services: Services, calibrated: Micrograph) -> None:
    with pytest.raises(BadSetting, match="'stars'"):
        services.measure_as(calibrated.id, "stars")


def test_wishes_add_up_and_are_what_is_measured_with(
    store: Store, workspace: Path, calibrated: Micrograph
) -> None:
    wishes: list[Wish] = []

    def measure(micrograph, pictures, wish):
        wishes.append(wish)
        return measure_quickly(micrograph, pictures, wish)

    services = Services(store, Settings(workspace), opener=open_scripted, measure_with=measure)
    services.measure_as(calibrated.id, "pores", MeasureSettings(threshold=90.0))
    until(lambda: services.measuring.known(calibrated.id).state == "measured")
    services.exclude(calibrated.id, (3.0, 4.0))
    services.exclude(calibrated.id, (5.0, 6.0))
    until(lambda: services.measuring.known(calibrated.id).state == "measured")
    assert wishes[0] == Wish("pores", MeasureSettings(threshold=90.0))
    assert wishes[-1] == Wish(
        "pores", MeasureSettings(threshold=90.0, excluded=((3.0, 4.0), (5.0, 6.0)))
    )


def test_closing_waits_for_what_uses_the_store(
    store: Store, workspace: Path, uncalibrated: Micrograph
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def measure(micrograph, pictures, wish):
        begun.set()
        assert go_on.wait(20)
        return measure_quickly(micrograph, pictures, wish)

    services = Services(store, Settings(workspace), opener=open_scripted, measure_with=measure)
    services.measure_as(uncalibrated.id, "")
    services.open_micrograph(uncalibrated.id)
    assert begun.wait(20)
    threading.Timer(0.2, go_on.set).start()
    services.close()
    assert store.facts.get_measurement(uncalibrated.id, method_version=METHOD_VERSION)
    assert not services.reading.is_busy(uncalibrated.id)


# ------------------------------------------------------------------ adding
def uploaded(services: Services, name: str, content: bytes) -> Upload:
    path = services.uploads / f"{abs(hash(name))}.part"
    path.write_bytes(content)
    return Upload(path, name)


def test_uploads_are_added_under_their_own_names(services: Services) -> None:
    good = uploaded(services, "C:\\scope\\a <b>.tif", calibrated_tiff())
    bad = uploaded(services, "notes.tif", b"words")
    services.adding.add_uploads([good, bad], ["huge.tif: too large"])
    services.adding.wait()
    job = services.adding.job
    assert job is not None
    assert (job.state, job.added, job.done, job.total) == ("done", 1, 2, 2)
    assert [m.name for m in services.store.micrographs.list_micrographs()] == ["a <b>.tif"]
    assert job.failures[0] == "huge.tif: too large"
    assert job.failures[1].startswith("notes.tif")
    assert not good.path.exists()
    assert list(services.uploads.glob("dropped-*")) == []


def test_what_is_dropped_meanwhile_follows(services: Services) -> None:
    for seed in range(4):
        services.adding.add_uploads(
            [uploaded(services, f"{seed}.tif", calibrated_tiff(seed, depth=8))]
        )
    until(lambda: not services.adding.busy)
    assert services.store.micrographs.count_micrographs() == 4


def test_a_path_outside_the_uploads_is_refused(services: Services, tmp_path: Path) -> None:
    secret = tmp_path / "secret.tif"
    secret.write_bytes(calibrated_tiff())
    with pytest.raises(BadInput, match="was not uploaded"):
        services.adding.add_uploads([Upload(secret, "x.tif")])
    assert secret.exists()


def test_a_folder_that_is_not_there_is_refused(services: Services, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no folder"):
        services.adding.add_folder(tmp_path / "nowhere")


def test_the_first_of_a_drop_is_opened_once(services: Services) -> None:
    services.adding.add_uploads([uploaded(services, "a.tif", calibrated_tiff())])
    services.adding.wait()
    first = services.adding.take_first(anything_open=True)
    assert first == services.store.micrographs.list_micrographs()[0].id
    assert services.adding.take_first(anything_open=False) is None


# ------------------------------------------------------------------ what was open
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
