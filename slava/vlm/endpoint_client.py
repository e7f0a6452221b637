"""The connection to a server of the OpenAI protocol: JSON goes in, JSON comes out.

Nothing is retried and no redirect is followed. It must not know what is asked of the model.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from slava.errors import BadSetting, EndpointFailed, ModelError
from slava.vlm.endpoint_faults import Faults
from slava.vlm.endpoint_wire import Line, bounded_lines, checked_url, json_or_none, served_models

CONNECT_SECONDS = 5.0
_CHAT = "chat/completions"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class EndpointClient:
    """One server.

    Parameters
    ----------
    base_url
        ``http://127.0.0.1:8000/v1``; ``/v1`` is added where the path is empty.
    api_key
        Sent as a bearer token, never shown.
    timeout
        Seconds of silence after which an answer is given up.

    Raises
    ------
    BadSetting
        If the URL is not http or https, or carries a name and password; if no header can carry
        the key.
    """

    def __init__(self, base_url: str, api_key: str | None, timeout: float) -> None:
        self.url = checked_url(base_url)
        key = _checked_key(api_key or "")
        self.faults = Faults(self.url, key)
        self._client: httpx.Client | None = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            trust_env=not self.is_loopback,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        return self.url.host in _LOOPBACK

    @property
    def where(self) -> str:
        """Host and port."""
        return f"{self.url.host}:{self.url.port or (443 if self.url.scheme == 'https' else 80)}"

    def list_models(self) -> list[dict[str, Any]]:
        """What is served: one record with an ``id`` for each model.

        Raises
        ------
        EndpointFailed
            If nothing answers, or not with a list of models.
        """
        with self.faults.explained():
            response = self._require_open().get("models")
            self._require_success(response)
            return served_models(response)

    def chat(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for an answer in one piece.

        Raises
        ------
        EndpointFailed
            If the server refuses, is silent too long, or breaks off.
        """
        with self.faults.explained():
            response = self._require_open().post(_CHAT, json=body)
            self._require_success(response)
        answer = json_or_none(response)
        if not isinstance(answer, dict):
            raise self.faults.another_protocol(response.text)
        return answer

    def stream_chat(
        self, body: Mapping[str, Any], stop: threading.Event
    ) -> Generator[dict[str, Any], None, None]:
        """Yield the events of an answer until the server ends it, or ``stop`` is set.

        Raises
        ------
        EndpointFailed
            If the server refuses, is silent too long, breaks off, or sends an error; not when
            ``stop`` is set, for that cuts the connection.
        """
        line = Line()
        try:
            with line.cut_on(stop), self.faults.explained(), self._opened(body, line) as response:
                for text in bounded_lines(response):
                    if stop.is_set() or text == "data: [DONE]":
                        return
                    if text.startswith("data:"):
                        yield self._event(text[5:], str(body["model"]))
        except EndpointFailed:
            if not stop.is_set():
                raise

    def close(self) -> None:
        """Close the connection. The client cannot be used afterwards."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _require_open(self) -> httpx.Client:
        if self._client is None:
            raise ModelError(f"The connection to {self.url.host} has been closed. Load it again.")
        return self._client

    def _require_success(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            response.read()
            raise self.faults.refused(response)

    @contextmanager
    def _opened(self, body: Mapping[str, Any], line: Line) -> Iterator[httpx.Response]:
        with self._require_open().stream(
            "POST", _CHAT, json=body, extensions={"trace": line.trace}
        ) as response:
            self._require_success(response)
            yield response

    def _event(self, text: str, model: str) -> dict[str, Any]:
        try:
            event = json.loads(text)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            raise self.faults.another_protocol(text)
        if event.get("error"):
            raise self.faults.error_event(model, event)
        return event


def _checked_key(api_key: str) -> str:
    key = api_key.strip()
    if not (key.isascii() and key.isprintable()):
        raise BadSetting(
            "The API key holds a character that cannot be sent. Copy it again from the server."
        )
    return key
