"""From a micrograph and a question to tensors, and from ids back to words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from transformers import BaseImageProcessor, BatchFeature, ProcessorMixin

from slava.vlm.slava_model.question_encoder import question_encoder


class SlavaImageProcessor(BaseImageProcessor):
    """Grey levels, 224 x 224 by area, mean and standard deviation 0.5 (values in [-1, 1])."""

    model_input_names = ["pixel_values"]  # noqa: RUF012

    def __init__(
        self,
        size: dict[str, int] | None = None,
        image_mean: Sequence[float] = (0.5,),
        image_std: Sequence[float] = (0.5,),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = dict(size or {"height": 224, "width": 224})
        self.image_mean, self.image_std = list(image_mean), list(image_std)

    def preprocess(self, images: Any, **_: Any) -> BatchFeature:
        """``images``: one or several arrays (H, W) or (H, W, 3), 0..255, or Pillow pictures."""
        listed = images if isinstance(images, list | tuple) else [images]
        return BatchFeature({"pixel_values": torch.cat([self._one(image) for image in listed])})

    def _one(self, image: Any) -> Tensor:
        array = np.asarray(image)
        if array.ndim == 3:
            array = array[..., :3].mean(-1)
        if array.ndim != 2 or 0 in array.shape:
            raise ValueError(f"a picture of shape {np.shape(image)} has no grey levels")
        x = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))[None, None] / 255
        wanted = (self.size["height"], self.size["width"])
        x = F.interpolate(x, wanted, mode="bilinear", antialias=True, align_corners=False)
        return (x - self.image_mean[0]) / self.image_std[0]  # (1, 1, S, S)


class SlavaProcessor(ProcessorMixin):
    """Pictures, questions and auxiliary text for :class:`SlavaForConditionalGeneration`."""

    def __init__(self, image_processor: Any = None, tokenizer: Any = None, **kwargs: Any) -> None:
        super().__init__(image_processor, tokenizer, **kwargs)

    def __call__(
        self,
        images: Any = None,
        text: str | Sequence[str] | None = None,
        auxiliary: str | Sequence[str] = "",
        **_: Any,
    ) -> BatchFeature:
        """Tensors for ``generate``.

        Parameters
        ----------
        images
            See :meth:`SlavaImageProcessor.preprocess`.
        text
            Questions, one per picture, in plain words.
        auxiliary
            What else is told, one text per question: trait, slot and control tokens, or words.
        """
        data: dict[str, Tensor] = {}
        if images is not None:
            data |= self.image_processor(images)
        if text is not None:
            questions = [text] if isinstance(text, str) else list(text)
            read = question_encoder().read(questions)
            told = [auxiliary] * len(questions) if isinstance(auxiliary, str) else auxiliary
            data |= {
                "question_features": read.features,
                "question_mask": read.mask,
                "auxiliary_ids": self.ids(told),
            }
        return BatchFeature(data)

    def ids(self, texts: Sequence[str]) -> Tensor:
        """Token ids of ``texts``, padded with 0 at the right: (B, L), L at least 1."""
        listed = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        longest = max(1, *map(len, listed))
        return torch.tensor([ids + [0] * (longest - len(ids)) for ids in listed])

    @property
    def model_input_names(self) -> list[str]:
        """What a model may be given."""
        return ["pixel_values", "question_features", "question_mask", "auxiliary_ids"]
