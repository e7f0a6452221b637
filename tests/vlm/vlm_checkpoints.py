"""Small image-text-to-text checkpoints with random weights, made by the tests themselves.

Each is a real architecture with its real processor class; only the sizes and the vocabulary are
ours. Widths are multiples of 64, as bitsandbytes needs.
"""

from __future__ import annotations

from collections.abc import Callable
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
"""The language part of every one of them."""


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


def make_qwen(folder: Path) -> Path:
    """Qwen2.5-VL: dynamic resolution, three-dimensional positions."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    special = ["<pad>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>"]
    special += ["<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokenizer = make_tokenizer(special, end="<|im_end|>")
    picture = "<|vision_start|><|image_pad|><|vision_end|>"
    sizes = {"shortest_edge": 28 * 28 * 4, "longest_edge": 28 * 28 * 64}
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=sizes),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=CHATML.replace("PICTURE", picture),
    )
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in special}
    config = Qwen2_5_VLConfig(
        text_config={
            **TEXT,
            "vocab_size": len(tokenizer),
            "rope_parameters": {"rope_type": "default", "mrope_section": [4, 6, 6]},
            "bos_token_id": None,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<pad>"],
        },
        vision_config={
            "depth": 2,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_heads": 4,
            "out_hidden_size": TEXT["hidden_size"],
            "fullatt_block_indexes": [1],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )
    return save(Qwen2_5_VLForConditionalGeneration, config, processor, folder)


def make_idefics(folder: Path) -> Path:
    """Idefics3, the architecture of the first SmolVLM: tiles of a fixed size."""
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessor,
        Idefics3Processor,
    )

    special = ["<pad>", "<|im_start|>", "<end_of_utterance>", "<image>", "<global-img>"]
    special += ["<fake_token_around_image>"]
    special += [f"<row_{r}_col_{c}>" for r in range(1, 7) for c in range(1, 7)]
    tokenizer = make_tokenizer(special, end="<end_of_utterance>", begin="<|im_start|>")
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessor(
            size={"longest_edge": 128}, max_image_size={"longest_edge": 64}
        ),
        tokenizer=tokenizer,
        image_seq_len=4,
        chat_template="<|im_start|>" + TURNS,
    )
    config = Idefics3Config(
        text_config={
            **TEXT,
            "model_type": "llama",
            "vocab_size": len(tokenizer),
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 64,
            "patch_size": 16,
        },
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return save(Idefics3ForConditionalGeneration, config, processor, folder)


def make_llava(folder: Path) -> Path:
    """LLaVA: one fixed square through CLIP."""
    from transformers import (
        CLIPImageProcessor,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = make_tokenizer(["<pad>", "<s>", "</s>", "<image>"], end="</s>", begin="<s>")
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(
            size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}
        ),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=LINES,
    )
    config = LlavaConfig(
        text_config={
            **TEXT,
            "model_type": "llama",
            "vocab_size": len(tokenizer),
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "model_type": "clip_vision_model",
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 56,
            "patch_size": 14,
            "projection_dim": 64,
        },
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=16,
        vision_feature_layer=-1,
    )
    return save(LlavaForConditionalGeneration, config, processor, folder)


def make_llava_onevision(folder: Path) -> Path:
    """LLaVA-OneVision: the grid of tiles nearest to the picture's shape, and the whole."""
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessor,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    special = ["<pad>", "<|im_start|>", "<|im_end|>", "<image>", "<video>"]
    tokenizer = make_tokenizer(special, end="<|im_end|>")
    grid = [[56, 56], [56, 112], [112, 56], [112, 112]]
    processor = LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(
            size={"height": 56, "width": 56}, image_grid_pinpoints=grid
        ),
        tokenizer=tokenizer,
        video_processor=LlavaOnevisionVideoProcessor(size={"height": 56, "width": 56}),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=CHATML.replace("PICTURE", "<image>\n"),
    )
    config = LlavaOnevisionConfig(
        text_config={
            **TEXT,
            "model_type": "qwen2",
            "vocab_size": len(tokenizer),
            "bos_token_id": None,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "model_type": "siglip_vision_model",
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 56,
            "patch_size": 14,
            "vision_use_head": False,
        },
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=grid,
        vision_feature_select_strategy="full",
        vision_feature_layer=-1,
    )
    return save(LlavaOnevisionForConditionalGeneration, config, processor, folder)


MAKERS: dict[str, Callable[[Path], Path]] = {
    "qwen2_5_vl": make_qwen,
    "idefics3": make_idefics,
    "llava": make_llava,
    "llava_onevision": make_llava_onevision,
}


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
