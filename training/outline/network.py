"""The network that sees where objects end: a small U-Net over grey values.

It is trained here; the product runs it without torch, from the file that :func:`export_network`
writes. It knows pixels only: neither calibration nor what the objects are.

Source of the architecture: Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

WIDTHS = (24, 40, 64, 96, 128)
"""Channels at each level; the first works at half the resolution of the picture."""

STRIDE = 2 ** len(WIDTHS)
"""Both sides of the input are multiples of this."""


class OutlineNet(nn.Module):
    """Grey values (B, 1, H, W) to logits of ``object`` and ``depth``, (B, 2, H, W).

    ``depth`` is the distance to an object's own edge, 1 at its deepest point and 0 outside.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        inputs = (4, *widths[:-1])
        self.down = nn.ModuleList(
            _twice(before, after) for before, after in zip(inputs, widths, strict=True)
        )
        self.up = nn.ModuleList(
            _twice(widths[k] + widths[k - 1], widths[k - 1]) for k in range(len(widths) - 1, 0, -1)
        )
        self.out = nn.Conv2d(widths[0], 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pixel_unshuffle(x, 2)
        seen: list[Tensor] = []
        for k, block in enumerate(self.down):
            x = block(x if k == 0 else F.max_pool2d(x, 2))
            seen.append(x)
        for block, skip in zip(self.up, reversed(seen[:-1]), strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skip], 1))
        return F.pixel_shuffle(self.out(x), 2)


def _twice(before: int, after: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, each normed over the batch."""
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [nn.Conv2d(channels, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)]
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def export_network(weights: Path, output: Path) -> Path:
    """Write trained weights (safetensors) as the ONNX file that the product runs; its path.

    Input ``grey`` (1, 1, H, W) float32, output ``said`` (1, 2, H, W), both sides multiples of
    :data:`STRIDE`.
    """
    from safetensors.torch import load_file

    network = OutlineNet().eval()
    network.load_state_dict({k: v.float() for k, v in load_file(weights).items()}, strict=False)
    output.parent.mkdir(parents=True, exist_ok=True)
    any_size = {2: "height", 3: "width"}
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the writer of plain graphs is called legacy
        torch.onnx.export(
            network,
            (torch.zeros(1, 1, 2 * STRIDE, 3 * STRIDE),),
            output,
            dynamo=False,
            opset_version=17,
            input_names=["grey"],
            output_names=["said"],
            dynamic_axes={"grey": any_size, "said": any_size},
        )
    return output
