"""Further families of the catalogue as small checkpoints: Qwen3-VL, InternVL, Gemma 3, Pixtral."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.vlm.checkpoint_parts import (
    CHATML,
    QWEN_CHATML,
    eye_part,
    make_tokenizer,
    qwen_parts,
    qwen_tokenizer,
    save,
    square,
    text_part,
)


def make_qwen3(folder: Path) -> Path:
    """Qwen3-VL: as Qwen2.5-VL, with features of several depths of the eye."""
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    tokenizer = qwen_tokenizer()
    sizes = {"shortest_edge": 32 * 32 * 4, "longest_edge": 32 * 32 * 64}
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=sizes, patch_size=16),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(),
        chat_template=QWEN_CHATML,
    )
    eye = {"deepstack_visual_indexes": [0], "num_position_embeddings": 64}
    config = Qwen3VLConfig(**qwen_parts(tokenizer, text={"head_dim": 32}, eye=eye))
    return save(Qwen3VLForConditionalGeneration, config, processor, folder)


def make_internvl(folder: Path) -> Path:
    """InternVL: as many tiles as fit the picture's shape, and the whole."""
    from transformers import (
        GotOcr2ImageProcessor,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVideoProcessor,
    )

    named = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    special = ["<pad>", "<|im_start|>", "<|im_end|>", *named.values()]
    tokenizer = make_tokenizer(special, end="<|im_end|>", named=named)
    size = square(56)
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(size=size, crop_to_patches=True, max_patches=6),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=size),
        image_seq_length=4,
        chat_template=CHATML.replace("PICTURE", "<IMG_CONTEXT>\n"),
    )
    config = InternVLConfig(
        text_config=text_part(tokenizer, model_type="qwen2"),
        vision_config=eye_part([56, 56], [14, 14]),
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    return save(InternVLForConditionalGeneration, config, processor, folder)


def make_gemma3(folder: Path) -> Path:
    """Gemma 3: one fixed square, sliding attention, picture tokens that see each other."""
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessor,
        Gemma3Processor,
    )

    named = {
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
        "image_token": "<image_soft_token>",
    }
    special = ["<pad>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", *named.values()]
    tokenizer = make_tokenizer(special, end="<eos>", begin="<bos>", named=named)
    template = (
        CHATML.replace("<|im_start|>", "<start_of_turn>")
        .replace("<|im_end|>", "<end_of_turn>")
        .replace("PICTURE", "<start_of_image>")
    )
    processor = Gemma3Processor(
        image_processor=Gemma3ImageProcessor(size=square(56)),
        tokenizer=tokenizer,
        image_seq_length=4,
        chat_template="{{ bos_token }}" + template,
    )
    config = Gemma3Config(
        text_config=text_part(
            tokenizer,
            num_hidden_layers=3,
            head_dim=32,
            query_pre_attn_scalar=32,
            sliding_window=24,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        ),
        vision_config=eye_part(56, 14, vision_use_head=False),
        mm_tokens_per_image=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image_soft_token>"),
        boi_token_index=tokenizer.convert_tokens_to_ids("<start_of_image>"),
        eoi_token_index=tokenizer.convert_tokens_to_ids("<end_of_image>"),
    )
    end = [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<end_of_turn>")]
    return save(Gemma3ForConditionalGeneration, config, processor, folder, ends=end)


def make_pixtral(folder: Path) -> Path:
    """Pixtral in LLaVA's frame: any shape up to a longest edge, a token for each patch."""
    from transformers import (
        LlavaConfig,
        LlavaForConditionalGeneration,
        PixtralImageProcessor,
        PixtralProcessor,
    )

    special = ["<pad>", "<s>", "</s>", "[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]"]
    tokenizer = make_tokenizer(special, end="</s>", begin="<s>")
    template = (
        "<s>{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content[0].text }}</s>"
        "{% else %}[INST]{% for p in m.content %}{% if p.type == 'image' %}[IMG]{% else %}"
        "{{ p.text }}{% endif %}{% endfor %}[/INST]{% endif %}{% endfor %}"
    )
    processor = PixtralProcessor(
        image_processor=PixtralImageProcessor(size={"longest_edge": 128}, patch_size=square(16)),
        tokenizer=tokenizer,
        patch_size=16,
        chat_template=template,
    )
    config = LlavaConfig(
        text_config=text_part(tokenizer, model_type="mistral"),
        vision_config=eye_part(128, 16, model_type="pixtral"),
        image_token_index=tokenizer.convert_tokens_to_ids("[IMG]"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )
    return save(LlavaForConditionalGeneration, config, processor, folder)


MAKERS: dict[str, Callable[[Path], Path]] = {
    "qwen3_vl": make_qwen3,
    "internvl": make_internvl,
    "gemma3": make_gemma3,
    "pixtral": make_pixtral,
}
