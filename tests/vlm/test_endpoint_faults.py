"""Every way in which an endpoint goes wrong, and what is said then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slava.errors import BadSetting, EndpointFailed, ModelError
from slava.vlm.backbone import Chunk, Message, View
from slava.vlm.endpoint_backbone import EndpointBackbone
from tests.vlm.fake_endpoint import SETTINGS, TALK, FakeEndpoint, Fault


def received(stream: Iterator[Chunk]) -> tuple[str, Exception | None]:
    """What came, and what ended it."""
    text = ""
    try:
        for chunk in stream:
            text += chunk.text
    except EndpointFailed as error:
        return text, error
    return text, None


@pytest.mark.parametrize("fault", ["cut", "no_end"])
def test_an_endpoint_that_dies_mid_stream_keeps_what_came(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View], fault: Fault
) -> None:
    fake.fault = fault
    text, error = received(served.stream(TALK, views, SETTINGS))
    assert text == "Round particles"
    assert "broke off" in str(error)
    assert "What had come is kept; ask again" in str(error)
    fake.fault = ""
    assert received(served.stream(TALK, views, SETTINGS))[1] is None, "the app goes on"


def test_an_error_inside_the_stream_is_told(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    fake.fault = "error_event"
    text, error = received(served.stream(TALK, views, SETTINGS))
    assert text == "Round particles"
    assert str(error) == (
        "tiny-vlm at 127.0.0.1 broke off: CUDA out of memory. What had come is kept; ask again."
    )


def test_garbage_is_called_so(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    fake.fault = "garbage"
    _, error = received(served.stream(TALK, views, SETTINGS))
    assert str(error).startswith("127.0.0.1 sent something that is not the OpenAI protocol")


def test_a_connection_closed_before_an_answer_is_told(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View]
) -> None:
    fake.fault = "hang_up"
    text, error = received(served.stream(TALK, views, SETTINGS))
    assert text == ""
    assert "The connection to 127.0.0.1 broke off" in str(error)


def test_silence_is_given_up(fake: FakeEndpoint, views: list[View]) -> None:
    fake.fault = "silent"
    backbone = EndpointBackbone(fake.url, timeout=0.4)
    _, error = received(backbone.stream(TALK, views, SETTINGS))
    fake.hung_up.set()
    assert str(error).startswith("127.0.0.1 was silent too long.")
    backbone.close()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "answered 401 Unauthorized (as ordered). Give the server's API key."),
        (404, "answered 404 Not Found (as ordered). Check the URL, which often ends in /v1,"),
        (429, "answered 429 Too Many Requests (as ordered). The server is busy"),
        (500, "answered 500 Internal Server Error (as ordered). Look at the server's log."),
        (302, "answered 302 Found"),
    ],
)
def test_refusals_come_with_words(
    served: EndpointBackbone, fake: FakeEndpoint, views: list[View], status: int, words: str
) -> None:
    fake.status = status
    with pytest.raises(EndpointFailed) as caught:
        list(served.stream(TALK, views, SETTINGS))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(fake.requests) == 1, "nothing is retried in silence"


def test_nobody_listening_is_told() -> None:
    with pytest.raises(EndpointFailed, match=r"Nothing answers at http://127\.0\.0\.1:9/v1"):
        EndpointBackbone("http://127.0.0.1:9")


def test_a_key_is_sent_and_never_shown(fake: FakeEndpoint, views: list[View]) -> None:
    fake.api_key = "sk-secret"
    with pytest.raises(EndpointFailed, match=r"401 Unauthorized \(Incorrect API key: None\)\. "):
        EndpointBackbone(fake.url)
    backbone = EndpointBackbone(fake.url, api_key=" sk-secret\n")
    assert received(backbone.stream(TALK, views, SETTINGS))[1] is None
    assert set(fake.authorizations[1:]) == {"Bearer sk-secret"}
    assert "sk-secret" not in repr(backbone.report())
    backbone.close()


@pytest.mark.parametrize("key", ["sk-wrong", "k" * 300], ids=["short", "longer than a message"])
def test_a_refused_key_is_hidden_in_the_words_of_the_server(fake: FakeEndpoint, key: str) -> None:
    fake.api_key = "sk-secret"
    with pytest.raises(EndpointFailed) as caught:
        EndpointBackbone(fake.url, api_key=key)
    assert fake.authorizations == [f"Bearer {key}"]
    assert "(Incorrect API key: Bearer ***). Give the server's API key." in str(caught.value)
    assert key[:8] not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-\u00e4", "sk\nsecret"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(
    fake: FakeEndpoint, key: str
) -> None:
    with pytest.raises(BadSetting, match="The API key holds a character") as caught:
        EndpointBackbone(fake.url, api_key=key)
    assert "sk" not in str(caught.value)
    assert fake.authorizations == []


def test_several_models_ask_for_a_name(fake: FakeEndpoint) -> None:
    fake.models = ("one", "two")
    with pytest.raises(EndpointFailed, match=r"serves several models: one, two\. Name one: .*#one"):
        EndpointBackbone(fake.url)
    with pytest.raises(EndpointFailed, match=r"does not serve three\. It serves: one, two\."):
        EndpointBackbone(fake.url, "three")
    chosen = EndpointBackbone(fake.url, "two")
    assert chosen.report().name == "two"
    chosen.close()


def test_a_server_without_models_and_one_that_is_no_endpoint(fake: FakeEndpoint) -> None:
    fake.models = ()
    with pytest.raises(EndpointFailed, match="serves no model"):
        EndpointBackbone(fake.url)
    fake.fault = "bad_models"
    with pytest.raises(EndpointFailed, match="does not list models as the OpenAI protocol does"):
        EndpointBackbone(fake.url)


@pytest.mark.parametrize(
    "url", ["ftp://host/v1", "file:///etc/passwd", "127.0.0.1:8000", "http://"]
)
def test_only_http_urls(url: str) -> None:
    with pytest.raises(BadSetting, match="is not an http or https URL"):
        EndpointBackbone(url)


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadSetting) as caught:
        EndpointBackbone("http://me:secret@127.0.0.1:1/v1")
    assert "secret" not in str(caught.value)


def test_after_closing_it_says_so(fake: FakeEndpoint, views: list[View]) -> None:
    backbone = EndpointBackbone(fake.url)
    backbone.close()
    with pytest.raises(ModelError, match="has been closed"):
        list(backbone.stream(TALK, views, SETTINGS))


def test_a_micrograph_that_was_not_given_is_an_error(
    served: EndpointBackbone, views: list[View]
) -> None:
    with pytest.raises(ModelError, match="A message shows micrograph 5, but 2 were given"):
        list(served.stream([Message("user", "?", (5,))], views, SETTINGS))
