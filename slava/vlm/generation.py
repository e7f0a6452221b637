"""Generation in a thread of its own, read as a stream of text.

The thread runs ``generate``; its tokens, its end and its failure come through one queue. Stopping
works during the reading of a long prompt too, layer by layer. It knows neither prompts nor
pictures.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from slava.vlm.backbone import Chunk, Finish, GenerationSettings

_POLL_SECONDS = 0.05


class _Halted(Exception):
    """Raised inside the model's forward pass when the answer is no longer wanted."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """The last item of the queue; ``error`` is what ``generate`` raised."""

    error: BaseException | None


class _TokenQueue:
    """What ``generate`` takes for a streamer: it is put the prompt first, then every token."""

    def __init__(self, items: queue.Queue[int | _Ended]) -> None:
        self._items, self._prompt_seen = items, False

    def put(self, tokens: Any) -> None:
        if self._prompt_seen:
            for token in tokens.reshape(-1).tolist():
                self._items.put(token)
        self._prompt_seen = True

    def end(self) -> None:
        """The thread itself says when it has ended."""


class Detokenizer:
    """Text of a growing list of tokens, given out only when it can no longer change.

    A token may be half a character, and the space before a word belongs to the word after it, so
    a short tail is decoded again with every token and only what is new is given out.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._start = self._read = 0
        self.pending = 0
        """Tokens since the last text."""

    def add(self, token: int) -> str:
        """Take one token in and return the text that is certain now, possibly none."""
        self._ids.append(token)
        self.pending += 1
        return self._take(final=False)

    def rest(self) -> str:
        """What was held back, at the end."""
        return self._take(final=True)

    def _take(self, *, final: bool) -> str:
        before = self._decode(self._ids[self._start : self._read])
        now = self._decode(self._ids[self._start :])
        if len(now) <= len(before) or (now.endswith("\ufffd") and not final):
            return ""
        self._start, self._read = self._read, len(self._ids)
        return now[len(before) :]

    def _decode(self, ids: list[int]) -> str:
        return str(
            self._tokenizer.decode(
                ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )


@dataclass(frozen=True, slots=True)
class Ends:
    """Tokens that end an answer, and the one to pad with."""

    tokens: tuple[int, ...]
    pad: int | None


def find_ends(model: Any, tokenizer: Any) -> Ends:
    """End tokens as the generation config and the tokenizer name them."""
    named = model.generation_config.eos_token_id
    tokens = list(named) if isinstance(named, (list, tuple)) else [named]
    tokens.append(tokenizer.eos_token_id)
    known = tuple(dict.fromkeys(int(token) for token in tokens if token is not None))
    pad = tokenizer.pad_token_id
    return Ends(known, pad if pad is not None else (known[0] if known else None))


def generation_config(settings: GenerationSettings, ends: Ends, max_new_tokens: int) -> Any:
    """A ``GenerationConfig`` for these settings. Temperature 0 is greedy."""
    from transformers import GenerationConfig

    sampled = settings.temperature > 0
    return GenerationConfig(
        do_sample=sampled,
        temperature=settings.temperature if sampled else 1.0,
        top_p=settings.top_p if sampled else 1.0,
        top_k=0 if sampled else 50,
        max_new_tokens=max_new_tokens,
        eos_token_id=list(ends.tokens) or None,
        pad_token_id=ends.pad,
        use_cache=True,
    )


def stream(
    model: Any,
    tokenizer: Any,
    inputs: Mapping[str, Any],
    config: Any,
    *,
    seed: int,
    stop: threading.Event,
) -> Iterator[Chunk]:
    """Generate in a thread and yield text as it becomes certain.

    The last chunk carries ``finish``. Whatever ``generate`` raised is raised here. Closing the
    iterator ends the thread.
    """
    items: queue.Queue[int | _Ended] = queue.Queue()
    halt = threading.Event()

    def wanted() -> bool:
        return not (halt.is_set() or stop.is_set())

    thread = threading.Thread(
        target=_generate,
        args=(model, inputs, config, seed, items, wanted),
        name="slava-generate",
        daemon=True,
    )
    thread.start()
    try:
        yield from _read(items, Detokenizer(tokenizer), set(_ends_of(config)), stop)
    finally:
        halt.set()
        thread.join()


def _ends_of(config: Any) -> list[int]:
    return list(config.eos_token_id or [])


def _read(
    items: queue.Queue[int | _Ended], text: Detokenizer, ends: set[int], stop: threading.Event
) -> Iterator[Chunk]:
    finish: Finish = "length"
    while True:
        item = items.get()
        if isinstance(item, _Ended):
            if item.error is not None and not isinstance(item.error, _Halted):
                raise item.error
            break
        if stop.is_set():
            break
        piece = text.add(item)
        finish = "end" if item in ends else "length"
        if piece:
            yield Chunk(piece, text.pending)
            text.pending = 0
    finish = "stopped" if stop.is_set() and finish != "end" else finish
    yield Chunk(text.rest(), text.pending, finish)


def _generate(
    model: Any,
    inputs: Mapping[str, Any],
    config: Any,
    seed: int,
    items: queue.Queue[int | _Ended],
    wanted: Any,
) -> None:
    import torch

    def is_unwanted(input_ids: Any, *_: Any, **__: Any) -> Any:
        done = not wanted()
        return torch.full((input_ids.shape[0],), done, dtype=torch.bool, device=input_ids.device)

    error: BaseException | None = None
    try:
        with torch.inference_mode(), _own_seed(torch, seed), interruptible(model, wanted):
            model.generate(
                **inputs,
                generation_config=config,
                streamer=_TokenQueue(items),
                stopping_criteria=[is_unwanted],
            )
    except BaseException as caught:
        error = caught
    items.put(_Ended(error))


@contextmanager
def _own_seed(torch: Any, seed: int) -> Iterator[None]:
    """Draw from ``seed`` and leave everybody else's random numbers as they were."""
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def interruptible(model: Any, wanted: Any) -> Iterator[None]:
    """Let a forward pass be given up between two layers once ``wanted()`` is false."""
    from torch.nn import ModuleList

    def check(*_: Any) -> None:
        if not wanted():
            raise _Halted

    layers = [layer for m in model.modules() if isinstance(m, ModuleList) for layer in m]
    handles = [layer.register_forward_pre_hook(check) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
