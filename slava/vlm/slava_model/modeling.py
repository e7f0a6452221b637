"""sLAVA as a Hugging Face model: see, understand the question, match, and answer.

    pixel_values -> vision encoder -> tokens -+-> attribute heads
                                              |
    question, auxiliary text -> text encoder -+-> image-grounded encoder -> matched or not
                                              |            |
                                              +------------+-> image-grounded decoder -> answer

Source: sLAVA, section 1. It must not know prompts, intents, facts nor files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from transformers import (
    DynamicCache,
    EncoderDecoderCache,
    GenerationMixin,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

from slava.vlm.slava_model.configuration import SlavaConfig
from slava.vlm.slava_model.towers import (
    CLS,
    ENCODE,
    IMAGE,
    Embeddings,
    GroundedDecoder,
    GroundedEncoder,
    TextEncoder,
)
from slava.vlm.slava_model.vision import VisionEncoder, VisionHeads, pooled


class SlavaEncoder(nn.Module):
    """Everything before the decoder: micrograph and text in, one memory out."""

    main_input_name = "pixel_values"

    def __init__(self, config: SlavaConfig) -> None:
        super().__init__()
        self.config = config
        self.vision = VisionEncoder(config.vision_config)
        self.project = nn.Linear(config.vision_config.width, config.width)
        self.embeddings = Embeddings(config)
        self.text = TextEncoder(config)
        self.grounded = GroundedEncoder(config)

    def features(self, pixel_values: Tensor) -> Tensor:
        """Pictures (B, 1 or 3, S, S) in [-1, 1] to their features (B, 1 + N, D_v)."""
        grey = pixel_values.mean(1, keepdim=True) if pixel_values.shape[1] > 1 else pixel_values
        return self.vision(grey)

    def thin(self, features: Tensor) -> Tensor:
        """Average the patches to ``image_grid`` a side: (B, 1 + N, D_v) to (B, 1 + G², D_v)."""
        grid = self.config.image_grid
        n = features.shape[1] - 1
        if n == grid * grid:
            return features
        side = round(n**0.5)
        patches = features[:, 1:].transpose(1, 2).unflatten(2, (side, side))  # (B, D_v, S, S)
        small = F.adaptive_avg_pool2d(patches, grid).flatten(2).transpose(1, 2)  # (B, G², D_v)
        return torch.cat([features[:, :1], small], 1)

    def forward(
        self,
        pixel_values: Tensor | None = None,
        question_features: Tensor | None = None,
        question_mask: Tensor | None = None,
        auxiliary_ids: Tensor | None = None,
        image_features: Tensor | None = None,
        **_: Any,
    ) -> BaseModelOutput:
        """The memory (B, M, D) of image tokens, then of text tokens that have seen the image."""
        if image_features is None:
            if pixel_values is None:
                raise ValueError("give pixel_values or image_features")
            image_features = self.features(pixel_values)
        image = self.project(self.thin(image_features))  # (B, 1 + G², D)
        if question_features is None or auxiliary_ids is None:
            raise ValueError("give question_features and auxiliary_ids")
        x = self._words(image, question_features, auxiliary_ids)  # (B, L, D)
        mask = text_mask(question_features, question_mask, auxiliary_ids)  # (B, L)
        x = self.grounded(self.text(x, mask), mask, image)
        x = torch.cat([x[:, :1] + self._told(auxiliary_ids), x[:, 1:]], 1)
        return BaseModelOutput(last_hidden_state=torch.cat([image, x], 1))

    def _told(self, auxiliary_ids: Tensor) -> Tensor:
        """The bag of auxiliary words (B, 1, D), which joins the fused state of ``<Encode>``."""
        there = (auxiliary_ids != self.config.pad_token_id)[..., None]
        return (self.embeddings.input(auxiliary_ids) * there).sum(1, keepdim=True)

    def match(self, image_features: Tensor, ids: Tensor) -> Tensor:
        """Logit, shape (B,), that texts ``ids`` (B, L) describe the pictures."""
        image = self.project(self.thin(image_features))
        start = torch.full_like(ids[:, :1], ENCODE)
        ids = torch.cat([start, ids], 1)  # (B, 1 + L)
        mask = ids != self.config.pad_token_id
        x = self.embeddings(ids)
        fused = self.grounded(self.text(x, mask), mask, image)
        words = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)  # (B, D)
        return self.grounded.matched(fused[:, 0], words, image[:, 0] + image[:, 1:].mean(1))

    def _words(self, image: Tensor, question: Tensor, auxiliary_ids: Tensor) -> Tensor:
        """``<Encode> <cls> question <image> auxiliary`` as (B, 3 + Q + A, D)."""
        batch = auxiliary_ids.shape[0]
        special = torch.tensor([[ENCODE, CLS, IMAGE]], device=auxiliary_ids.device)
        marks = self.embeddings.input(special).expand(batch, -1, -1)  # (B, 3, D)
        asked = self.embeddings.question(question)  # (B, Q, D)
        told = self.embeddings(auxiliary_ids, self.config.max_text // 2)  # (B, A, D)
        here = marks[:, 2:] + image[:, :1]  # the CLS of the micrograph at <image>
        return torch.cat([marks[:, :2], asked, here, told], 1)


def text_mask(question: Tensor, question_mask: Tensor | None, auxiliary_ids: Tensor) -> Tensor:
    """Which of ``<Encode> <cls> question <image> auxiliary`` are there, (B, 3 + Q + A) bool."""
    if question_mask is None:
        question_mask = torch.ones(question.shape[:2], dtype=torch.bool, device=question.device)
    always = torch.ones_like(question_mask[:, :1], dtype=torch.bool)
    told = auxiliary_ids != 0
    return torch.cat([always, always, question_mask.bool(), always, told], 1)


class SlavaPreTrainedModel(PreTrainedModel):
    """Weights and loading."""

    config_class = SlavaConfig
    base_model_prefix = "slava"
    main_input_name = "pixel_values"
    _supports_sdpa = True

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.7 * module.in_features**-0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)


class Router(nn.Module):
    """Which kind of question it is, from the frozen sentence embedding (B, 384)."""

    def __init__(self, config: SlavaConfig) -> None:
        super().__init__()
        self.hidden = nn.Linear(config.question_width, 128)
        self.out = nn.Linear(128, max(len(config.intents), 1))
        self.drop = nn.Dropout(0.2)

    def forward(self, sentence: Tensor) -> Tensor:
        return self.out(self.drop(F.gelu(self.hidden(sentence))))


class SlavaForConditionalGeneration(SlavaPreTrainedModel, GenerationMixin):
    """Image-text to text, as ``generate`` knows it, with attribute heads beside it.

    ``class_means`` (10, 2 D_v) and ``precision`` (2 D_v, 2 D_v) say where drawings of each
    category lie among the features, and ``distance_quantiles`` (101,) how far from there drawings
    are, so that a picture unlike all of them can be told (Lee et al. 2018, arXiv:1807.03888).
    """

    class_means: Tensor
    precision: Tensor
    distance_quantiles: Tensor

    def __init__(self, config: SlavaConfig) -> None:
        super().__init__(config)
        self.encoder = SlavaEncoder(config)
        self.decoder = GroundedDecoder(config)
        width = config.vision_config.width
        sizes = {name: len(words) for name, words in config.vocabularies.items()}
        self.heads = VisionHeads(width, sizes or {"defect": 1}, len(config.regressions))
        self.router = Router(config)
        categories = max(len(config.vocabularies.get("category", ())), 1)
        self.register_buffer("class_means", torch.zeros(categories, 2 * width))
        self.register_buffer("precision", torch.eye(2 * width))
        self.register_buffer("distance_quantiles", torch.linspace(0, 1e6, 101))
        self.post_init()

    def get_encoder(self, modality: str | None = None) -> nn.Module:  # noqa: ARG002
        """The encoder that ``generate`` runs once per answer."""
        return self.encoder

    def get_input_embeddings(self) -> nn.Module:
        """The table of words that all towers share."""
        return self.encoder.embeddings.word

    def attributes(self, image_features: Tensor) -> dict[str, Tensor]:
        """What the heads say of features (B, 1 + N, D_v); see :class:`VisionHeads`."""
        return self.heads(image_features)

    def novelty(self, image_features: Tensor) -> Tensor:
        """Share (B,) of drawings that lie nearer to a category's mean than this picture does."""
        gap = pooled(image_features).float()[:, None] - self.class_means.float()  # (B, 10, 2 D)
        squared = torch.einsum("bcd,de,bce->bc", gap, self.precision.float(), gap)
        nearest = squared.clamp(min=0).sqrt().amin(1)  # (B,)
        place = torch.searchsorted(self.distance_quantiles.float(), nearest, right=True)
        return place.float() / len(self.distance_quantiles)

    def match(self, image_features: Tensor, ids: Tensor) -> Tensor:
        """Image-text matching logit (B,); see :meth:`SlavaEncoder.match`."""
        return self.encoder.match(image_features, ids)

    def forward(
        self,
        pixel_values: Tensor | None = None,
        question_features: Tensor | None = None,
        question_mask: Tensor | None = None,
        auxiliary_ids: Tensor | None = None,
        image_features: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        encoder_outputs: BaseModelOutput | tuple[Tensor] | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        **_: Any,
    ) -> Seq2SeqLMOutput:
        """Logits (B, L, vocabulary) of an answer, and the language-modelling loss of ``labels``.

        Parameters
        ----------
        pixel_values : (B, 1 or 3, S, S) in [-1, 1]; or ``image_features`` (B, 1 + N, D_v)
        question_features : (B, Q, 384), token features of the frozen sentence encoder
        question_mask : (B, Q), true where there is a token
        auxiliary_ids : (B, A), 0 where there is none
        decoder_input_ids : (B, L), beginning with ``<Decode>``
        labels : (B, L), -100 where nothing is learnt
        """
        if encoder_outputs is None:
            encoder_outputs = self.encoder(
                pixel_values, question_features, question_mask, auxiliary_ids, image_features
            )
        memory = encoder_outputs[0]  # (B, M, D)
        mask = self._memory_mask(memory, question_features, question_mask, auxiliary_ids)
        if decoder_input_ids is None:
            if labels is None:
                raise ValueError("give decoder_input_ids or labels")
            decoder_input_ids = shift_right(labels, self.config)
        cache = self._cache(past_key_values, use_cache)
        past = cache.get_seq_length() if cache is not None else 0
        hidden = self.decoder(self.encoder.embeddings(decoder_input_ids, past), memory, mask, cache)
        logits = self.encoder.embeddings.logits(hidden)
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten())
        return Seq2SeqLMOutput(
            loss=loss,
            logits=logits,
            past_key_values=cache,
            encoder_last_hidden_state=memory,
        )

    def _memory_mask(
        self,
        memory: Tensor,
        question: Tensor | None,
        question_mask: Tensor | None,
        auxiliary_ids: Tensor | None,
    ) -> Tensor | None:
        """(B, M) bool; none when nothing is padded."""
        if question is None or auxiliary_ids is None or len(memory) == 1:
            return None
        text = text_mask(question, question_mask, auxiliary_ids)  # (B, L)
        image = torch.ones(
            len(memory), self.config.image_tokens, dtype=torch.bool, device=memory.device
        )
        return torch.cat([image, text], 1)

    @staticmethod
    def _cache(
        past: EncoderDecoderCache | None, use_cache: bool | None
    ) -> EncoderDecoderCache | None:
        if past is None and use_cache:
            return new_cache()
        return past

    def prepare_inputs_for_generation(  # type: ignore[override]
        self,
        input_ids: Tensor,
        past_key_values: EncoderDecoderCache | None = None,
        encoder_outputs: BaseModelOutput | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """What one step of ``generate`` feeds: with a cache, the newest token only."""
        past = past_key_values.get_seq_length() if past_key_values is not None else 0
        names = ("question_features", "question_mask", "auxiliary_ids")
        return {
            "decoder_input_ids": input_ids[:, past:],
            "past_key_values": past_key_values,
            "encoder_outputs": encoder_outputs,
            "use_cache": use_cache,
            **{name: kwargs.get(name) for name in names},
        }

    @torch.no_grad()
    def write(
        self,
        memory: Tensor,
        choose: Callable[[Tensor, list[int]], int],
        max_new_tokens: int,
    ) -> Any:
        """Yield the ids of one answer, one by one: ``generate`` without its ceremony.

        ``choose`` takes the logits (vocabulary,) and the ids so far, and returns the next id.
        ``memory`` (1, M, D) is the encoder's output. ``<EOS>`` ends the answer and is not yielded;
        neither does an answer grow beyond the places that there are.
        """
        cache = new_cache()
        ids: list[int] = []
        last = self.config.decoder_start_token_id
        for step in range(min(max_new_tokens, self.config.max_text)):
            x = self.encoder.embeddings(torch.tensor([[last]], device=memory.device), step)
            hidden = self.decoder(x, memory, None, cache)
            last = choose(self.encoder.embeddings.logits(hidden)[0, -1], ids)
            if last == self.config.eos_token_id:
                return
            ids.append(last)
            yield last


def new_cache() -> EncoderDecoderCache:
    """An empty cache for one batch of answers."""
    return EncoderDecoderCache(DynamicCache(), DynamicCache())


def shift_right(labels: Tensor, config: PreTrainedConfig) -> Tensor:
    """Decoder input for ``labels`` (B, L): ``<Decode>`` first, the last one dropped."""
    start = torch.full_like(labels[:, :1], config.bos_token_id)
    shifted = torch.cat([start, labels[:, :-1]], 1)
    return shifted.masked_fill(shifted == -100, config.pad_token_id)
