"""An endpoint as it should be: what is sent, what comes back, what a stop does."""

from __future__ import annotations

import base64
import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from slava.errors import ModelError
from slava.vlm.backbone import Backbone, GenerationSettings, View
from slava.vlm.endpoint_backbone import EndpointBackbone
from slava.vlm.endpoint_client import EndpointClient
from tests.vlm.fake_endpoint import SETTINGS, TALK, FakeEndpoint


def test_the_only_model_is_picked(served: EndpointBackbone, fake: FakeEndpoint) -> None:
    report = served.report()
    assert isinstance(served, Backbone)
    assert report.id == f"{fake.url}#tiny-vlm"
    assert (report.kind, report.name, report.notice) == ("endpoint", "tiny-vlm", "")
    assert report.can_score


def test_an_answer_streams(served: EndpointBackbone, fake: FakeEndpoint, views: list[View]) -> None:
    chunks = list(served.stream(TALK, views, SETTINGS))
    assert [chunk.text for chunk in chunks] == [*fake.words, ""]
    assert chunks[-1].finish == "end"
    sent = fake.requests[-1]
    assert (sent["model"], sent["stream"], sent["max_tokens"]) == ("tiny-vlm", True, 32)
    assert (sent["temperature"], sent["seed"]) == (0.3, 7)


def test_an_answer_cut_by_the_limit_says_so(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    fake.finish_reason = "length"
    assert list(served.stream(TALK, views, SETTINGS))[-1].finish == "length"


def test_the_micrograph_arrives_as_the_same_pixels(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    list(served.stream(TALK, views, SETTINGS))
    system, user = fake.requests[-1]["messages"]
    assert system == {"role": "system", "content": "You look."}
    picture, text = user["content"]
    assert text == {"type": "text", "text": "What is this?"}
    head, data = picture["image_url"]["url"].split(",")
    assert head == "data:image/png;base64"
    decoded = np.array(Image.open(io.BytesIO(base64.b64decode(data))))
    np.testing.assert_array_equal(decoded, views[0].pixels)


def test_a_budget_sends_a_smaller_picture(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    budget = GenerationSettings(max_image_tokens=8)
    seen = served.seen(views[0], budget)
    assert seen.image_tokens is None
    assert seen.width_px * seen.height_px <= 8 * 28 * 28
    list(served.stream(TALK, views, budget))
    data = fake.requests[-1]["messages"][1]["content"][0]["image_url"]["url"].split(",")[1]
    sent = Image.open(io.BytesIO(base64.b64decode(data)))
    assert sent.size == (seen.width_px, seen.height_px)


def test_stop_ends_a_slow_answer_at_once(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    fake.seconds_per_word, fake.words = 0.1, ("word ",) * 100
    stop = threading.Event()
    chunks = []
    began = time.perf_counter()
    for chunk in served.stream(TALK, views, SETTINGS, stop):
        chunks.append(chunk)
        if len(chunks) == 2:
            stop.set()
    assert chunks[-1].finish == "stopped"
    assert len(chunks) <= 4
    assert time.perf_counter() - began < 8  # the whole answer would take ten
    assert fake.hung_up.wait(3), "the server is told that nobody listens any more"


def test_stop_ends_the_wait_for_a_silent_server(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    fake.fault = "silent"
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.perf_counter()
    chunks = list(served.stream(TALK, views, SETTINGS, stop))
    fake.hung_up.set()
    assert chunks[-1].finish == "stopped"
    assert time.perf_counter() - began < 15


def test_stop_ends_the_wait_for_a_server_that_still_reads_the_prompt(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    fake.seconds_before_headers = 20
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.perf_counter()
    chunks = list(served.stream(TALK, views, SETTINGS, stop))
    fake.hung_up.set()
    assert [chunk.finish for chunk in chunks] == ["stopped"]
    assert time.perf_counter() - began < 15


def test_another_machine_is_named_before_anything_is_sent(
    fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EndpointClient, "is_loopback", property(lambda self: False))
    backbone = EndpointBackbone(fake.url)
    notice = backbone.report().notice
    assert notice.startswith("Micrographs and questions leave this machine: they are sent to 127.")
    backbone.close()


def test_scores_are_the_log_probabilities_of_the_candidates_words(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    scores = served.score(TALK, views, ["tips", "porous sponge"])
    np.testing.assert_allclose(scores, [-4.0, -12.0])


def test_a_server_that_is_not_vllm_cannot_score(fake: FakeEndpoint, views: list[View]) -> None:
    fake.owned_by = "llamacpp"
    backbone = EndpointBackbone(fake.url)
    assert not backbone.report().can_score
    with pytest.raises(ModelError, match=r"cannot score answers: its server returns no log-prob"):
        backbone.score(TALK, views, ["tips"])
    backbone.close()
