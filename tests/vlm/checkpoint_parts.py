"""What the small checkpoints share: a tokenizer, templates, sizes, and how they are written.

Widths are multiples of 64, as bitsandbytes needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SENTENCES = (
    "The micrograph shows round particles with a mean diameter of forty nanometres.",
    "Describe the fibres: how long, how thick, and in which direction do they lie?",
    "A porous sponge, a patterned surface, films and coated surfaces, nanowires and tips.",
    "User asks and Assistant answers. You are looking at an electron micrograph.",
    "Answer briefly: what do you see in this picture, and how sure are you of it?",
)

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% for p in m.content %}{% if p.type == 'image' %}PICTURE{% else %}{{ p.text }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
QWEN_PICTURE = {
    "vision_start_token_id": "<|vision_start|>",
    "vision_end_token_id": "<|vision_end|>",
    "image_token_id": "<|image_pad|>",
    "video_token_id": "<|video_pad|>",
}
QWEN_CHATML = CHATML.replace("PICTURE", "<|vision_start|><|image_pad|><|vision_end|>")
LINES = (
    "{% for m in messages %}{{ m.role | upper }}: "
    "{% for p in m.content %}{% if p.type == 'image' %}<image>\n{% else %}{{ p.text }}{% endif %}"
    "{% endfor %}{% if m.role == 'assistant' %}</s>{% endif %} {% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
TURNS = (
    "{% for m in messages %}{{ m.role | capitalize }}: "
    "{% for p in m.content %}{% if p.type == 'image' %}<image>{% else %}{{ p.text }}{% endif %}"
    "{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)

TEXT = {
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "initializer_range": 0.1,
}
"""The language part of every one of them; :func:`text_part` adds its vocabulary."""


def make_tokenizer(
    special: list[str], *, end: str, begin: str | None = None, named: dict[str, str] | None = None
) -> Any:
    """A byte-level BPE of a few hundred tokens trained on :data:`SENTENCES`.

    ``named`` gives some of ``special`` the names by which a family's processor asks for them.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=special,
        show_progress=False,
    )
    bpe.train_from_iterator(SENTENCES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=end,
        bos_token=begin,
        pad_token="<pad>",
        extra_special_tokens=[t for t in special if t not in {end, begin, "<pad>"}],
        model_specific_special_tokens=named or {},
    )


def text_part(tokenizer: Any, **more: Any) -> dict[str, Any]:
    """The configuration of the language part."""
    return {
        **TEXT,
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        **more,
    }


def eye_part(
    image_size: int | list[int], patch_size: int | list[int], **more: Any
) -> dict[str, Any]:
    """The configuration of an eye in the manner of CLIP."""
    return {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "image_size": image_size,
        "patch_size": patch_size,
        **more,
    }


def qwen_tokenizer() -> Any:
    """The tokenizer of both Qwens."""
    special = ["<pad>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", *QWEN_PICTURE.values()]
    return make_tokenizer(special, end="<|im_end|>")


def qwen_parts(tokenizer: Any, text: dict[str, Any], eye: dict[str, Any]) -> dict[str, Any]:
    """The configuration of both Qwens; ``text`` and ``eye`` are what each has of its own."""
    rope = {"rope_type": "default", "mrope_section": [4, 6, 6]}
    common = {"depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4}
    return {
        "text_config": text_part(tokenizer, rope_parameters=rope, **text),
        "vision_config": {**common, "out_hidden_size": TEXT["hidden_size"], **eye},
        **{name: tokenizer.convert_tokens_to_ids(t) for name, t in QWEN_PICTURE.items()},
    }


def square(side_px: int) -> dict[str, int]:
    """A fixed size as image processors have it."""
    return {"height": side_px, "width": side_px}


def save(
    model_class: Any, config: Any, processor: Any, folder: Path, ends: list[int] | None = None
) -> Path:
    """Write a model of random weights and its processor into ``folder``."""
    import torch

    torch.manual_seed(0)
    model = model_class(config)
    for parameter in model.parameters():
        if not parameter.any() and parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.1)  # Gemma 3 begins with a blind projector
    model.generation_config.eos_token_id = ends or processor.tokenizer.eos_token_id
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
