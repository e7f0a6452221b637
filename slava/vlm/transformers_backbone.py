"""Any Hugging Face image-text-to-text model as a backbone.

Loads safetensors only, runs no code that comes with weights, and never asks the network: weights
that are not on this machine are an error with a way out. This module, and those that it loads
late, import torch; nothing else in the app needs to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
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
from slava.vlm.loading import Loaded, Progress, load_model, release
from slava.vlm.memory import count_weights, free_memory, gigabytes
from slava.vlm.prompting import Prompt, Prompter
from slava.vlm.scoring import Scorer, continuations


class TransformersBackbone:
    """A loaded image-text-to-text model. Made by :meth:`load`; one call at a time."""

    def __init__(self, loaded: Loaded) -> None:
        self._model: Any = loaded.model
        self._folder, self._quantization = loaded.folder, loaded.quantization
        self._parameters = count_weights(loaded.folder.weights).parameters
        self._device = loaded.model.device
        self._context = _context_tokens(loaded.model.config, loaded.processor)
        self._prompter = Prompter(loaded.processor, loaded.folder.name, self._context)
        self._ends = generation.find_ends(loaded.model, self._prompter.tokenizer)
        self._scorer = Scorer(loaded.model)
        self._adapted: Any = None

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
        return cls(load_model(reference, quantization, device, on_progress, cache_dir))

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

    def set_adapter(self, folder: Path | None) -> None:
        """Answer with the adapter saved in ``folder`` from now on, or with none.

        The weights of the base stay where they are; an adapter that was on them is let go.

        Raises
        ------
        ModelUnusable
            If ``folder`` holds no adapter, or one of another base; then none is on.
        """
        base = self._require_open()
        if self._adapted is not None:
            self._adapted.unload()
            self._adapted = None
            release()
        if folder is None:
            return
        from slava.adapters import load_adapter

        try:
            self._adapted = load_adapter(base, folder).eval()
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
            raise ModelUnusable(
                f"the adapter in {folder} does not fit {self._folder.name} "
                f"({type(error).__name__}: {error}). Choose the one that was trained on it."
            ) from error

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
        self._model = self._adapted = None
        self._scorer.model = None
        release()

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
        release()
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


def _context_tokens(config: Any, processor: Any) -> int | None:
    """The longest conversation in tokens, None where the model does not say."""
    stated = getattr(config.get_text_config(), "max_position_embeddings", None)
    if stated:
        return int(stated)
    limit = getattr(processor.tokenizer, "model_max_length", None)
    return int(limit) if limit and limit < 10_000_000 else None
