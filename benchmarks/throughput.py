"""Tokens per second and first token of the app's stream, against a bare ``generate``.

Both answer the same question about the same micrograph with the same model object, in turn, in the
same run. The best of the rounds is compared, because whatever else runs on a machine only slows;
the processor time of both is told beside it. The small checkpoint is made here, with random
weights, so nothing is downloaded.

    python benchmarks/throughput.py
    python benchmarks/throughput.py --model /path/to/model --quantize nf4 --tokens 64
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slava.domain import Box
from slava.vlm.backbone import Backbone, GenerationSettings, Message, View
from slava.vlm.load import BUILTIN, quantization_of
from slava.vlm.transformers_backbone import TransformersBackbone

RESULT = Path(__file__).parent / "results" / "throughput.json"
LEAST_RATIO = 0.95
MOST_EXTRA_MS = 50.0
SMALL = "small"


@dataclass(frozen=True, slots=True)
class Timing:
    """One answer."""

    first_token_ms: float
    tokens_per_second: float
    """Of the tokens after the first."""
    tokens: int
    cpu_ms_per_token: float
    """Processor time of the whole answer, all threads, by token."""


def show() -> View:
    """A drawn micrograph of 768 x 1024 px."""
    rows, columns = np.mgrid[0:768, 0:1024]
    pixels = (127 + 110 * np.sin(rows / 17) * np.cos(columns / 23)).astype(np.uint8)
    return View(pixels, Box(0, 0, 1024, 768))


def make_small(folder: Path) -> Path:
    """A Qwen2.5-VL of about 60 million random parameters."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    from tests.vlm import vlm_checkpoints

    vlm_checkpoints.make_qwen(folder)
    config = Qwen2_5_VLConfig.from_pretrained(folder)
    text = config.text_config
    text.hidden_size, text.intermediate_size, text.num_hidden_layers = 640, 2560, 10
    text.num_attention_heads, text.num_key_value_heads = 10, 2
    text.layer_types = ["full_attention"] * text.num_hidden_layers
    text.rope_parameters = {**text.rope_parameters, "mrope_section": [8, 12, 12]}
    config.vision_config.out_hidden_size = text.hidden_size
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    return folder


def timed(
    stamps: Sequence[float], counts: Sequence[int], began: float, cpu_seconds: float
) -> Timing:
    """From the moments at which so many tokens came."""
    tokens = sum(counts)
    elapsed = stamps[-1] - stamps[0]
    speed = (tokens - counts[0]) / elapsed if elapsed > 0 else float("nan")
    return Timing((stamps[0] - began) * 1e3, speed, tokens, cpu_seconds * 1e3 / tokens)


class Clock:
    """A streamer that only notes when tokens come."""

    def __init__(self) -> None:
        self.stamps: list[float] = []
        self._prompt_seen = False

    def put(self, _: Any) -> None:
        if self._prompt_seen:
            self.stamps.append(time.perf_counter())
        self._prompt_seen = True

    def end(self) -> None:
        """Nothing is left to do."""


def run_bare(
    backbone: TransformersBackbone, messages: list[Message], view: View, tokens: int
) -> Timing:
    """The processor and one plain call of ``generate``."""
    import torch

    prompter, clock = backbone._prompter, Clock()
    began, cpu = time.perf_counter(), time.process_time()
    prompt = prompter.prepare(messages, [view], GenerationSettings(max_new_tokens=tokens))
    inputs = {k: v.to(backbone._device) for k, v in prompt.inputs.items()}
    inputs["pixel_values"] = inputs["pixel_values"].to(backbone._model.dtype)
    with torch.inference_mode():
        backbone._model.generate(**inputs, do_sample=False, max_new_tokens=tokens, streamer=clock)
    return timed(clock.stamps, [1] * len(clock.stamps), began, time.process_time() - cpu)


def run_stream(backbone: Backbone, messages: list[Message], view: View, tokens: int) -> Timing:
    """The same through the backbone, as the app reads it."""
    stamps, counts = [], []
    began, cpu = time.perf_counter(), time.process_time()
    settings = GenerationSettings(max_new_tokens=tokens)
    for chunk in backbone.stream(messages, [view], settings, threading.Event()):
        if chunk.tokens:
            stamps.append(time.perf_counter())
            counts.append(chunk.tokens)
    return timed(stamps, counts, began, time.process_time() - cpu)


