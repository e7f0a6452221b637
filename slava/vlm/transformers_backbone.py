"""Any Hugging Face image-text-to-text model as a backbone.

Loads safetensors only, runs no code that comes with weights, and never asks the network: weights
that are not on this machine are an error with a way out. This module, and those that it loads
late, import torch; nothing else in the app needs to.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from slava.domain.conversation import Quantization
from slava.errors import ModelError, ModelUnusable
from slava.vlm import generation
from slava.vlm.backbone import Chunk, GenerationSettings, Message, Report, Seen, View
from slava.vlm.memory import (
    KEPT_MODULES,
    count_weights,
    free_memory,
    gigabytes,
    need,
    require_fit,
)
from slava.vlm.model_folder import ModelFolder, find_model
from slava.vlm.prompting import Prompt, Prompter
from slava.vlm.scoring import Scorer, continuations

Progress = Callable[[str], None]
"""Told in a few words what is being done, with the percentage where there is one."""

_QUANTIZATIONS: tuple[Quantization, ...] = ("none", "int8", "nf4")
_loading = threading.Lock()


class TransformersBackbone:
    """A loaded image-text-to-text model. Made by :meth:`load`; one call at a time."""

    def __init__(
        self, model: Any, processor: Any, folder: ModelFolder, quantization: Quantization
    ) -> None:
        self._model: Any = model
        self._folder, self._quantization = folder, quantization
        self._parameters = count_weights(folder.weights).parameters
        self._device = model.device
        self._context = _context_tokens(model.config, processor)
        self._prompter = Prompter(processor, folder.name, self._context)
        self._ends = generation.find_ends(model, self._prompter.tokenizer)
        self._scorer = Scorer(model)

    @classmethod
    def load(
        cls,
        reference: str | Path,
        *,
        quantization: Quantization = "none",
        device: str | None = None,
        on_progress: Progress | None = None,
        cache_dir: Path | None = None,
    ) -> TransformersBackbone:
        """Load a model from a folder or from what the hub cache already holds.

        Parameters
        ----------
        reference
            A folder with ``config.json`` and safetensors, or ``owner/name``.
        quantization
            ``none``, ``int8`` (LLM.int8) or ``nf4`` (QLoRA), by bitsandbytes, on GPU or CPU. The
            eye of the model and its last layer keep their precision.
        device
            ``cuda`` or ``cpu``; by default the GPU where there is one.
        on_progress
            Told what is being done and how much of the weights is in place.

        Raises
        ------
        ModelNotFound, ModelNeedsDownload, ModelUnusable, ModelDoesNotFit
            Before any weight is read.
        """
        report = on_progress or (lambda _text: None)
        report("looking at the model's files")
        folder = find_model(reference, cache_dir=cache_dir)
        quantization = _settle_quantization(folder, quantization)
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        with _quiet(report):
            _require_known(folder)
            processor = _load_processor(folder)
            dtype = _choose_dtype(folder, device)
            _require_room(folder, quantization, device, dtype)
            model = _load_model(folder, quantization, device, dtype)
        return cls(model, processor, folder, quantization)

    def report(self) -> Report:
        """What it is, and the memory it holds now."""
        model = self._model
        return Report(
            id=self._folder.id,
            name=self._folder.name,
            kind="transformers",
            quantization=self._quantization,
            device=str(self._device),
            parameters=self._parameters,
            memory_bytes=0 if model is None else int(model.get_memory_footprint()),
            context_tokens=self._context,
            licence=self._folder.licence,
            notice=self._prompter.notice,
        )

    def seen(self, view: View, settings: GenerationSettings) -> Seen:
        """How it would take ``view`` in, found by running the image processor."""
        self._require_open()
        return self._prompter.seen(view, settings.max_image_tokens)

    def stream(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        """Yield the answer to the last user message piece by piece; see ``Backbone.stream``.

        A conversation longer than the context loses its oldest exchanges; the first chunk then
        says so in its ``notice``.
        """
        model = self._require_open()
        prompt = self._prompter.prepare(messages, micrographs, settings)
        if prompt.dropped:
            yield Chunk("", 0, notice=_dropped_notice(prompt, self._context))
        config = generation.generation_config(
            settings, self._ends, self._room(prompt, settings.max_new_tokens)
        )
        with self._explained(prompt):
            yield from generation.stream(
                model,
                self._prompter.tokenizer,
                self._placed(prompt.inputs),
                config,
                seed=settings.seed,
                stop=stop or threading.Event(),
            )

    def score(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        candidates: Sequence[str],
    ) -> NDArray[np.float64]:
        """Log-likelihood (nats) of each candidate followed by the end of the turn.

        Shape (len(candidates),), each at most 0.
        """
        self._require_open()
        if not candidates:
            return np.zeros(0, dtype=np.float64)
        prompt = self._prompter.prepare(messages, micrographs, GenerationSettings())
        parts = continuations(
            self._prompter.tokenizer, prompt.text, candidates, self._turn_end(messages)
        )
        with self._explained(prompt):
            return self._scorer.score(self._placed(prompt.inputs), parts)

    def close(self) -> None:
        """Give the memory back. The backbone cannot be used afterwards."""
        self._model = None
        self._scorer.model = None
        _release()

    def _require_open(self) -> Any:
        if self._model is None:
            raise ModelError(f"{self._folder.name} has been unloaded. Load it again.")
        return self._model

    def _placed(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Inputs on the model's device, pictures in its precision."""
        dtype = self._model.dtype
        return {
            name: value.to(self._device, dtype)
            if value.is_floating_point()
            else value.to(self._device)
            for name, value in inputs.items()
            if isinstance(value, torch.Tensor)
        }

    def _room(self, prompt: Prompt, wanted: int) -> int:
        return wanted if self._context is None else min(wanted, self._context - prompt.tokens)

    def _turn_end(self, messages: Sequence[Message]) -> int | None:
        """The token that closes an answer in this model's chat template."""
        known = set(self._ends.tokens)
        tokenizer = self._prompter.tokenizer
        try:
            text = self._prompter.render_answered(messages, "a")
        except Exception:
            text = ""
        after = tokenizer(text[text.rfind("a") + 1 :], add_special_tokens=False)["input_ids"]
        named = [int(token) for token in after if int(token) in known]
        return named[0] if named else tokenizer.eos_token_id

    @contextmanager
    def _explained(self, prompt: Prompt) -> Iterator[None]:
        """Turn what a model raises into our errors, and free what it held."""
        try:
            yield
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise self._out_of_memory(prompt) from error
        except RuntimeError as error:
            if "alloc" in str(error) and "memory" in str(error):
                raise self._out_of_memory(prompt) from error
            raise self._broke_off(error) from error
        except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise self._broke_off(error) from error

    def _out_of_memory(self, prompt: Prompt) -> ModelError:
        _release()
        smaller = "" if self._quantization == "nf4" else " or load it in nf4"
        return ModelError(
            f"{self._folder.name} ran out of memory on {self._device} with {prompt.tokens} tokens "
            f"of input, {prompt.image_tokens} of them for pictures "
            f"({gigabytes(free_memory(str(self._device)))} are free now). Lower the picture "
            f"budget below {max(prompt.image_tokens // 2, 1)} tokens, ask for a shorter answer"
            f"{smaller}."
        )

    def _broke_off(self, error: Exception) -> ModelError:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        return ModelError(
            f"{self._folder.name} broke off ({type(error).__name__}: {first}). "
            "Ask again; if it stays so, choose another model or quantization none."
        )


