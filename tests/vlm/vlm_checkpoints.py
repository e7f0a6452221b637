"""Small image-text-to-text checkpoints with random weights, made by the tests themselves.

Each is a real architecture with its real processor class; only the sizes and the vocabulary are
ours.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.vlm.checkpoint_parts import (
    CHATML,
    LINES,
    QWEN_CHATML,
    TURNS,
    eye_part,
    make_tokenizer,
    qwen_parts,
    qwen_tokenizer,
    save,
    square,
    text_part,
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

    tokenizer = qwen_tokenizer()
    sizes = {"shortest_edge": 28 * 28 * 4, "longest_edge": 28 * 28 * 64}
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=sizes),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=QWEN_CHATML,
    )
    parts = qwen_parts(tokenizer, text={}, eye={"fullatt_block_indexes": [1]})
    config = Qwen2_5_VLConfig(**parts)
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
        text_config=text_part(tokenizer, model_type="llama"),
        vision_config=eye_part(64, 16),
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
        image_processor=CLIPImageProcessor(size={"shortest_edge": 56}, crop_size=square(56)),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=LINES,
    )
    config = LlavaConfig(
        text_config=text_part(tokenizer, model_type="llama"),
        vision_config=eye_part(56, 14, model_type="clip_vision_model", projection_dim=64),
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
        image_processor=LlavaOnevisionImageProcessor(size=square(56), image_grid_pinpoints=grid),
        tokenizer=tokenizer,
        video_processor=LlavaOnevisionVideoProcessor(size=square(56)),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=CHATML.replace("PICTURE", "<image>\n"),
    )
    config = LlavaOnevisionConfig(
        text_config=text_part(tokenizer, model_type="qwen2"),
        vision_config=eye_part(56, 14, model_type="siglip_vision_model", vision_use_head=False),
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
