"""The paper's own architecture, small enough for any machine, as a Hugging Face model.

    configuration.py   SlavaConfig
    vision.py          convolutional stem, ViT, attribute heads
    layers.py          attention with a cache, blocks
    towers.py          text encoder, image-grounded encoder (ITM), image-grounded decoder (LM)
    modeling.py        SlavaForConditionalGeneration: all of it, with ``generate``
    question_encoder.py  the frozen sentence encoder
    tokenization.py    marks, slots, traits and pieces
    processing.py      SlavaProcessor
    language/          what can be asked, and in which sentences it is answered

Importing this package imports neither torch nor transformers; :func:`register` does, and makes
``AutoModelForImageTextToText`` and the other Auto classes know the model type ``slava``.
"""

from __future__ import annotations


def register() -> None:
    """Make the Auto classes of transformers know sLAVA. Calling it again changes nothing."""
    from transformers import (
        AutoConfig,
        AutoImageProcessor,
        AutoModelForImageTextToText,
        AutoProcessor,
    )

    from slava.vlm.slava_model.configuration import SlavaConfig
    from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
    from slava.vlm.slava_model.processing import SlavaImageProcessor, SlavaProcessor

    AutoConfig.register(SlavaConfig.model_type, SlavaConfig, exist_ok=True)
    AutoModelForImageTextToText.register(SlavaConfig, SlavaForConditionalGeneration, exist_ok=True)
    AutoImageProcessor.register(SlavaConfig, SlavaImageProcessor, exist_ok=True)
    AutoProcessor.register(SlavaConfig, SlavaProcessor, exist_ok=True)
