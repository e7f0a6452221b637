"""A model of a few thousand random weights, and the one in the package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch  # noqa: TID253

from slava.vlm.backbone import View
from slava.vlm.builtin_backbone import BuiltinBackbone
from slava.vlm.slava_model.configuration import SlavaConfig
from slava.vlm.slava_model.language.intents import NAMES
from slava.vlm.slava_model.language.traits import FLAGS, WORDS
from slava.vlm.slava_model.load import WEIGHTS
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
from slava.vlm.slava_model.processing import SlavaImageProcessor, SlavaProcessor
from tests.builtin.drawn import drawn_view
from training.builtin.assemble import make_processor


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def processor() -> SlavaProcessor:
    made = make_processor(64)
    return SlavaProcessor(SlavaImageProcessor({"height": 64, "width": 64}), made.tokenizer)


@pytest.fixture(scope="session")
def model(processor: SlavaProcessor) -> SlavaForConditionalGeneration:
    torch.manual_seed(0)
    vocabularies = {name: list(words) for name, words in WORDS.items()}
    config = SlavaConfig(
        vision={
            "size_px": 64,
            "patch_px": 8,
            "width": 32,
            "depth": 1,
            "heads": 2,
            "stem_widths": [8, 16],
        },
        vocabularies=vocabularies | {name: ["no", "yes"] for name in FLAGS},
        regressions=["log_diameter", "coverage", "log_count", "log_period", "pore_fraction"],
        vocab_size=len(processor.tokenizer),
        width=64,
        heads=2,
        decoder_layers=2,
        image_grid=4,
        intents=list(NAMES),
    )
    return SlavaForConditionalGeneration(config).eval().requires_grad_(False)


@pytest.fixture(scope="session")
def backbone() -> BuiltinBackbone:
    return BuiltinBackbone.load(weights=WEIGHTS)


@pytest.fixture
def view() -> View:
    return drawn_view("particles", 11)


@pytest.fixture
def folder(tmp_path: Path, model: SlavaForConditionalGeneration, processor: SlavaProcessor) -> Path:
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    return tmp_path
