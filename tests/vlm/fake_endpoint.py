"""A real HTTP server that speaks the OpenAI protocol, with faults to order.

Used by tests in place of vLLM, llama.cpp and the like. Its "model" answers with the words it was
given; its log-probabilities are minus the number of letters of a word.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from slava.vlm.backbone import GenerationSettings, Message
from tests.vlm.local_server import QuietHandler, serving

Fault = Literal[
    "", "cut", "no_end", "garbage", "error_event", "silent", "html", "hang_up", "bad_models"
]

SETTINGS = GenerationSettings(max_new_tokens=32, temperature=0.3, seed=7)
TALK = [Message("system", "You look."), Message("user", "What is this?", (0,))]
"""What the tests ask it."""


@dataclass
class FakeEndpoint:
    """What the server does; change it between requests."""

    words: tuple[str, ...] = ("Round", " particles", " of", " 40", " nm.")
    models: tuple[str, ...] = ("tiny-vlm",)
    owned_by: str = "vllm"
    fault: Fault = ""
    status: int = 200
    """Answered to a chat instead of an answer when it is not 200."""
    words_before_fault: int = 2
    seconds_per_word: float = 0.0
    seconds_before_headers: float = 0.0
    finish_reason: str = "stop"
    api_key: str = ""
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    """The header of each request, refused ones included."""
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away in the middle of an answer."""

    @contextmanager
    def serving(self) -> Iterator[FakeEndpoint]:
        """Serve on a free port of this machine."""
        with serving(_Handler, self) as url:
            self.url = f"{url}/v1"
            yield self


class _Handler(QuietHandler):
    fake: FakeEndpoint

    def get(self) -> None:
        if self._refused():
            return
        if self.fake.fault == "bad_models":
            self.send_body(200, b"<html>It works!</html>", "text/html")
        elif self.path == "/v1/models":
            data = [{"id": name, "owned_by": self.fake.owned_by} for name in self.fake.models]
            self.send_json(200, {"object": "list", "data": data})
        else:
            self.send_json(404, {"error": {"message": f"no route {self.path}"}})

    def post(self, data: bytes) -> None:
        body = json.loads(data)
        self.fake.requests.append(body)
        if self._refused():
            return
        if self.fake.status != 200:
            self.send_json(self.fake.status, {"error": {"message": "as\nordered."}})
        elif "prompt_logprobs" in body:
            self.send_json(200, {"choices": [], "prompt_logprobs": _logs(body)})
        else:
            self._answer()

    def _refused(self) -> bool:
        """Refuse a wrong key, and repeat it in words, as some servers do."""
        given = self.headers["Authorization"]
        self.fake.authorizations.append(given)
        if self.fake.api_key and given != f"Bearer {self.fake.api_key}":
            self.send_json(401, {"error": {"message": f"Incorrect API key: {given}"}})
            return True
        return False

    def _answer(self) -> None:
        if self.fake.fault == "hang_up":
            self.connection.close()
            return
        self.fake.hung_up.wait(self.fake.seconds_before_headers)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self._events()
        except OSError:
            self.fake.hung_up.set()

    def _events(self) -> None:
        for index, word in enumerate(self.fake.words):
            if self.fake.fault and index == self.fake.words_before_fault:
                self._misbehave()
                return
            self._event({"choices": [{"delta": {"content": word}, "finish_reason": None}]})
            time.sleep(self.fake.seconds_per_word)
        self._event({"choices": [{"delta": {}, "finish_reason": self.fake.finish_reason}]})
        self._event({"choices": [], "usage": {"completion_tokens": len(self.fake.words)}})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _misbehave(self) -> None:
        if self.fake.fault == "cut":
            self.close_connection = True
        elif self.fake.fault == "no_end":
            self._chunk(b"")
        elif self.fake.fault == "garbage":
            self._chunk(b"data: {not json\n\n")
        elif self.fake.fault == "error_event":
            self._event({"error": {"message": "CUDA out of memory", "code": 500}})
        elif self.fake.fault == "silent":
            self.fake.hung_up.wait(20)

    def _event(self, event: dict[str, Any]) -> None:
        self._chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


def _logs(body: dict[str, Any]) -> list[Any]:
    """One entry per word of the chat, the assistant's opening included."""
    words: list[str] = []
    for message in body["messages"]:
        content = message["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        words += ["assistant"] if message["role"] == "assistant" else []
        for part in parts:
            words += part["text"].split() if part["type"] == "text" else ["<picture>"]
    words += ["assistant"] if body.get("add_generation_prompt") else []
    entries = [{str(i): {"logprob": -float(len(word))}} for i, word in enumerate(words)]
    return [None, *entries[1:]]
