from pathlib import Path

import pytest

from slava.errors import BadSetting
from slava.packs import copy_pack, list_packs, load_pack

BAD = """id = "metal"
title = ""
version = "2"
picture = "film"
colour = 3
[length]
concise_most_words = 1
[[classes]]
label = "Big Grains"
title = "Big grains"
[[aspects]]
label = "size"
title = "Size"
question = "Tell the size."
[[aspects]]
label = "size"
title = "Size again"
question = "How large?"
"""


def test_the_packs_of_the_papers_are_there() -> None:
    packs = {p.id: p for p in list_packs()}
    assert sorted(packs) == ["corrosion", "glass", "nanomaterials", "steel_defects", "textures"]
    assert packs["corrosion"].labels == tuple(f"rating_{n}" for n in range(5, 10))
    assert len(packs["textures"].labels) == 10
    assert packs["steel_defects"].labels == (
        "crazing", "inclusion", "patches", "pitted_surface", "rolled_in_scale", "scratches"
    )  # fmt: skip
    assert {p.picture for p in packs.values() if p.id in ("textures", "corrosion")} == {
        "photograph"
    }


def test_glass_has_seven_kinds_of_question_and_all_but_the_general_one_are_complex_too() -> None:
    glass = load_pack("glass")
    assert len(glass.aspects) == 7
    assert [a.label for a in glass.aspects if not a.complex_question] == ["general"]
    assert "XRD" in glass.banned_abbreviations
    assert glass.length.detailed_fewest_sentences == 3


def test_everything_wrong_with_a_pack_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "steel.toml").write_text(BAD)
    with pytest.raises(BadSetting) as caught:
        load_pack("steel", tmp_path)
    assert str(caught.value).rstrip(".").split("; ") == [
        "packs/steel.toml: title must not be empty",
        "packs/steel.toml: version must be a whole number",
        "packs/steel.toml: picture 'film' must be 'electron micrograph' or 'photograph'",
        "packs/steel.toml: length.concise_most_words input should be greater than or equal to 5",
        "packs/steel.toml: classes[1].label 'Big Grains' must be lower-case letters, digits "
        "and _ (at most 64)",
        "packs/steel.toml: classes[1].phrase is missing",
        "packs/steel.toml: aspects[1].question 'Tell the size.' must end with a question mark",
        "packs/steel.toml: colour is no key of a pack",
        "packs/steel.toml: id 'metal' must be the file's name, 'steel'",
        "packs/steel.toml: aspects: 'size' stands there 2 times",
    ]


def test_all_bad_packs_of_a_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("id = ")
    (tmp_path / "b.toml").write_bytes(b"id = '\xff'")
    with pytest.raises(BadSetting, match=r"a\.toml: no TOML .*b\.toml: cannot"):
        list_packs(tmp_path)


def test_a_copy_of_the_user_stands_above_the_package(tmp_path: Path) -> None:
    copied = copy_pack("textures", tmp_path)
    copied.write_text(copied.read_text().replace("Textures (KTH-TIPS)", "Our textures", 1))
    assert load_pack("textures", tmp_path).title == "Our textures"
    assert load_pack("textures").title == "Textures (KTH-TIPS)"
    assert copy_pack("textures", tmp_path) == copied
    assert "Our textures" in copied.read_text()
    assert [p.title for p in list_packs(tmp_path) if p.id == "textures"] == ["Our textures"]


def test_unknown_aspects_are_all_named() -> None:
    with pytest.raises(BadSetting, match=r"'smell', 'taste': no aspect of textures; it has mat"):
        load_pack("textures").aspects_of(("smell", "touch", "taste"))


def test_a_pack_cannot_be_read_from_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text("id = 'secret'")
    (tmp_path / "packs").mkdir()
    with pytest.raises(BadSetting, match=r"no pack '\.\./secret'"):
        load_pack("../secret", tmp_path / "packs")
