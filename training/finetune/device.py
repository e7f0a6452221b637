"""Where it is computed: device, precision, memory, and one process or several.

Several GPUs: ``accelerate launch -m training RUN_DIR``. Each process takes its share of a batch and
gradients are summed, so that the batch stays what the config says. (Written, not tried on GPUs.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil
import torch
from torch import nn

from training.finetune.config import TrainConfig


class Device:
    """The device of this process."""

    def __init__(self, config: TrainConfig) -> None:
        from accelerate import PartialState

        wanted = config.device
        self._state: Any = PartialState(cpu=wanted == "cpu" or not torch.cuda.is_available())
        self.kind = str(self._state.device.type)
        self.name = wanted or self.kind
        if config.threads:
            torch.set_num_threads(config.threads)
        half = self.kind == "cuda" and torch.cuda.is_bf16_supported()
        self._half = config.precision == "bf16" or (config.precision == "auto" and half)
        self._process = psutil.Process()
        self._peak = 0

    @property
    def first(self) -> bool:
        """Whether this process writes."""
        return bool(self._state.is_main_process)

    @property
    def processes(self) -> int:
        return int(self._state.num_processes)

    def micro_batch(self, config: TrainConfig) -> int:
        """How many examples are computed at once unless the config says."""
        if config.of_builtin:
            return config.batch
        return min(config.batch, 4 if self.kind == "cuda" else 2)

    def share(self, rows: Sequence[int]) -> tuple[int, ...]:
        """This process's part of a batch."""
        return tuple(rows[self._state.process_index :: self.processes])

    def total(self, value: Any) -> Any:
        """A number summed over all processes."""
        if self.processes == 1:
            return value
        from accelerate.utils import reduce

        told = torch.tensor(float(value), dtype=torch.float64, device=self._state.device)
        summed = float(reduce(told, "sum"))
        return int(summed) if isinstance(value, int) else summed

    def gather(self, parameters: Iterable[nn.Parameter]) -> None:
        """Sum gradients over all processes."""
        if self.processes == 1:
            return
        from accelerate.utils import reduce

        for parameter in parameters:
            own = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            parameter.grad = reduce(own, "sum")

    @contextmanager
    def precision(self) -> Iterator[None]:
        """Within the block, half precision where it is used."""
        with torch.autocast(self.kind, torch.bfloat16, enabled=self._half):
            yield

    def empty(self) -> None:
        """Give freed memory back."""
        if self.kind == "cuda":
            torch.cuda.empty_cache()

    def peak_bytes(self) -> int:
        """Most memory that was taken so far: of the GPU, else of this process."""
        if self.kind == "cuda":
            return int(torch.cuda.max_memory_allocated())
        self._peak = max(self._peak, int(self._process.memory_info().rss), _highest_bytes())
        return self._peak


def _highest_bytes() -> int:
    """The process's own high-water mark, where the system keeps one."""
    try:
        import resource
        import sys

        unit = 1 if sys.platform == "darwin" else 1024
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit
    except ImportError:
        return 0


def halved(micro_batch: int) -> int:
    """The next smaller micro-batch."""
    return max(1, math.ceil(micro_batch / 2))
