"""What leaves: pixels and agreed words, nothing of the file."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from slava.domain import Box
from slava.errors import BadInput, BadSetting
from slava.packs import load_pack
from slava.teacher.consent import payload_hash
from slava.teacher.payload import Prepared, make_pictures, shown_body
from slava.teacher.picture import Sending, make_picture, sent_size
from slava.teacher.prices import load_prices
from slava.teacher.prompts import prompt_version
from tests.teacher.book import SECRET_NAME, Shelf, drawn

PRIVATE = ("Kowalczyk", "Zephyr", "TESCAN", "MIRA", "2024-05-06", ".tif", ".hdr", SECRET_NAME)


def bodies(shelf: Shelf, **wanted: object) -> list[dict]:
    plan = shelf.plan(**wanted)
    return [r.exact(make_pictures(r.ask, shelf.read, r.sending)) for r in plan.requests]


@pytest.mark.parametrize("format_", ["png", "jpeg"])
def test_no_file_name_and_no_metadata_leave(format_: str) -> None:
    shelf = Shelf()
    templates = ("vqa", "caption", "conversation")
    sent = bodies(shelf, templates=templates, sending=Sending(format=format_))
    text = json.dumps(sent, ensure_ascii=False)
    assert not [word for word in PRIVATE if word.lower() in text.lower()]
    for body in sent:
        url = body["messages"][1]["content"][0]["image_url"]["url"]
        content = base64.b64decode(url.split(",", 1)[1])
        assert not [word for word in PRIVATE if word.encode() in content]
        with Image.open(io.BytesIO(content)) as picture:
            assert not picture.getexif()
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            assert picture.size == (200, 140), "without the databar"
            assert picture.mode == "L"


def test_calibration_and_measured_facts_are_told_and_kept_as_told() -> None:
    request = Shelf().plan(aspects=("size",), sending=Sending(longest_px=100)).requests[0]
    text = request.body["messages"][1]["content"][1]["text"]
    assert "3.2 nm per pixel of the file (source: sidecar)" in text
    assert "reduced to 100 × 70 px; one of its pixels is 2 pixels of the file = 6.4 nm" in text
    assert "Mean particle diameter: 452 ± 31 nm (measured: watershed)." in text
    facts = request.drafting().facts
    assert all(fact in text for fact in facts)
    assert any("452 ± 31 nm" in fact for fact in facts)


def test_an_uncalibrated_micrograph_is_named_as_such() -> None:
    text = Shelf(calibration=None).plan(aspects=("size",)).requests[0].ask.text
    assert "not calibrated" in text
    assert "nm per pixel" not in text


def test_burnt_in_letters_are_greyed_out_and_that_is_said() -> None:
    micrograph, grey = drawn(letters=(Box(10, 10, 40, 30), Box(0, 145, 60, 155)))
    whole = micrograph.picture
    hidden = make_picture(micrograph, grey, whole, Sending())
    shown = make_picture(micrograph, grey, whole, Sending(hide_letters=False))
    assert np.unique(hidden.pixels[10:30, 10:40]).size == 1
    assert hidden.notes == ("1 places with burnt-in letters greyed out",)
    assert np.unique(shown.pixels[10:30, 10:40]).size > 50
    assert hidden.sha256 != shown.sha256


def test_a_picture_over_the_providers_limit_is_reduced_and_that_is_said() -> None:
    micrograph, grey = drawn()
    sending = Sending(largest_bytes=6_000)
    small = make_picture(micrograph, grey, micrograph.picture, sending)
    assert len(small.content) <= 6_000
    assert small.width_px < 200
    assert small.notes == (f"reduced to {small.width_px} px to stay below 0.006 MB",)


def test_sizes() -> None:
    assert sent_size(Box(0, 0, 4096, 3072), 1024) == (1024, 768)
    assert sent_size(Box(5, 5, 105, 55), 1024) == (100, 50)
    with pytest.raises(BadSetting, match=r"8 px is not in 64\.\.4096"):
        Sending(longest_px=8)


def test_what_is_shown_is_what_is_sent_but_for_the_pictures_bytes() -> None:
    shelf = Shelf()
    request = shelf.plan(aspects=("size",)).requests[0]
    shown, exact = (
        shown_body(request),
        request.exact(make_pictures(request.ask, shelf.read, request.sending)),
    )
    url = shown["messages"][1]["content"][0]["image_url"].pop("url")
    exact["messages"][1]["content"][0]["image_url"].pop("url")
    assert shown == exact
    assert f"{request.picture_bytes} bytes" in url
    assert "200 × 140" in url


def test_another_picture_than_the_one_shown_does_not_leave() -> None:
    shelf, other = Shelf(), Shelf(2)
    request = shelf.plan(aspects=("size",)).requests[0]
    wrong = list(other.known.values())[1]
    with pytest.raises(BadInput, match="another one than was agreed"):
        request.exact(make_pictures(request.ask, lambda _: wrong, request.sending))


def test_the_id_follows_micrograph_words_model_and_parameters_and_nothing_else() -> None:
    shelf = Shelf()
    one = shelf.plan(host="a.example").requests
    assert [r.id for r in one] == [r.id for r in shelf.plan(host="b.example").requests]
    smaller = shelf.plan(sending=Sending(longest_px=64)).requests
    assert not {r.id for r in one} & {r.id for r in smaller}
    assert len({r.id for r in one}) == 10
    assert payload_hash("a", one) != payload_hash("b", one)
    assert payload_hash("a", one) == payload_hash("a", one[::-1])
    assert payload_hash("a", one) != payload_hash("a", one[1:])


def test_a_request_survives_the_book() -> None:
    plan = Shelf(2).plan(templates=("vqa", "conversation"), aspects=("size",))
    for request in plan.requests:
        again = Prepared.from_json(request.id, request.to_json())
        assert again.to_json() == request.to_json()
        assert again.drafting() == request.drafting()
        assert again.ask.shots == request.ask.shots


def test_confidential_micrographs_are_refused_before_anything_is_read() -> None:
    shelf = Shelf(2, confidential=True)

    def never(_: object) -> object:
        raise AssertionError("it was read")

    shelf.read = never  # type: ignore[assignment, method-assign]
    with pytest.raises(BadInput, match="confidential, never sent to a teacher: Kowalczyk"):
        shelf.plan()


def test_the_prompt_version_changes_with_the_pack_and_the_template(tmp_path: object) -> None:
    glass, steel = load_pack("glass"), load_pack("steel_defects")
    versions = {prompt_version(p, t) for p in (glass, steel) for t in ("vqa", "caption")}
    assert len(versions) == 4
    assert prompt_version(glass, "vqa").startswith("glass@1/vqa/")


def test_glass_asks_for_a_simple_and_a_complex_pair() -> None:
    asks = [r.ask for r in Shelf().plan(pack=load_pack("glass")).requests]
    assert ["two pairs" in a.text for a in asks] == [False] + [True] * 6
    assert "Never write these: SEM" in asks[0].system


def test_a_comparison_shows_its_micrographs_in_order_and_heterogeneity_its_quarters() -> None:
    shelf = Shelf(3)
    ids = tuple(shelf.known)
    plan = shelf.plan(
        templates=(),
        groups=(("similar_across", ids), ("heterogeneity", ids[:1])),
    )
    across, parts = plan.requests
    assert across.ask.micrograph_ids == ids
    assert "Picture 3: Calibration" in across.ask.text
    assert [(s.crop.left, s.crop.top) for s in parts.ask.shots] == [
        (0, 0), (100, 0), (0, 70), (100, 70)
    ]  # fmt: skip
    assert len(parts.body["messages"][1]["content"]) == 5


def test_tokens_and_cost_are_upper_bounds() -> None:
    price = load_prices().of("gpt-4o-2024-11-20")
    assert price.picture_tokens(1024, 1024) == 85 + 4 * 170
    assert price.picture_tokens(512, 512) == 85 + 170
    assert load_prices().of("gpt-4o-mini-2024-07-18").row.name == "gpt-4o-mini"
    assert load_prices().of("gpt-4.1-mini").picture_tokens(1024, 1024) == 1659
    request = Shelf().plan(aspects=("size",)).requests[0]
    assert request.cost_usd == pytest.approx((request.tokens_read * 2.5 + 1200 * 10) / 1e6)
    assert request.likely_usd < request.cost_usd


def test_an_unknown_model_has_no_price_unless_it_is_on_this_machine() -> None:
    assert not load_prices().of("mystery").known
    assert load_prices().of("mystery", own_machine=True).free


def test_faults_of_the_users_price_table_are_named_at_once(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "prices.toml").write_text('[[models]]\nname = "x"\nread = -1\nwritten = "2"\n')
    with pytest.raises(BadSetting, match=r"models\.0\.read.*models\.0\.written"):
        load_prices(tmp_path)