def compare(run: Callable[..., Timing], bare: Callable[..., Timing], rounds: int) -> dict[str, Any]:
    """The best of ``rounds`` turns each, one after the other, and what the stream costs."""
    run(), bare()
    pairs = [(run(), bare()) for _ in range(rounds)]
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    fast, bare_fast = (max(t.tokens_per_second for t in side) for side in (ours, theirs))
    first, bare_first = (min(t.first_token_ms for t in side) for side in (ours, theirs))
    cpu, bare_cpu = (min(t.cpu_ms_per_token for t in side) for side in (ours, theirs))
    return {
        "tokens": ours[-1].tokens,
        "stream_tokens_per_second": round(fast, 1),
        "bare_tokens_per_second": round(bare_fast, 1),
        "speed_ratio": round(fast / bare_fast, 3),
        "stream_first_token_ms": round(first, 1),
        "bare_first_token_ms": round(bare_first, 1),
        "extra_first_token_ms": round(first - bare_first, 1),
        "stream_cpu_ms_per_token": round(cpu, 2),
        "bare_cpu_ms_per_token": round(bare_cpu, 2),
        "holds": fast / bare_fast >= LEAST_RATIO and first - bare_first <= MOST_EXTRA_MS,
    }


def run_bare_builtin(backbone: Any, question: str, view: View, tokens: int) -> Timing:
    """The built-in model's processor and one plain ``generate`` of at least so many tokens."""
    import torch

    clock = Clock()
    began, cpu = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        inputs = backbone._processor(view.pixels, question)
        backbone._model.generate(
            **inputs, do_sample=False, min_new_tokens=16, max_new_tokens=tokens, streamer=clock
        )
    stamps = clock.stamps
    return timed(stamps, [1] * len(stamps), began, time.process_time() - cpu)


def measure_builtin(quantize: str, tokens: int, rounds: int) -> dict[str, Any]:
    """The built-in model: its whole answer, with no picture remembered from a round before."""
    from slava.vlm.builtin_backbone import BuiltinBackbone

    backbone = BuiltinBackbone.load(quantization=quantization_of(quantize))
    question, view = "Describe this micrograph in detail.", show()
    messages = [Message("user", question, (0,))]

    def run() -> Timing:
        backbone._looks.clear()
        return run_stream(backbone, messages, view, tokens)

    result = compare(run, lambda: run_bare_builtin(backbone, question, view, tokens), rounds)
    report = backbone.report()
    backbone.close()
    about = {"model": report.id, "quantization": quantize, "device": report.device}
    return {**about, "parameters": report.parameters, **result}


def measure(reference: str, quantize: str, tokens: int, rounds: int) -> dict[str, Any]:
    """Load, compare, unload."""
    with tempfile.TemporaryDirectory() as scratch:
        path = make_small(Path(scratch)) if reference == SMALL else Path(reference)
        backbone = TransformersBackbone.load(path, quantization=quantization_of(quantize))
        messages = [Message("user", "Describe what you see.", (0,))]
        view = show()
        result = compare(
            lambda: run_stream(backbone, messages, view, tokens),
            lambda: run_bare(backbone, messages, view, tokens),
            rounds,
        )
        report = backbone.report()
        backbone.close()
    about = {"model": reference, "quantization": quantize, "device": report.device}
    return {**about, "parameters": report.parameters, **result}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model",
        action="append",
        help=f"{SMALL}, {BUILTIN} or a folder; may be repeated",
    )
    parser.add_argument("--quantize", default="none", help="none, int8 or nf4")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    results = {}
    for model in asked.model or (SMALL, BUILTIN):
        if model == BUILTIN:
            results[model] = measure_builtin(asked.quantize, asked.tokens, asked.rounds)
        else:
            results[model] = measure(model, asked.quantize, asked.tokens, asked.rounds)
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    result = {"machine": machine, "results": results}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
