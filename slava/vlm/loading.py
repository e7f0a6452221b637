"""Bringing a Hugging Face model and its processor into memory, or saying why not.

Knows folders, precision, quantization and devices; knows nothing of prompts and answers. torch and
transformers are imported when something is loaded.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slava.domain.conversation import Quantization
from slava.errors import ModelUnusable
from slava.vlm.memory import KEPT_MODULES, count_weights, free_memory, need, require_fit
from slava.vlm.model_folder import ModelFolder, find_model

Progress = Callable[[str], None]
"""Told in a few words what is being done, with the percentage where there is one."""

_QUANTIZATIONS: tuple[Quantization, ...] = ("none", "int8", "nf4")
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory with what belongs to it."""

    model: Any
    processor: Any
    folder: ModelFolder
    quantization: Quantization


def load_model(
    reference: str | Path,
    quantization: Quantization,
    device: str | None,
    on_progress: Progress | None,
    cache_dir: Path | None,
) -> Loaded:
    """Load what ``reference`` names; see ``TransformersBackbone.load``."""
    import torch

    report = on_progress or (lambda _text: None)
    report("looking at the model's files")
    folder = find_model(reference, cache_dir=cache_dir)
    quantization = _settle_quantization(folder, quantization)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    with _quiet(report):
        _require_known(folder)
        dtype = _choose_dtype(folder, device)
        _require_room(folder, quantization, device, dtype)
        processor = _load_processor(folder)
        model = _load_model(folder, quantization, device, dtype)
    return Loaded(model, processor, folder, quantization)


def release() -> None:
    """Give freed memory back to the device."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _settle_quantization(folder: ModelFolder, wanted: Quantization) -> Quantization:
    """What a folder that is quantized already is quantized to, else what is wanted."""
    own = folder.config.get("quantization_config")
    if not own:
        return wanted
    if own.get("quant_method") != "bitsandbytes":
        raise ModelUnusable(
            f"{folder.name} is stored quantized with {own.get('quant_method')}, which sLAVA does "
            "not load. Take the unquantized model and choose int8 or nf4, or serve it with vLLM "
            "and give the server's URL."
        )
    return "nf4" if own.get("load_in_4bit") else "int8"


def _require_known(folder: ModelFolder) -> None:
    import transformers
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN,
    )

    if folder.model_type not in KNOWN:
        raise ModelUnusable(
            f"{folder.name} is of the kind {folder.model_type}, which is no image-text-to-text "
            f"model that transformers {transformers.__version__} knows. Choose one from: "
            "slava models"
        )


def _load_processor(folder: ModelFolder) -> Any:
    from transformers import AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(
            folder.path, local_files_only=True, trust_remote_code=False
        )
    except ImportError as error:
        raise ModelUnusable(
            f"{folder.name}: its processor needs a package that is not here "
            f"({_first_line(error)}). Install it, or choose another model."
        ) from error
    except Exception as error:
        raise _unloadable(folder, "processor", error) from error
    if not hasattr(processor, "image_processor"):
        raise ModelUnusable(
            f"{folder.name} holds no processor for pictures (preprocessor_config.json). "
            "Copy or download the folder again."
        )
    return processor


def _load_model(folder: ModelFolder, quantization: Quantization, device: str, dtype: Any) -> Any:
    import torch
    from transformers import AutoModelForImageTextToText

    stored_quantized = "quantization_config" in folder.config
    try:
        model = AutoModelForImageTextToText.from_pretrained(
            folder.path,
            dtype=dtype,
            device_map={"": device},
            quantization_config=None if stored_quantized else _bitsandbytes(quantization, dtype),
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    except torch.OutOfMemoryError as error:
        release()
        raise _unloadable(folder, "weights", error) from error
    except Exception as error:
        raise _unloadable(folder, "weights", error) from error
    _keep_four_bit_plain(model)
    return model.eval().requires_grad_(False)


def _unloadable(folder: ModelFolder, part: str, error: Exception) -> ModelUnusable:
    return ModelUnusable(
        f"{folder.name}: its {part} cannot be loaded ({type(error).__name__}: "
        f"{_first_line(error)}). Copy or download the folder again, or choose another model."
    )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")[:200]


def _bitsandbytes(quantization: Quantization, dtype: Any) -> Any:
    from transformers import BitsAndBytesConfig

    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=[KEPT_MODULES])
    if quantization == "nf4":
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
            llm_int8_skip_modules=[KEPT_MODULES],
        )
    return None


def _keep_four_bit_plain(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit weights for AVX512-BF16 at the first answer.

    Repacked weights cannot be trained on or moved afterwards (bitsandbytes 0.50).
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _choose_dtype(folder: ModelFolder, device: str) -> Any:
    """The precision of what is not quantized: 16 bits where the device computes in them."""
    import torch

    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if count_weights(folder.weights).stored_item_bytes > 2:
        return torch.float32
    native = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return torch.bfloat16 if native else torch.float32


def _require_room(folder: ModelFolder, quantization: Quantization, device: str, dtype: Any) -> None:
    count = count_weights(folder.weights)
    needs = {key: need(count, folder.config, key, dtype.itemsize) for key in _QUANTIZATIONS}
    require_fit(folder.name, needs, quantization, device, free_memory(device))


@contextmanager
def _quiet(report: Progress) -> Iterator[None]:
    """Load without printing, and hand the loader's progress on."""
    from transformers.utils import logging as hf_logging

    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    with _loading:
        verbosity = hf_logging.get_verbosity()
        hf_logging.set_verbosity_error()
        hook = hf_logging.set_tqdm_hook(
            lambda _factory, args, kwargs: _Counted(report, args, kwargs)
        )
        try:
            yield
        finally:
            hf_logging.set_tqdm_hook(hook)
            hf_logging.set_verbosity(verbosity)


class _Counted:
    """Stands where the loader would draw a progress bar and reports instead."""

    def __init__(self, report: Progress, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self._items = args[0] if args else kwargs.get("iterable", ())
        self._total = kwargs.get("total") or (
            len(self._items) if hasattr(self._items, "__len__") else 0
        )
        self._done, self._told, self._report = 0, 0, report

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            yield item
            self.update(1)

    def update(self, count: float = 1) -> None:
        self._done += int(count)
        percent = 100 * self._done // self._total if self._total else 0
        if percent > self._told:
            self._told = percent
            self._report(f"loading the weights, {percent} %")

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: None

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *_: object) -> None:
        return None
