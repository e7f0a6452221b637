"""The table of recommended models: complete, plausible, and refused as a whole when it is not."""

from __future__ import annotations

import json

import pytest

from slava.errors import BadSetting
from slava.vlm.catalogue import find_recommended, list_models, parse_catalogue

GOOD = """
[[model]]
reference = "owner/name"
family = "F"
parameters = 1000
quantizable = 800
download_gb = 2.0
licence = "MIT"
pictures = "one"
note = "n"
"""


def test_small_to_large_and_every_family_current() -> None:
    models = list_models()
    assert [m.parameters for m in models] == sorted(m.parameters for m in models)
    families = {m.family.split(" (")[0] for m in models}
    assert {"SmolVLM", "SmolVLM2", "Qwen2.5-VL", "Qwen3-VL", "LLaVA-OneVision"} <= families
    assert {"Gemma 3", "InternVL3", "Pixtral"} <= families
    assert models[0].memory_gb("none") < 1.5, "one that any laptop can run"


def test_memory_shrinks_with_quantization() -> None:
    for model in list_models():
        assert model.memory_gb("none") > model.memory_gb("int8") >= model.memory_gb("nf4")
        assert model.memory_gb("none") >= model.parameters * 2 / 1000


def test_records_are_plain_json() -> None:
    for model in list_models():
        record = json.loads(json.dumps(model.to_record()))
        assert set(record["memory_gb"]) == {"none", "int8", "nf4"}
        assert record["licence"]


def test_an_entry_is_found_by_its_id() -> None:
    first = list_models()[0]
    assert find_recommended(first.reference) == first
    assert find_recommended("owner/unknown") is None


def test_everything_wrong_is_said_at_once() -> None:
    text = GOOD.replace("quantizable = 800", "quantizable = 2000").replace('"one"', '"many"')
    text += GOOD.replace('licence = "MIT"', "").replace("owner/name", "owner/other")
    with pytest.raises(BadSetting) as caught:
        parse_catalogue(text)
    assert str(caught.value) == (
        "The catalogue is wrong. owner/name: pictures is 'many', not one or several; "
        "owner/name: quantizable is not between 0 and parameters; owner/other: no licence."
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("owner/name", "no id at all", "reference is not owner/name"),
        ("parameters = 1000", 'parameters = "1B"', "parameters is '1B'"),
        ("download_gb = 2.0", "download_gb = 20.0", "download_gb does not go with parameters"),
        ('note = "n"', 'note = "n"\nsize = 3', "unknown field size"),
        ("[[model]]", "[[model]", "is not TOML"),
    ],
)
def test_a_wrong_entry_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        parse_catalogue(GOOD.replace(old, new, 1))


def test_a_model_listed_twice_is_refused() -> None:
    with pytest.raises(BadSetting, match="owner/name: listed twice"):
        parse_catalogue(GOOD + GOOD)
