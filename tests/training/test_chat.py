"""Hugging Face backbones learn as the built-in model does: same loop, same files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slava.domain.conversation import Quantization
from slava.handoff.events import DoneEvent, StepEvent
from slava.vlm.load import open_backbone
from slava.vlm.scoring import continuations
from tests.training.conftest import NewRun, losses_of, of_kind
from tests.training.steel import Workspace
from tests.vlm.vlm_checkpoints import MAKERS
from training.finetune.chat import ChatLearner
from training.finetune.config import make_config
from training.finetune.examples import Drawn, Examples, draw, make_examples, plain
from training.finetune.learner import learn
from training.finetune.pictures import Pictures
from training.finetune.run import DONE, run_folder

torch = pytest.importorskip("torch")

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
