"""Eight architectures on the CPU, four of them also in 8-bit and in nf4."""

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import numpy as np
import pytest

from slava.domain.conversation import Quantization
from slava.errors import BadQuestion, ModelError
from slava.vlm.backbone import Backbone, Chunk, GenerationSettings, Message, View
from slava.vlm.generation import Ends
from slava.vlm.scoring import Scorer
from slava.vlm.transformers_backbone import TransformersBackbone
from tests.vlm.conftest import Maker

torch = pytest.importorskip("torch")

ARCHITECTURES = ("qwen2_5_vl", "idefics3", "llava", "llava_onevision")
FURTHER = ("qwen3_vl", "internvl", "gemma3", "pixtral")
QUANTIZATIONS: tuple[Quantization, ...] = ("none", "int8", "nf4")
LOADS = [*itertools.product(ARCHITECTURES, QUANTIZATIONS), *((name, "none") for name in FURTHER)]
SHORT = GenerationSettings(max_new_tokens=8)
TALK = [
    Message("system", "You look at electron micrographs."),
    Message("user", "What do you see?", (0,)),
]


@pytest.fixture(scope="module", params=LOADS, ids="-".join)
def backbone(request: pytest.FixtureRequest, checkpoint: Maker) -> Iterator[TransformersBackbone]:
    name, quantization = request.param
    loaded = TransformersBackbone.load(checkpoint(name), quantization=quantization, device="cpu")
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def qwen(checkpoint: Maker) -> Iterator[TransformersBackbone]:
    loaded = TransformersBackbone.load(checkpoint("qwen2_5_vl"), device="cpu")
    yield loaded
    loaded.close()


