"""Bodies of chat completions: whole, in parts, cut, refused, and none at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slava.teacher.envelope import open_envelope

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "refusal", "usage", "prompt_tokens"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def body(content: Any, finish: str = "stop", **more: Any) -> str:
    message = {"role": "assistant", "content": content, **more}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], "usage": usage})


@pytest.mark.parametrize(
    ("content", "words"),
    [("Pores.", "Pores."), ([{"type": "text", "text": "Po"}, {"text": "res."}], "Pores.")],
)
def test_words_come_out_whole(content: Any, words: str) -> None:
    opened = open_envelope(body(content))
    assert (opened.state, opened.words, opened.reason) == ("answered", words, "")
    assert opened.tokens == (7, 3)


def test_what_is_wrong_is_said_with_what_came() -> None:
    cut = open_envelope(body("Por", "length"))
    assert (cut.state, cut.words) == ("truncated", "Por")
    refused = open_envelope(body(None, refusal="No."), "judge")
    assert (refused.state, refused.reason) == ("refused", "the judge refused: No.")
    assert open_envelope(body(None, "content_filter")).state == "refused"
    assert open_envelope(body([{"image": 1}])).reason == "the answer is empty."
    assert open_envelope("<html>").words == "<html>"


@given(st.text(max_size=30) | JSON.map(json.dumps))
def test_any_body_is_taken(text: str) -> None:
    opened = open_envelope(text)
    assert (opened.state == "answered") is (not opened.reason)


@given(JSON)
def test_any_message_is_taken(message: Any) -> None:
    opened = open_envelope(json.dumps({"choices": [{"message": message}]}))
    assert opened.state in ("answered", "refused", "invalid")
