"""Hugging Face backbones learn as the built-in model does: same loop, same files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from slava.domain.conversation import Quantization
from slava.errors import ModelUnusable
from slava.handoff.events import DoneEvent, FailedEvent, StepEvent
from slava.vlm.load import open_backbone
from slava.vlm.scoring import continuations
from tests.training.conftest import NewRun, files_under, losses_of, of_kind
from tests.training.steel import Workspace
from tests.vlm.vlm_checkpoints import MAKERS
from training.finetune import to_lora
from training.finetune.chat import ChatLearner
from training.finetune.config import make_config
from training.finetune.examples import Drawn, Examples, draw, make_examples, plain
from training.finetune.learner import learn
from training.finetune.pictures import Pictures
from training.finetune.run import DONE, FAILED, run_folder

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402

SHORT = {
    "batch": 4,
    "micro_batch": 2,
    "max_steps": 2,
    "few_shot": 1.0,
    "longest_answer": 12,
    "image_tokens": 16,
    "evaluate": True,
    "evaluate_most": 1,
    "evaluate_answers": 1,
    "learning_rate": 1e-2,
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {name: MAKERS[name](root / name) for name in ("qwen2_5_vl", "llava")}


@pytest.fixture(scope="module")
def qwen(checkpoint: dict[str, Path], workspace: Workspace) -> tuple[ChatLearner, Examples]:
    examples = make_examples(workspace.content)
    config = make_config(str(checkpoint["qwen2_5_vl"]), image_tokens=16, rank=8, experts=2)
    pictures = Pictures(workspace.content.micrographs, workspace.root, "high")
    return ChatLearner(config, examples, pictures, "cpu"), examples


@pytest.mark.parametrize("quantization", ["int8", "nf4"])
@pytest.mark.parametrize("name", ["qwen2_5_vl", "llava"])
def test_a_quantized_backbone_runs_end_to_end(
    name: str, quantization: Quantization, checkpoint: dict[str, Path], new_run: NewRun
) -> None:
    folder = new_run(
        backbone=str(checkpoint[name]),
        quantization=quantization,
        gradient_checkpointing=quantization == "nf4",
        **SHORT,
    )
    assert run_folder(folder.root) == DONE
    told = losses_of(folder)
    assert sorted(told) == [1, 2]
    assert of_kind(folder, DoneEvent)
    config = json.loads((folder.adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(checkpoint[name])
    assert config["peft_type"] == "DYA_MOQPE"
    step = of_kind(folder, StepEvent)[-1]
    assert isinstance(step, StepEvent)
    assert step.tokens > 0
    loaded = open_backbone(
        str(checkpoint[name]), quantization=quantization, adapter=folder.adapter
    )  # as the app opens it
    assert loaded.report().kind == "transformers"
    loaded.close()


def test_only_the_answer_is_learnt(qwen: tuple[ChatLearner, Examples]) -> None:
    learner, examples = qwen
    drawn = plain(examples.part("train")[0])
    (inputs, counts), *rest = learner.prepare([drawn]).inputs
    assert not rest
    tokenizer = learner._plain._prompter.tokenizer
    answer = inputs["input_ids"][0, -counts[0] :]
    assert tokenizer.decode(answer).strip() == f"{drawn.answer}<|im_end|>"


def test_a_batch_is_the_sum_of_its_rows(qwen: tuple[ChatLearner, Examples]) -> None:
    learner, examples = qwen
    learn(learner.model, False)
    drawn: list[Drawn] = [
        draw(example, examples, 0, step, 1.0)
        for step, example in enumerate(examples.part("train")[:4])
    ]
    with torch.no_grad():
        whole = learner.losses(learner.prepare(drawn))
        single = [learner.losses(learner.prepare([d])) for d in drawn]
    assert whole.tokens == sum(s.tokens for s in single)
    assert float(whole.answers) == pytest.approx(sum(float(s.answers) for s in single), rel=1e-4)


def test_training_and_scoring_see_the_same_prompt(qwen: tuple[ChatLearner, Examples]) -> None:
    learner, examples = qwen
    learn(learner.model, False)
    drawn = plain(examples.part("train")[0])
    messages, views = learner.asked(drawn)
    with torch.no_grad():
        loss = float(learner.losses(learner.prepare([drawn])).answers)
    backbone = learner.backbone()
    prompter = learner._plain._prompter
    prompt = prompter.prepare(messages, views, learner._settings)
    parts = continuations(
        prompter.tokenizer, prompt.text, [drawn.answer], learner._plain._turn_end(messages)
    )
    score = learner._plain._scorer.score(learner._plain._placed(prompt.inputs), parts)[0]
    assert backbone.report().kind == "transformers"
    assert -loss == pytest.approx(float(score), rel=1e-3)


def test_pictures_that_were_seen_are_not_seen_again(qwen: tuple[ChatLearner, Examples]) -> None:
    learner, examples = qwen
    drawn = plain(examples.part("train")[1])
    eye = learner._core.model.visual
    seen = []
    handle = eye.register_forward_hook(lambda *_: seen.append(True))
    with torch.no_grad():
        first = float(learner.losses(learner.prepare([drawn])).answers)
        second = float(learner.losses(learner.prepare([drawn])).answers)
    handle.remove()
    assert len(seen) <= 1
    assert first == second


def test_a_base_that_has_changed_is_refused_for_plain_lora_too(
    checkpoint: dict[str, Path], new_run: NewRun, tmp_path: Path
) -> None:
    """When it is gone on with, and when it is to answer."""
    base = tmp_path / "llava"
    shutil.copytree(checkpoint["llava"], base)
    folder = new_run(backbone=str(base), **{**SHORT, "method": "lora", "evaluate": False})
    assert run_folder(folder.root) == DONE
    open_backbone(str(base), adapter=folder.adapter).close()
    weights = base / "model.safetensors"
    tensors = load_file(weights)
    for name, tensor in tensors.items():
        if "embed_tokens" in name:
            tensors[name] = tensor + 0.5
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(ModelUnusable, match="weights are others"):
        open_backbone(str(base), adapter=folder.adapter)
    before = files_under(folder.checkpoints)
    assert run_folder(folder.root) == FAILED
    failed = of_kind(folder, FailedEvent)[-1]
    assert isinstance(failed, FailedEvent)
    assert "not the one that the run began on" in failed.reason
    assert files_under(folder.checkpoints) == before


def test_a_mixture_on_a_chat_model_becomes_plain_lora(
    checkpoint: dict[str, Path], new_run: NewRun, tmp_path: Path
) -> None:
    """Two steps of distilling, so that only the way is shown, not how near it gets."""
    base = str(checkpoint["qwen2_5_vl"])
    folder = new_run(backbone=base, quantization="nf4", **{**SHORT, "evaluate": False})
    assert run_folder(folder.root) == DONE
    target = tmp_path / "lora"
    words = [str(folder.adapter), str(target), "--run", str(folder.root), "--steps", "2"]
    assert to_lora.main([*words, "--anyway"]) == to_lora.WRITTEN
    told = json.loads((target / "adapter_config.json").read_text())
    assert (told["peft_type"], told["base_model_name_or_path"]) == ("LORA", base)
    opened = open_backbone(base, adapter=target)
    assert opened.report().kind == "transformers"
    opened.close()