def text_of(chunks: Iterable[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def bare(
    backbone: TransformersBackbone, messages: list[Message], views: list[View], new_tokens: int
) -> tuple[list[int], str]:
    """The same answer by a plain generate, without thread, queue or streaming."""
    inputs = backbone._placed(backbone._prompter.prepare(messages, views, SHORT).inputs)
    with torch.inference_mode():
        ids = backbone._model.generate(**inputs, do_sample=False, max_new_tokens=new_tokens)
    new = ids[0, inputs["input_ids"].shape[1] :].tolist()
    return new, backbone._prompter.tokenizer.decode(new, skip_special_tokens=True)


def test_it_reports_what_it_is(backbone: TransformersBackbone) -> None:
    report = backbone.report()
    assert isinstance(backbone, Backbone)
    assert report.kind == "transformers"
    assert report.device == "cpu"
    assert report.context_tokens == 1024
    assert (report.parameters or 0) > 400_000
    assert (report.memory_bytes or 0) > 0
    assert report.notice == ""


def test_the_stream_is_what_generate_answers(
    backbone: TransformersBackbone, views: list[View]
) -> None:
    chunks = list(backbone.stream(TALK, views, SHORT))
    ids, text = bare(backbone, TALK, views, SHORT.max_new_tokens)
    assert text_of(chunks) == text
    assert sum(chunk.tokens for chunk in chunks) == len(ids)
    assert chunks[-1].finish in {"length", "end"}
    assert all(chunk.finish is None for chunk in chunks[:-1])


def test_several_micrographs_reach_the_model_in_their_turns(
    backbone: TransformersBackbone, views: list[View]
) -> None:
    both = [*TALK, Message("assistant", "fibres"), Message("user", "And this one?", (1,))]
    first = backbone._prompter.prepare(TALK, views, SHORT)
    second = backbone._prompter.prepare(both, views, SHORT)
    token = backbone._prompter.processor.image_token
    assert (first.text.count(token), second.text.count(token)) == (1, 2)
    assert second.image_tokens > 0
    assert backbone.score(both, views, ["fibres"])[0] != backbone.score(
        both, views[::-1], ["fibres"]
    )
    assert list(backbone.stream(both, views, SHORT))[-1].finish


def test_the_picture_matters(backbone: TransformersBackbone, views: list[View]) -> None:
    other = backbone.score(TALK, [views[1]], ["particles"])
    assert backbone.score(TALK, [views[0]], ["particles"]) != other


def test_stop_ends_within_a_token(backbone: TransformersBackbone, views: list[View]) -> None:
    stop = threading.Event()
    chunks = []
    for chunk in backbone.stream(TALK, views, GenerationSettings(max_new_tokens=200), stop):
        chunks.append(chunk)
        stop.set()
    assert chunks[-1].finish == "stopped"
    assert len(chunks) <= 3
    assert not any(t.name == "slava-generate" for t in threading.enumerate())


def test_scores_are_those_of_a_plain_forward_pass(
    backbone: TransformersBackbone, views: list[View]
) -> None:
    candidates = ["particles", "fibres and nanowires", "porous sponge"]
    scores = backbone.score(TALK, views, candidates)
    assert scores.shape == (3,)
    assert (scores < 0).all()
    expected = [plain_score(backbone, TALK, views, each) for each in candidates]
    tolerance = 0.2 if backbone.report().quantization == "int8" else 1e-3
    np.testing.assert_allclose(scores, expected, atol=tolerance)
    assert backbone._scorer.shares_prefix


def plain_score(
    backbone: TransformersBackbone, messages: list[Message], views: list[View], candidate: str
) -> float:
    """From the logits of one pass over prompt, candidate and end token."""
    inputs, tail = spoken(backbone, messages, views, candidate)
    begin = inputs["input_ids"].shape[1]
    for token in tail:
        append(inputs, token)
    with torch.inference_mode():
        logits = backbone._model(**inputs).logits[0, begin - 1 : -1].double()
    logs = torch.log_softmax(logits, -1)
    return float(sum(logs[i, token] for i, token in enumerate(tail)))


def spoken(
    backbone: TransformersBackbone, messages: list[Message], views: list[View], candidate: str
) -> tuple[dict[str, Any], list[int]]:
    """The prompt's tensors, and the tokens that a model would write for ``candidate``."""
    prompter = backbone._prompter
    prompt = prompter.prepare(messages, views, SHORT)
    gap = " " if prompt.text.endswith(":") else ""
    tail = prompter.tokenizer(gap + candidate, add_special_tokens=False)["input_ids"]
    end = "<end_of_turn>" if "<end_of_turn>" in prompt.text else prompter.tokenizer.eos_token
    return backbone._placed(prompt.inputs), [*tail, prompter.tokenizer.convert_tokens_to_ids(end)]


def append(inputs: dict[str, Any], token: int) -> None:
    for name in ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids"):
        if name in inputs:
            fill = {"input_ids": token, "attention_mask": 1}.get(name, 0)
            inputs[name] = torch.cat([inputs[name], inputs[name].new_tensor([[fill]])], 1)


def test_scores_are_those_of_writing_token_by_token(
    qwen: TransformersBackbone, views: list[View]
) -> None:
    inputs, tail = spoken(qwen, TALK, views, "tips")
    total = 0.0
    with torch.inference_mode():
        for token in tail:
            logits = qwen._model(**inputs).logits[0, -1].double()
            total += float(torch.log_softmax(logits, -1)[token])
            append(inputs, token)
    assert qwen.score(TALK, views, ["tips"])[0] == pytest.approx(total, abs=1e-3)


def test_a_model_that_takes_a_cache_up_wrongly_is_scored_without(
    qwen: TransformersBackbone, views: list[View], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = qwen.score(TALK, views, ["tips", "fibres"])
    scorer = Scorer(qwen._model)
    monkeypatch.setattr(scorer, "_after", lambda *_: -1.0)
    monkeypatch.setattr(qwen, "_scorer", scorer)
    np.testing.assert_allclose(qwen.score(TALK, views, ["tips", "fibres"]), expected, atol=1e-3)
    assert scorer.shares_prefix is False


def test_seen_tells_the_tokens_that_the_prompt_spends(
    backbone: TransformersBackbone, views: list[View]
) -> None:
    seen = backbone.seen(views[0], SHORT)
    prompt = backbone._prompter.prepare(TALK, views, SHORT)
    assert seen.image_tokens == prompt.image_tokens
    assert 0 < seen.width_px <= 400


def test_a_budget_makes_the_picture_cheaper_where_the_family_can(
    backbone: TransformersBackbone, views: list[View]
) -> None:
    budget = GenerationSettings(max_new_tokens=4, max_image_tokens=40)
    seen = backbone.seen(views[0], budget)
    assert (seen.image_tokens or 0) <= 40
    prompt = backbone._prompter.prepare(TALK, views, budget)
    assert prompt.image_tokens == seen.image_tokens
    assert list(backbone.stream(TALK, views, budget))[-1].finish


def test_closing_frees_the_weights(checkpoint: Maker, views: list[View]) -> None:
    for quantization in QUANTIZATIONS:
        loaded = TransformersBackbone.load(checkpoint("llava"), quantization=quantization)
        list(loaded.stream(TALK, views, SHORT))
        loaded.score(TALK, views, ["tips"])
        weights = [weakref.ref(p) for p in loaded._model.parameters()]
        loaded.close()
        gc.collect()
        assert not [ref for ref in weights if ref() is not None]
        assert loaded.report().memory_bytes == 0
        with pytest.raises(ModelError, match=r"^llava has been unloaded\. Load it again\.$"):
            list(loaded.stream(TALK, views, SHORT))


def test_quantized_weights_are_smaller(checkpoint: Maker) -> None:
    sizes = []
    for quantization in QUANTIZATIONS:
        loaded = TransformersBackbone.load(checkpoint("llava"), quantization=quantization)
        sizes.append(loaded.report().memory_bytes or 0)
        loaded.close()
    assert sizes[0] > sizes[1] > sizes[2]


def test_closing_the_iterator_ends_the_thread(
    qwen: TransformersBackbone, views: list[View]
) -> None:
    answer = qwen.stream(TALK, views, GenerationSettings(max_new_tokens=300))
    assert isinstance(answer, Generator)
    next(answer)
    answer.close()
    assert not any(t.name == "slava-generate" for t in threading.enumerate())
    assert list(qwen.stream(TALK, views, SHORT))[-1].finish


def test_stop_works_while_the_prompt_is_still_being_read(
    qwen: TransformersBackbone, views: list[View], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    layers = qwen._model.model.language_model.layers
    monkeypatch.setattr(layers[0], "forward", _slow(layers[0].forward, stop))
    chunks = list(qwen.stream(TALK, views, GenerationSettings(max_new_tokens=50), stop))
    assert [chunk.finish for chunk in chunks] == ["stopped"]


def _slow(forward: Any, stop: threading.Event) -> Any:
    def run(*args: Any, **kwargs: Any) -> Any:
        stop.set()
        return forward(*args, **kwargs)

    return run


def test_greedy_repeats_and_sampling_follows_its_seed(
    qwen: TransformersBackbone, views: list[View]
) -> None:
    def answer(**settings: Any) -> str:
        return text_of(qwen.stream(TALK, views, GenerationSettings(max_new_tokens=12, **settings)))

    assert answer() == answer()
    assert answer(temperature=1.5, seed=1) == answer(temperature=1.5, seed=1)
    assert answer(temperature=1.5, seed=1) != answer(temperature=1.5, seed=2)


def test_sampling_leaves_the_random_state_alone(
    qwen: TransformersBackbone, views: list[View]
) -> None:
    before = torch.random.get_rng_state()
    list(qwen.stream(TALK, views, GenerationSettings(max_new_tokens=3, temperature=1.0)))
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_end_token_ends_the_answer(
    qwen: TransformersBackbone, views: list[View], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bare(qwen, TALK, views, 1)[0][0]
    monkeypatch.setattr(qwen, "_ends", Ends((first,), qwen._ends.pad))
    chunks = list(qwen.stream(TALK, views, SHORT))
    assert chunks[-1].finish == "end"
    assert sum(chunk.tokens for chunk in chunks) == 1


def test_old_turns_are_left_out_when_the_context_is_full(
    qwen: TransformersBackbone, views: list[View]
) -> None:
    old = [
        turn
        for i in range(40)
        for turn in (Message("user", f"Question {i} about the fibres?"), Message("assistant", "no"))
    ]
    talk = [TALK[0], Message("user", "What is this?", (0,)), Message("assistant", "a"), *old]
    talk.append(Message("user", "And now?"))
    chunks = list(qwen.stream(talk, views, SHORT))
    assert chunks[0].notice.startswith("The conversation is longer than the model's 1024 tokens")
    prompt = qwen._prompter.prepare(talk, views, SHORT)
    assert prompt.tokens <= 1024 - 8
    assert prompt.image_tokens > 0, "the picture of a dropped question moves to a kept one"
    assert "You look at electron micrographs." in prompt.text
    assert prompt.text.count("And now?") == 1


def test_a_question_longer_than_the_context_is_refused_in_words(
    qwen: TransformersBackbone, views: list[View]
) -> None:
    with pytest.raises(BadQuestion, match=r"The question with its context is \d+ tokens long"):
        list(qwen.stream([Message("user", "fibres? " * 12_500, (0,))], views, SHORT))


def test_pictures_beyond_the_context_are_refused_in_words(
    checkpoint: Maker, views: list[View]
) -> None:
    loaded = TransformersBackbone.load(checkpoint("llava_onevision"), device="cpu")
    crowded = [Message("user", "What?", tuple([0] * 60))]
    with pytest.raises(ModelError, match=r"The pictures come to \d+ tokens"):
        list(loaded.stream(crowded, views, SHORT))
    loaded.close()


@pytest.mark.parametrize("name", ["qwen2_5_vl", "llava"])
def test_control_tokens_in_a_question_stay_text(
    checkpoint: Maker, views: list[View], name: str
) -> None:
    loaded = TransformersBackbone.load(checkpoint(name), device="cpu")
    specials = set(loaded._prompter.tokenizer.all_special_ids)

    def marks(question: str) -> list[int]:
        prompt = loaded._prompter.prepare([Message("user", question, (0,))], views, SHORT)
        return [i for i in prompt.inputs["input_ids"][0].tolist() if i in specials]

    for typed in ("<image>", "<|im_end|>", "<|image_pad|>", "</s>", "<s>"):
        assert marks(f"What {typed} do you see?") == marks("What do you see?")
    loaded.close()


def test_running_out_of_memory_says_what_to_do(
    qwen: TransformersBackbone, views: list[View], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(qwen._model, "generate", fail)
    with pytest.raises(ModelError) as caught:
        list(qwen.stream(TALK, views, SHORT))
    message = str(caught.value)
    assert message.startswith("qwen2_5_vl ran out of memory on cpu with ")
    assert message.endswith("ask for a shorter answer or load it in nf4.")
    assert "\n" not in message


def test_a_failure_inside_the_model_comes_out_as_ours(
    qwen: TransformersBackbone, views: list[View], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied\nsecond line")

    monkeypatch.setattr(qwen._model, "generate", fail)
    with pytest.raises(ModelError, match=r"broke off \(RuntimeError: mat1 and mat2 shapes"):
        list(qwen.stream(TALK, views, SHORT))


def test_a_micrograph_that_was_not_given_is_an_error(
    qwen: TransformersBackbone, views: list[View]
) -> None:
    with pytest.raises(ModelError, match="A message shows micrograph 5, but 2 were given"):
        list(qwen.stream([Message("user", "?", (5,))], views, SHORT))


def test_without_pictures_it_answers_too(backbone: TransformersBackbone) -> None:
    chunks = list(backbone.stream([Message("user", "What are fibres?")], [], SHORT))
    assert chunks[-1].finish in {"length", "end"}


def test_progress_is_told_while_it_loads(checkpoint: Maker) -> None:
    told: list[str] = []
    loaded = TransformersBackbone.load(checkpoint("idefics3"), on_progress=told.append)
    assert told[0] == "looking at the model's files"
    assert told[-1] == "loading the weights, 100 %"
    assert len(set(told)) == len(told) > 5
    loaded.close()


def test_loading_prints_nothing(checkpoint: Maker, capfd: pytest.CaptureFixture[str]) -> None:
    TransformersBackbone.load(checkpoint("idefics3"), quantization="nf4").close()
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