def _dropped_notice(prompt: Prompt, context: int | None) -> str:
    return (
        f"The conversation is longer than the model's {context} tokens: "
        f"its {prompt.dropped} oldest messages were left out of this question."
    )


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


def _load_model(
    folder: ModelFolder, quantization: Quantization, device: str, dtype: torch.dtype
) -> Any:
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
        _release()
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


def _bitsandbytes(quantization: Quantization, dtype: torch.dtype) -> Any:
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


def _choose_dtype(folder: ModelFolder, device: str) -> torch.dtype:
    """The precision of what is not quantized: 16 bits where the device computes in them."""
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if count_weights(folder.weights).stored_item_bytes > 2:
        return torch.float32
    native = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return torch.bfloat16 if native else torch.float32


def _require_room(
    folder: ModelFolder, quantization: Quantization, device: str, dtype: torch.dtype
) -> None:
    count = count_weights(folder.weights)
    item = torch.empty((), dtype=dtype).element_size()
    needs = {key: need(count, folder.config, key, item) for key in _QUANTIZATIONS}
    require_fit(folder.name, needs, quantization, device, free_memory(device))


def _context_tokens(config: Any, processor: Any) -> int | None:
    """The longest conversation in tokens, None where the model does not say."""
    stated = getattr(config.get_text_config(), "max_position_embeddings", None)
    if stated:
        return int(stated)
    limit = getattr(processor.tokenizer, "model_max_length", None)
    return int(limit) if limit and limit < 10_000_000 else None


def _release() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


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
