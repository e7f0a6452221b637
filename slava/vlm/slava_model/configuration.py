"""The shape of the built-in model and what it learnt about its own certainty."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

from slava.vlm.slava_model.vision import VisionConfig


class SlavaConfig(PretrainedConfig):
    """Configuration of :class:`~slava.vlm.slava_model.modeling.SlavaForConditionalGeneration`.

    Parameters
    ----------
    vision
        Fields of :class:`~slava.vlm.slava_model.vision.VisionConfig`.
    vocabularies
        What each vision head may say, ``{"category": ["biological", ...], ...}``.
    regressions
        Names of the vision heads' numbers, in order.
    width, heads, text_layers, encoder_layers, decoder_layers
        Shape of the three text towers.
    image_grid
        Patches are averaged to this many along each side before text attends to them.
    question_width
        Width of the frozen sentence encoder's token features.
    intents
        What the question router may answer, in the order of its outputs.
    certainty
        Fitted on held-out drawings: ``temperature``, ``sure_above``, ``novel_above``,
        ``intent_temperature``, ``intent_above``, ``defect_above``.
    """

    model_type = "slava"
    is_encoder_decoder = True

    def __init__(
        self,
        vision: dict[str, Any] | None = None,
        vocabularies: dict[str, list[str]] | None = None,
        regressions: list[str] | None = None,
        vocab_size: int = 2048,
        width: int = 192,
        heads: int = 6,
        text_layers: int = 1,
        encoder_layers: int = 2,
        decoder_layers: int = 4,
        image_grid: int = 7,
        question_width: int = 384,
        max_text: int = 192,
        dropout: float = 0.0,
        intents: list[str] | None = None,
        certainty: dict[str, float] | None = None,
        pad_token_id: int = 0,
        bos_token_id: int = 4,
        eos_token_id: int = 5,
        **kwargs: Any,
    ) -> None:
        self.vision = dict(vision or {})
        self.vocabularies = {k: list(v) for k, v in (vocabularies or {}).items()}
        self.regressions = list(regressions or [])
        self.vocab_size = vocab_size
        self.width, self.heads = width, heads
        self.text_layers = text_layers
        self.encoder_layers, self.decoder_layers = encoder_layers, decoder_layers
        self.num_hidden_layers = decoder_layers  # the name that the key-value cache asks for
        self.image_grid = image_grid
        self.question_width = question_width
        self.max_text = max_text
        self.dropout = dropout
        self.intents = list(intents or [])
        self.certainty = dict(certainty or {})
        kwargs.setdefault("decoder_start_token_id", bos_token_id)
        kwargs["is_encoder_decoder"] = True
        kwargs["tie_word_embeddings"] = False
        kwargs |= {
            "pad_token_id": pad_token_id,
            "bos_token_id": bos_token_id,
            "eos_token_id": eos_token_id,
        }
        super().__init__(**kwargs)

    @property
    def vision_config(self) -> VisionConfig:
        """``vision`` as the record that the encoder is built from."""
        fields = dict(self.vision)
        if "stem_widths" in fields:
            fields["stem_widths"] = tuple(fields["stem_widths"])
        return VisionConfig(**fields)

    @property
    def image_tokens(self) -> int:
        """How many tokens the text attends to per micrograph: the CLS and the averaged grid."""
        return 1 + self.image_grid**2
