"""What a DyA-MoQPE adapter keeps, costs and learns, beside LoRA.

    python benchmarks/adapter.py [--quick] [--only PART]

Writes docs/adapter-benchmark.json. Kinds are timed in turns within one run, in seconds of the
processor and not of the wall, so that what else the machine does falls on none of them. Only the
ratios are reported.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch  # noqa: TID253
from torch import nn  # noqa: TID253

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import adapter_toy as toy
from slava.adapters import (
    AdapterSettings,
    balance_loss,
    count_trainable,
    make_adapter,
    mixture_parameters,
    rank_for_step,
    set_classes,
    set_rank,
)
from slava.adapters.control import layers
from slava.adapters.distil import distil
from slava.adapters.saved import saved_bytes

OUT = Path(__file__).parents[1] / "docs" / "adapter-benchmark.json"
KINDS = ("lora", "lora_fa", "dya_moqpe")
D, TOKENS = 1024, 512


class _Apart(torch.autograd.Function):
    """A copy, so that a layer's input is an activation and not a leaf."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        return gradient


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.q_proj = nn.Linear(D, D, bias=False).requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.q_proj(_Apart.apply(x))
        return out


def timed(jobs: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median processor seconds of each job, taken in turns."""
    for job in jobs.values():
        job()
        job()
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.process_time()
            job()
            taken[name].append(time.process_time() - start)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def waken(model: nn.Module) -> Any:
    for name, parameter in model.named_parameters():
        if "dya_moqpe_B" in name or "lora_B" in name:
            nn.init.normal_(parameter.data, std=0.02)
    return model


def one_layer(rounds: int) -> dict[str, Any]:
    """A layer at d = 1024, 512 tokens, 32 bits."""
    found: dict[str, Any] = {}
    x = torch.randn(4, TOKENS // 4, D)
    for dropout in (0.0, 0.05):
        nets = {
            kind: waken(
                make_adapter(_Net(), AdapterSettings(kind=kind, dropout=dropout, targets="q_proj"))
            ).train()
            for kind in KINDS
        }
        kept, jobs = {}, {}
        for kind, net in nets.items():
            kept[kind] = saved_bytes([net(x.clone().requires_grad_())], net)
            jobs[kind] = _step(net, x)
        seconds = timed(jobs, rounds)
        found[f"dropout {dropout}"] = {
            "saved_of_lora": {k: round(v / kept["lora"], 4) for k, v in kept.items()},
            "step_of_lora": {k: round(v / seconds["lora"], 3) for k, v in seconds.items()},
        }
    return found


def _step(net: Any, x: torch.Tensor) -> Callable[[], None]:
    def step() -> None:
        net.zero_grad()
        y = net(x.clone().requires_grad_())
        y.backward(torch.ones_like(y))

    return step


def language_model() -> Any:
    """Four layers of width 256."""
    from transformers import AutoModelForCausalLM, Qwen2Config

    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(
        Qwen2Config(
            hidden_size=256,
            intermediate_size=704,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=4,
            vocab_size=512,
            max_position_embeddings=512,
            tie_word_embeddings=False,
        )
    ).requires_grad_(False)


def whole_model(rounds: int) -> dict[str, Any]:
    """A language model of width 256: what adapters add to it."""
    found: dict[str, Any] = {}
    ids = torch.randint(0, 512, (4, 128))
    for dropout in (0.0, 0.05):
        kept, jobs, tokens = {}, {}, {}
        bare = language_model().train()
        shown = bare.get_input_embeddings()(ids).requires_grad_()
        alone = saved_bytes([bare(inputs_embeds=shown * 1).logits], bare)
        for kind in KINDS:
            settings = AdapterSettings(kind=kind, dropout=dropout)  # type: ignore[arg-type]
            net = waken(make_adapter(language_model(), settings)).train()
            kept[kind] = saved_bytes([net(inputs_embeds=shown * 1).logits], net) - alone
            jobs[kind] = _learning(net, ids)
            answering = waken(make_adapter(language_model(), settings)).eval()
            tokens[kind] = _token(answering)
        seconds, single = timed(jobs, rounds), timed(tokens, 5 * rounds)
        found[f"dropout {dropout}"] = {
            "saved_of_lora": {k: round(v / kept["lora"], 3) for k, v in kept.items()},
            "step_of_lora": {k: round(v / seconds["lora"], 3) for k, v in seconds.items()},
            "one_token_of_lora": {k: round(v / single["lora"], 3) for k, v in single.items()},
        }
    return found


def _learning(net: Any, ids: torch.Tensor) -> Callable[[], None]:
    def step() -> None:
        net.zero_grad()
        (net(input_ids=ids, labels=ids).loss + balance_loss(net)).backward()

    return step


def _token(net: Any) -> Callable[[], None]:
    first = torch.randint(0, 512, (1, 64))
    with torch.no_grad():
        cache = net(input_ids=first, use_cache=True).past_key_values

    def token() -> None:
        with torch.no_grad():
            net(input_ids=first[:, :1], past_key_values=cache, use_cache=True)
        cache.crop(-1)

    return token


def taught(weights: dict[str, Any], steps: int, dynamic: bool, **settings: Any) -> Any:
    """An adapter on the toy's base; ``dynamic``: a rank drawn every step."""
    model = toy.fresh()
    model.load_state_dict(weights)
    adapted = make_adapter(model, AdapterSettings(**settings)).train()
    torch.manual_seed(3)
    source = torch.Generator().manual_seed(3)
    free = [p for p in adapted.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(free, 3e-3)
    for step in range(steps):
        set_rank(adapted, rank_for_step(0, step) if dynamic else None)
        ids, answer, which = toy.draw(source, new=True)
        if settings.get("classes"):
            set_classes(adapted, [settings["classes"][int(k)] for k in which])
        optimizer.zero_grad()
        loss = toy.loss_of(adapted, ids, answer) + balance_loss(adapted)
        loss.backward()
        optimizer.step()
    return adapted


def at_ranks(model: Any, prepare: Any = None) -> dict[str, float]:
    found = {}
    for rank in (4, 6, 8, 12, 16):
        set_rank(model, rank)
        found[f"r{rank}"] = round(toy.accuracy(model, prepare), 3)
    set_rank(model, None)
    return found


def toy_task(steps: int) -> dict[str, Any]:
    """One training for all ranks; the control is trained at 16 only; then one plain LoRA of it."""
    found: dict[str, Any] = {"steps": steps}

    def tell(name: str, value: Any) -> None:
        found[name] = value
        print(f"toy, {name}: {value}", flush=True)

    weights = toy.taught_base()
    mixture = taught(weights, steps, True)
    tell("dynamic rank", at_ranks(mixture))
    tell("fixed rank 16, cut (control)", at_ranks(taught(weights, steps, False)))
    source = torch.Generator().manual_seed(11)
    batches = [_passes(source) for _ in range(64)]
    for polished in (0, 200):
        made = distil(mixture, batches[:56], batches[56:], steps=polished)
        tell(f"distilled, {polished} steps, agreement", round(made.agreement, 4))
    names = tuple(f"map {k}" for k in range(toy.MAPS))
    by_request = taught(weights, steps, True, classes=names)

    def prepare(which: torch.Tensor) -> None:
        set_classes(by_request, [names[int(k)] for k in which])

    tell("gates by request", at_ranks(by_request, prepare))
    paper = taught(weights, steps, True, scale_law="linear", alpha=1.0)
    tell("paper's 1/b", at_ranks(paper))
    for kind in ("lora", "lora_fa"):
        tell(f"{kind} r16", round(toy.accuracy(taught(weights, steps, False, kind=kind)), 3))
    return found


def _passes(source: torch.Generator) -> dict[str, torch.Tensor]:
    ids, answer, _ = toy.draw(source, new=True)
    whole = torch.cat([ids, answer[:, None]], 1)
    labels = torch.cat([torch.full_like(ids, -100), answer[:, None]], 1)
    return {"input_ids": whole, "labels": labels}


def parameters() -> dict[str, Any]:
    """The exact counts for q, k, v, o of a model of Llama-2-7B's shape."""
    widths = [4096] * 4 * 32
    ours, fa = mixture_parameters(widths, 4, 16, 4), sum(16 * w for w in widths)
    small = make_adapter(language_model(), AdapterSettings())
    shapes = [layer.out_features for _, layer in layers(small)]
    assert count_trainable(small) == mixture_parameters(shapes, 4, 16, 4)
    return {"dya_moqpe": ours, "lora": 2 * fa, "lora_fa": fa}


PARTS: dict[str, Callable[[bool], dict[str, Any]]] = {
    "layer": lambda quick: one_layer(5 if quick else 25),
    "model": lambda quick: whole_model(3 if quick else 9),
    "toy": lambda quick: toy_task(60 if quick else 700),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and steps, no file")
    parser.add_argument("--only", choices=PARTS, help="that part; the file keeps the others")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    for name in [chosen.only] if chosen.only else PARTS:
        load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
        found = {"load_at_start": load, **PARTS[name](chosen.quick)}
        print(name, json.dumps(found, indent=2), flush=True)
        if not chosen.quick:
            report = json.loads(OUT.read_text("utf-8")) if OUT.exists() else {}
            report["machine"] = f"{platform.machine()}, 1 thread, torch {torch.__version__}"
            report["llama_2_7b_parameters"] = parameters()
            report[name] = found
            OUT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
