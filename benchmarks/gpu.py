"""Peak memory and step time of DyA-MoQPE on a GPU, beside QLoRA on the same base in the same run.

    python benchmarks/gpu.py [--width 2048 --layers 16 --tokens 2048]
    python benchmarks/gpu.py --rehearse      # a tiny model on the CPU, writes nothing

The base is a language model of random weights in nf4, made on the spot: costs do not depend on
what a model has learnt. Writes benchmarks/results/gpu-<device>.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch  # noqa: TID253

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from slava.adapters import AdapterSettings, balance_loss, count_trainable, make_adapter, set_rank

RESULTS = Path(__file__).parent / "results"
KINDS = ("lora", "lora_fa", "dya_moqpe")
ROUNDS, WARM = 12, 3
VOCABULARY = 8192


def write_base(folder: Path, width: int, layers: int) -> None:
    """A checkpoint of random weights."""
    from transformers import AutoModelForCausalLM, Qwen2Config

    torch.manual_seed(0)
    heads = max(2, width // 128)
    config = Qwen2Config(
        hidden_size=width,
        intermediate_size=width * 11 // 4,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        vocab_size=VOCABULARY,
        tie_word_embeddings=False,
    )
    AutoModelForCausalLM.from_config(config).to(torch.bfloat16).save_pretrained(folder)


def open_base(folder: Path, device: str) -> Any:
    """The checkpoint in nf4."""
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    how = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )
    return AutoModelForCausalLM.from_pretrained(
        folder, quantization_config=how, dtype=torch.bfloat16, device_map={"": device}
    ).requires_grad_(False)


def cost_of(kind: Any, folder: Path, device: str, tokens: int) -> dict[str, float]:
    """Peak memory of a step beyond the base, bytes, and its median time, seconds."""
    base = open_base(folder, device)
    held = torch.cuda.memory_allocated() if device == "cuda" else 0
    net = make_adapter(base, AdapterSettings(kind=kind)).train()
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 1e-3)
    ids = torch.randint(0, VOCABULARY, (1, tokens), device=device)
    if kind == "dya_moqpe":
        set_rank(net, 16)
    taken: list[float] = []
    for turn in range(ROUNDS):
        if device == "cuda":
            torch.cuda.synchronize()
            if turn == WARM:
                torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        loss = net(input_ids=ids, labels=ids).loss
        if kind == "dya_moqpe":
            loss = loss + balance_loss(net)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - began)
    peak = torch.cuda.max_memory_allocated() - held if device == "cuda" else 0
    found = {
        "peak_bytes_beyond_base": peak,
        "step_s": statistics.median(taken[WARM:]),
        "trainable": count_trainable(net),
    }
    del net, base, optimizer
    if device == "cuda":
        torch.cuda.empty_cache()
    return found


def main() -> None:
    """The command line."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    ask.add_argument("--width", type=int, default=2048)
    ask.add_argument("--layers", type=int, default=16)
    ask.add_argument("--tokens", type=int, default=2048)
    ask.add_argument("--rehearse", action="store_true")
    told = ask.parse_args()
    device = "cpu" if told.rehearse else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("This benchmark needs a CUDA device; --rehearse tries it without one.")
    width, layers, tokens = (
        (128, 2, 64) if told.rehearse else (told.width, told.layers, told.tokens)
    )
    with tempfile.TemporaryDirectory(prefix="slava-gpu-") as at:
        write_base(Path(at), width, layers)
        costs = {kind: cost_of(kind, Path(at), device, tokens) for kind in KINDS}
    qlora = costs["lora"]
    ratios = {
        kind: {
            name: round(cost[name] / qlora[name], 3) if qlora[name] else None
            for name in ("peak_bytes_beyond_base", "step_s")
        }
        for kind, cost in costs.items()
    }
    name = torch.cuda.get_device_name() if device == "cuda" else f"CPU {platform.machine()}"
    result = {
        "device": name,
        "base": {"width": width, "layers": layers, "tokens": tokens, "quantization": "nf4"},
        "costs": costs,
        "of_qlora": ratios,
        "torch": torch.__version__,
    }
    print(json.dumps(result, indent=2))
    if device == "cuda":
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"gpu-{slug}.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
