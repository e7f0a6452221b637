"""Runs of the built-in model: resumed, stopped, cancelled, and everything that can go wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from slava.adapters import AdapterSettings
from slava.handoff.events import (
    CheckpointEvent,
    DoneEvent,
    FailedEvent,
    SampleEvent,
    StepEvent,
    ValidationEvent,
    WarningEvent,
)
from slava.handoff.run_folder import RunFolder, is_complete
from tests.training.conftest import NewRun, files_under, last_state, losses_of, of_kind
from tests.training.steel import Workspace
from training.finetune import loop, state
from training.finetune.run import BAD_INPUT, DONE, FAILED, INTERRUPTED, run_folder


@pytest.fixture(scope="module")
def finished(workspace: Workspace) -> RunFolder:
    """An uninterrupted run of six steps, evaluated."""
    from tests.training.conftest import TINY
    from training.finetune.config import make_config

    config = make_config(**{**TINY, "evaluate": True, "samples": 1, "name": "steel"})  # type: ignore[arg-type]
    folder = workspace.run("finished", config.to_json())
    assert run_folder(folder.root) == DONE
    return folder


def weights(folder: RunFolder) -> dict[str, bytes]:
    """What an adapter adds to the model."""
    held = files_under(folder.adapter)
    return {name: held[name] for name in held if name.endswith(".safetensors")}


def test_a_run_tells_what_happens_and_writes_an_adapter(finished: RunFolder) -> None:
    assert last_state(finished) == "done"
    steps = [e for e in of_kind(finished, StepEvent) if isinstance(e, StepEvent)]
    assert [e.step for e in steps] == [1, 2, 3, 4, 5, 6]
    assert all(4 <= (e.rank or 0) <= 8 for e in steps)
    assert all(sum(e.expert_load) == pytest.approx(1, abs=1e-3) for e in steps)
    assert steps[-1].memory_bytes
    assert len(of_kind(finished, ValidationEvent)) == 2
    assert len(of_kind(finished, SampleEvent)) == 3
    assert [path.name for _, path in finished.list_checkpoints()] == ["3", "6"]
    done = of_kind(finished, DoneEvent)[-1]
    assert isinstance(done, DoneEvent)
    assert {"accuracy_base", "accuracy", "bleu2_base", "bleu2"} <= set(done.metrics)
    assert is_complete(finished.adapter)
    held = files_under(finished.adapter)
    assert {
        "adapter_config.json",
        "adapter_model.safetensors",
        "README.md",
        "metrics.json",
        "taught.json",
        "taught.safetensors",
    } <= set(held)
    metrics = json.loads(held["metrics.json"])
    card = held["README.md"].decode()
    assert f"{metrics['told']['trainable']:,}" in card
    assert metrics["snapshot"] in card
    assert {"question", "expected", "base", "adapter"} <= set(metrics["answers"][0])


def test_the_adapter_answers_in_the_app(finished: RunFolder, workspace: Workspace) -> None:
    from slava.retrieval.showing import question_for, title_of
    from slava.vlm.adapted_builtin import AdaptedBuiltin
    from slava.vlm.backbone import GenerationSettings, Message
    from slava.vlm.builtin_backbone import BuiltinBackbone
    from training.finetune.pictures import Pictures

    plain = BuiltinBackbone.load()
    pictures = Pictures(workspace.content.micrographs, workspace.root, "high")
    shown = [pictures.view(e.pair.micrograph_ids[0]) for e in workspace.content.part("test")]
    question = [Message("user", "Which category does this micrograph belong to?", (0,))]
    short = GenerationSettings(max_new_tokens=12)
    before = [[c.text for c in plain.stream(question, [view], short)] for view in shown]
    scores = [plain.score(question, [view], ["Powder", "Fibres"]) for view in shown]
    adapted = AdaptedBuiltin.load_adapter(BuiltinBackbone.load(), finished.adapter)
    assert adapted.report().name.endswith("with steel")
    with adapted.plain():
        again = [
            [c.text for c in BuiltinBackbone.stream(adapted, question, [v], short)] for v in shown
        ]
        assert [
            BuiltinBackbone.score(adapted, question, [v], ["Powder", "Fibres"]).tolist()
            for v in shown
        ] == [s.tolist() for s in scores]
    assert again == before
    labels = adapted.taught.labels
    asked = [Message("user", question_for(labels), (0,))]
    right = 0
    for entry, view in zip(workspace.content.part("test"), shown, strict=True):
        said = adapted.score(asked, [view], [title_of(label) for label in labels])
        right += labels[int(said.argmax())] == entry.pair.category
    assert right >= 2


def test_a_picture_unlike_the_taught_ones_is_answered_as_before(finished: RunFolder) -> None:
    from slava.domain import Box
    from slava.synthetic import draw_micrograph
    from slava.vlm.adapted_builtin import PLAIN_NOTICE, AdaptedBuiltin
    from slava.vlm.backbone import GenerationSettings, Message, View
    from slava.vlm.builtin_backbone import BuiltinBackbone

    adapted = AdaptedBuiltin.load_adapter(BuiltinBackbone.load(), finished.adapter)
    pixels = draw_micrograph(7, "tips", width_px=192, height_px=192).pixels
    view = View(pixels, Box(0, 0, 192, 192))
    question = [Message("user", "Which category does this micrograph belong to?", (0,))]
    chunks = list(adapted.stream(question, [view], GenerationSettings()))
    assert chunks[0].notice == PLAIN_NOTICE
    plain = BuiltinBackbone.load()
    expected = list(plain.stream(question, [view], GenerationSettings()))
    assert [c.text for c in chunks[1:]] == [c.text for c in expected]


def test_an_adapter_that_writes_nothing_leaves_the_answer_to_the_model(
    finished: RunFolder, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not given the model's words where it is judged."""
    from slava.vlm.adapted_builtin import EMPTY_NOTICE, AdaptedBuiltin
    from slava.vlm.backbone import GenerationSettings, Message
    from slava.vlm.builtin_backbone import BuiltinBackbone
    from tests.training.steel import QUESTION
    from training.finetune.pictures import Pictures
    from training.finetune.sample import answer_of

    adapted = AdaptedBuiltin.load_adapter(BuiltinBackbone.load(), finished.adapter)
    monkeypatch.setattr(adapted, "_free", lambda *_: iter((" ",)))
    monkeypatch.setattr(adapted, "answers", lambda *_: True)
    pictures = Pictures(workspace.content.micrographs, workspace.root, "high")
    views = [pictures.view(workspace.content.part("test")[0].pair.micrograph_ids[0])]
    asked = [Message("user", QUESTION, (0,))]
    chunks = list(adapted.stream(asked, views, GenerationSettings()))
    assert [c.notice for c in chunks if c.notice] == [EMPTY_NOTICE]
    plain = BuiltinBackbone.load().stream(asked, views, GenerationSettings())
    assert "".join(c.text for c in chunks).strip() == "".join(c.text for c in plain).strip()
    assert "".join(c.text for c in chunks).strip()

    class Asked:
        def asked(self, _: Any) -> Any:
            return asked, views

    assert answer_of(Asked(), adapted, None) == ""  # type: ignore[arg-type]


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(
    finished: RunFolder, new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(name="steel")
    told = loop.Loop._tell_step

    def terminated(self: Any, *args: Any) -> None:
        told(self, *args)
        if self.step == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(loop.Loop, "_tell_step", terminated)
    assert run_folder(folder.root) == INTERRUPTED
    assert last_state(folder) == "interrupted"
    assert folder.list_checkpoints()[-1][0] == 4
    monkeypatch.undo()
    assert run_folder(folder.root) == DONE
    assert losses_of(folder) == losses_of(finished)
    assert weights(folder) == weights(finished)


def test_stop_keeps_the_weights(new_run: NewRun, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = new_run()
    _wish_at(monkeypatch, folder, 2, "stop")
    assert run_folder(folder.root) == DONE
    assert last_state(folder) == "stopped"
    assert is_complete(folder.adapter)
    assert max(losses_of(folder)) == 2


def test_cancel_leaves_nothing(new_run: NewRun, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = new_run()
    _wish_at(monkeypatch, folder, 2, "cancel")
    assert run_folder(folder.root) == DONE
    assert last_state(folder) == "cancelled"
    left = {name.split("/")[0] for name in files_under(folder.root)}
    assert left == {"config.json", "events.jsonl", "snapshot", "stop"}


def test_a_loss_that_is_no_number_is_retried_at_half_the_rate(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(max_steps=4, schedule="constant", warmup_steps=0)
    _fail_once_at(monkeypatch, 4, lambda: loop.NotFinite("the loss of step 4 is nan"))
    assert run_folder(folder.root) == DONE
    rates = [e.learning_rate for e in of_kind(folder, StepEvent) if isinstance(e, StepEvent)]
    assert rates == [3e-3, 3e-3, 3e-3, 1.5e-3]
    assert any("half" in e.text for e in of_kind(folder, WarningEvent))  # type: ignore[union-attr]


def test_a_loss_that_stays_no_number_fails_with_advice(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(max_steps=2)
    monkeypatch.setattr(loop.Loop, "_backward", lambda *_: float("nan"))
    monkeypatch.setattr(loop.nn.utils, "clip_grad_norm_", lambda *_: loop.torch.tensor(1.0))
    assert run_folder(folder.root) == FAILED
    failed = of_kind(folder, FailedEvent)[-1]
    assert isinstance(failed, FailedEvent)
    assert "tenth of the learning rate" in failed.way_out
    assert not folder.adapter.exists()


def test_too_little_memory_is_met_with_smaller_pieces_once(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(max_steps=2)
    _fail_once_at(monkeypatch, 2, lambda: MemoryError())
    assert run_folder(folder.root) == DONE
    told = [e.text for e in of_kind(folder, WarningEvent)]  # type: ignore[union-attr]
    assert any("2 examples at once; batches stay 6" in text for text in told)
    place = json.loads((folder.checkpoints / "2" / state.PLACE).read_text())
    assert place["micro_batch"] == 2


def test_too_little_memory_for_the_smallest_piece_fails_with_advice(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(max_steps=2)

    def refuse(*_: Any) -> float:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(loop.Loop, "_backward", refuse)
    assert run_folder(folder.root) == FAILED
    failed = of_kind(folder, FailedEvent)[-1]
    assert isinstance(failed, FailedEvent)
    assert "micro_batch to 1" in failed.way_out
    assert "nf4" in failed.way_out


def test_a_full_disk_leaves_the_earlier_checkpoint_and_says_what_is_needed(
    finished: RunFolder, new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(name="steel")
    save = state.save_file

    def full(tensors: Any, path: Path, *args: Any, **kwargs: Any) -> None:
        if "checkpoints/.writing-6" in str(path):
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        save(tensors, path, *args, **kwargs)

    monkeypatch.setattr(state, "save_file", full)
    assert run_folder(folder.root) == FAILED
    failed = of_kind(folder, FailedEvent)[-1]
    assert isinstance(failed, FailedEvent)
    assert "disk is full" in failed.reason
    assert "step 3 is intact" in failed.reason
    assert "MB" in failed.way_out
    assert folder.list_checkpoints()[-1][0] == 3
    assert not list(folder.checkpoints.glob(".writing-*"))
    monkeypatch.undo()
    assert run_folder(folder.root) == DONE
    assert weights(folder) == weights(finished)


def test_a_damaged_snapshot_is_refused(new_run: NewRun) -> None:
    folder = new_run()
    with (folder.snapshot / "pairs.jsonl").open("ab") as pairs:
        pairs.write(b"{}\n")
    assert run_folder(folder.root) == FAILED
    failed = of_kind(folder, FailedEvent)[-1]
    assert isinstance(failed, FailedEvent)
    assert "damaged" in failed.reason
    assert not of_kind(folder, CheckpointEvent)


def test_a_config_with_nonsense_is_refused(new_run: NewRun) -> None:
    folder = new_run()
    folder.write_config({"batch": -1})
    assert run_folder(folder.root) == BAD_INPUT
    assert last_state(folder) == "failed"


@pytest.mark.parametrize("method", ["lora", "lora_fa"])
def test_other_methods_learn_as_well(new_run: NewRun, method: str) -> None:
    folder = new_run(method=method, max_steps=3, rank=4)
    assert run_folder(folder.root) == DONE
    assert AdapterSettings(kind=method).kind == method  # type: ignore[arg-type]
    config = json.loads((folder.adapter / "adapter_config.json").read_text())
    assert config["peft_type"] == "LORA"
    from slava.vlm.adapted_builtin import AdaptedBuiltin
    from slava.vlm.builtin_backbone import BuiltinBackbone

    assert AdaptedBuiltin.load_adapter(BuiltinBackbone.load(), folder.adapter).taught.labels


def _wish_at(monkeypatch: pytest.MonkeyPatch, folder: RunFolder, step: int, wish: Any) -> None:
    """Ask the run to end within the step after ``step``."""
    told = loop.Loop._tell_step

    def asked(self: Any, *args: Any) -> None:
        told(self, *args)
        if self.step == step:
            folder.request_stop(wish)

    monkeypatch.setattr(loop.Loop, "_tell_step", asked)


def _fail_once_at(monkeypatch: pytest.MonkeyPatch, step: int, error: Any) -> None:
    """Raise once while ``step`` is computed."""
    backward, failed = loop.Loop._backward, []

    def failing(self: Any, *args: Any) -> float:
        if self.step + 1 == step and not failed:
            failed.append(True)
            raise error()
        return backward(self, *args)

    monkeypatch.setattr(loop.Loop, "_backward", failing)
