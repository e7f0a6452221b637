"""The Hugging Face model: shapes, cache, saving, generating."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch  # noqa: TID253
from transformers import (  # noqa: TID253
    AutoConfig,
    AutoModelForImageTextToText,
    AutoProcessor,
    BatchFeature,
)

from slava.errors import ModelUnusable
from slava.vlm.slava_model import register
from slava.vlm.slava_model.load import load_model
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
from slava.vlm.slava_model.processing import SlavaProcessor
from slava.vlm.slava_model.tokenization import MARKS
from tests.builtin.drawn import noise

TOLD = "<intent:size><concise><style:0>"


@pytest.fixture
def inputs(processor: SlavaProcessor) -> BatchFeature:
    return processor(noise(), "How large are they?", TOLD)


def test_inputs_have_the_shapes_of_the_paper(inputs: BatchFeature) -> None:
    assert inputs["pixel_values"].shape == (1, 1, 64, 64)
    assert inputs["pixel_values"].min() >= -1
    assert inputs["pixel_values"].max() <= 1
    assert inputs["question_features"].shape[2] == 384
    assert inputs["auxiliary_ids"].shape == (1, 3)


def test_marks_keep_their_ids(processor: SlavaProcessor) -> None:
    assert processor.tokenizer.convert_tokens_to_ids(list(MARKS)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("text", ["The particles measure <SIZE>.", "Äpfel, 12 µm & 漢字", "a  b"])
def test_the_tokenizer_gives_every_text_back(processor: SlavaProcessor, text: str) -> None:
    ids = processor.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert processor.tokenizer.decode(ids) == text


def test_forward_gives_logits_and_a_loss(
    model: SlavaForConditionalGeneration, inputs: BatchFeature
) -> None:
    labels = torch.tensor([[9, 10, 11, 5]])
    out = model(**inputs, labels=labels)
    assert out.logits.shape == (1, 4, model.config.vocab_size)
    assert (
        out.encoder_last_hidden_state.shape[1]
        == model.config.image_tokens + 3 + 3 + (inputs["question_features"].shape[1])
    )
    assert torch.isfinite(out.loss)


def test_the_cache_changes_nothing(
    model: SlavaForConditionalGeneration, inputs: BatchFeature
) -> None:
    plain = model.generate(**inputs, max_new_tokens=20, do_sample=False, use_cache=False)
    cached = model.generate(**inputs, max_new_tokens=20, do_sample=False, use_cache=True)
    assert torch.equal(plain, cached)


def test_a_step_with_the_cache_gives_the_logits_without(
    model: SlavaForConditionalGeneration, inputs: BatchFeature
) -> None:
    ids = torch.tensor([[4, 9, 10, 11, 12]])
    whole = model(**inputs, decoder_input_ids=ids).logits
    first = model(**inputs, decoder_input_ids=ids[:, :2], use_cache=True)
    rest = model(
        encoder_outputs=(first.encoder_last_hidden_state,),
        decoder_input_ids=ids[:, 2:],
        past_key_values=first.past_key_values,
    ).logits
    torch.testing.assert_close(torch.cat([first.logits, rest], 1), whole)


def test_writing_equals_generating(
    model: SlavaForConditionalGeneration, inputs: BatchFeature
) -> None:
    memory = model.encoder(**inputs)[0]
    written = list(model.write(memory, lambda logits, _: int(logits.argmax()), 20))
    generated = model.generate(**inputs, max_new_tokens=20, do_sample=False)[0, 1:]
    assert written == [k for k in generated.tolist() if k != model.config.eos_token_id]


def test_generate_streams(
    model: SlavaForConditionalGeneration, processor: SlavaProcessor, inputs: BatchFeature
) -> None:
    class Kept:
        def __init__(self) -> None:
            self.ids: list[int] = []

        def put(self, value: torch.Tensor) -> None:
            self.ids += value.flatten().tolist()

        def end(self) -> None:
            pass

    streamer = Kept()
    out = model.generate(**inputs, max_new_tokens=8, do_sample=False, streamer=streamer)
    assert streamer.ids == out[0].tolist()


def test_padding_within_a_batch_changes_nothing(
    model: SlavaForConditionalGeneration, processor: SlavaProcessor
) -> None:
    questions = ["How large are they?", "Which category does this micrograph belong to, please?"]
    pictures = [noise(1), noise(2)]
    labels = torch.tensor([[9, 10, 5]])
    together = model(
        **processor(pictures, questions, [TOLD, TOLD + "<detailed>"]), labels=labels.expand(2, -1)
    ).logits
    alone = model(**processor(pictures[0], questions[0], TOLD), labels=labels).logits
    torch.testing.assert_close(together[:1], alone, atol=1e-5, rtol=1e-4)


def test_the_picture_matters(
    model: SlavaForConditionalGeneration, processor: SlavaProcessor
) -> None:
    labels = torch.tensor([[9, 10, 5]])
    one = model(**processor(noise(1), "What?", TOLD), labels=labels).logits
    two = model(**processor(noise(1) // 4, "What?", TOLD), labels=labels).logits
    assert not torch.allclose(one, two)


def test_matching_gives_one_logit_per_pair(model: SlavaForConditionalGeneration) -> None:
    features = model.encoder.features(torch.zeros(2, 1, 64, 64))
    assert model.match(features, torch.tensor([[9, 10, 0], [9, 10, 11]])).shape == (2,)


def test_saved_and_loaded_weights_are_bit_equal(
    folder: Path, model: SlavaForConditionalGeneration, inputs: BatchFeature
) -> None:
    loaded, _ = load_model(folder)
    theirs = loaded.state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(value, theirs[name]), name
    labels = torch.tensor([[9, 10, 5]])
    said, again = model(**inputs, labels=labels).logits, loaded(**inputs, labels=labels).logits
    torch.testing.assert_close(again, said, rtol=1e-5, atol=1e-6)  # sums depend on alignment


def test_the_auto_classes_know_it(folder: Path, inputs: BatchFeature) -> None:
    register()
    register()
    assert AutoConfig.from_pretrained(folder).model_type == "slava"
    model = AutoModelForImageTextToText.from_pretrained(folder)
    processor = AutoProcessor.from_pretrained(folder)
    assert isinstance(model, SlavaForConditionalGeneration)
    assert isinstance(processor, SlavaProcessor)
    again = processor(noise(), "How large are they?", TOLD)
    assert all(torch.equal(again[name], inputs[name]) for name in inputs)


def test_a_folder_without_weights_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"missing\. Install sLAVA again, or build one"):
        load_model(tmp_path)


def test_a_damaged_file_is_told(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\0" * 50)
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        load_model(folder)
