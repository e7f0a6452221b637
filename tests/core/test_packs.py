import pytest

from slava.errors import BadSetting
from slava.packs import load_pack


def test_the_nanomaterials_pack_has_the_ten_categories_and_the_ten_aspects() -> None:
    pack = load_pack("nanomaterials")
    assert pack.labels == (
        "biological",
        "fibres",
        "films_and_coated_surfaces",
        "mems_devices_and_electrodes",
        "nanowires",
        "particles",
        "patterned_surfaces",
        "porous_sponge",
        "powder",
        "tips",
    )
    assert len(pack.aspects) == 10
    assert all(a.question.endswith("?") for a in pack.aspects)


def test_an_unknown_class_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadSetting, match="'glass' is no class of nanomaterials; it has biological"):
        load_pack().class_of("glass")


def test_an_unknown_pack_is_refused() -> None:
    with pytest.raises(BadSetting, match="no pack 'moon'"):
        load_pack("moon")
