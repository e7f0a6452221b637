"""Load a built-in model from a folder: plain, in 8 bit, or in nf4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn

from slava.domain.conversation import Quantization
from slava.errors import ModelUnusable
from slava.vlm.slava_model import register
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
from slava.vlm.slava_model.processing import SlavaProcessor

WEIGHTS = Path(__file__).parent / "weights"
"""The model in the package."""

NOT_QUANTIZED = (
    "encoder.vision",
    "encoder.project",
    "encoder.embeddings",
    "encoder.grounded.match",
    "heads",
    "router",
)
"""Modules that stay as they are: small, or what the one decision on a micrograph comes from."""


def load_model(
    folder: Path, quantization: Quantization = "none"
) -> tuple[SlavaForConditionalGeneration, SlavaProcessor]:
    """Load model and processor.

    Raises
    ------
    ModelUnusable
        If ``folder`` holds none, or an incomplete one.
    """
    register()
    if not (folder / "model.safetensors").is_file() or not (folder / "config.json").is_file():
        raise ModelUnusable(
            f"no built-in model in {folder}: config.json or model.safetensors is missing. "
            "Install sLAVA again, or build one: slava build-model DIR"
        )
    try:
        return _model(folder, quantization), _processor(folder)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelUnusable(f"the built-in model in {folder} cannot be loaded: {error}") from error


def _model(folder: Path, quantization: Quantization) -> SlavaForConditionalGeneration:
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        options: dict[str, Any] = {"dtype": torch.float32, "local_files_only": True}
        if quantization != "none":
            options |= {"quantization_config": _bits(quantization), "device_map": "cpu"}
        model = SlavaForConditionalGeneration.from_pretrained(folder, **options)
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()
    _portable(model)
    return model.eval()


def _bits(quantization: Quantization) -> Any:
    import logging

    from transformers import BitsAndBytesConfig

    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it tells of every cast

    skipped = list(NOT_QUANTIZED)
    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=skipped)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.float32,
        llm_int8_skip_modules=skipped,
    )


def _portable(model: nn.Module) -> None:
    """Keep 4-bit layers from packing their weights for one kind of processor only."""
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010


def _processor(folder: Path) -> SlavaProcessor:
    """The processor, its parts given explicitly: no look-up by class name."""
    import json

    from transformers import PreTrainedTokenizerFast

    from slava.vlm.slava_model.processing import SlavaImageProcessor

    told = json.loads((folder / "processor_config.json").read_text(encoding="utf-8"))
    picture = told.get("image_processor", {})
    size = picture.get("size")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    return SlavaProcessor(SlavaImageProcessor(size), tokenizer)


def held_bytes(model: nn.Module) -> int:
    """Memory of all parameters and buffers."""
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() * t.element_size() for t in tensors)
