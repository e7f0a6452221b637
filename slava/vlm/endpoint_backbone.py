"""A model that somebody serves over the OpenAI protocol: vLLM, llama.cpp, Ollama, LM Studio.

It sends the micrographs as PNG inside the request and reads the answer as server-sent events.
Nothing is retried: a fault is told, with what had come by then still on the screen. It knows no
torch.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from slava.errors import EndpointFailed, ModelError
from slava.vlm.backbone import Chunk, Finish, GenerationSettings, Message, Report, Seen, View
from slava.vlm.endpoint_wire import (
    Line,
    as_content,
    as_sent,
    bounded_lines,
    checked_url,
    data_url,
    first_log,
    json_or_none,
    reason_of,
    served_models,
    text_and_finish,
    which_model,
    words_of,
)

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 120.0
"""The longest wait for the next piece of an answer."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class EndpointBackbone:
    """One served model.

    Parameters
    ----------
    base_url
        ``http://127.0.0.1:8000/v1``; ``/v1`` is added where the path is empty.
    model
        The served model's name; not needed where only one is served.
    api_key
        Sent as a bearer token, never shown.
    timeout
        Seconds of silence after which an answer is given up.

    Raises
    ------
    BadSetting
        If the URL is not http or https, or carries a name and password.
    EndpointFailed
        If nothing answers there, or it does not serve ``model``.
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        api_key: str | None = None,
        timeout: float = SILENCE_SECONDS,
    ) -> None:
        self._url = checked_url(base_url)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client: httpx.Client | None = httpx.Client(
            base_url=self._url,
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            trust_env=not self._is_loopback,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        try:
            self._model, self._facts = self._choose(model)
        except BaseException:
            self.close()
            raise

    @property
    def _is_loopback(self) -> bool:
        return self._url.host in _LOOPBACK

    def report(self) -> Report:
        """What it is. Its memory is the server's."""
        where = f"{self._url.host}:{self._url.port or (443 if self._url.scheme == 'https' else 80)}"
        away = (
            ""
            if self._is_loopback
            else (f"Micrographs and questions leave this machine: they are sent to {where}.")
        )
        length = self._facts.get("max_model_len")
        return Report(
            id=f"{self._url}#{self._model}",
            name=self._model,
            kind="endpoint",
            quantization="none",
            device=where,
            context_tokens=length if isinstance(length, int) else None,
            can_score=self._can_score,
            notice=away,
        )

    @property
    def _can_score(self) -> bool:
        """vLLM alone returns the log-probabilities of a prompt's tokens."""
        return self._facts.get("owned_by") == "vllm"

    def seen(self, view: View, settings: GenerationSettings) -> Seen:
        """The size at which ``view`` is sent; what the server makes of it, it does not say."""
        picture = as_sent(view, settings.max_image_tokens)
        return Seen(picture.width, picture.height, None)

    def stream(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        """Yield the answer as the server sends it; see ``Backbone.stream``.

        Raises
        ------
        EndpointFailed
            If the server refuses, is silent too long, or breaks off; what had come has been
            yielded by then.
        """
        stop = stop or threading.Event()
        body = {
            **self._body(messages, micrographs, settings),
            "stream": True,
            "max_tokens": settings.max_new_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": settings.seed,
        }
        line = Line()
        try:
            with line.cut_on(stop), self._explained(), self._opened(body, line) as response:
                yield from self._chunks(response, stop)
        except EndpointFailed:
            if not stop.is_set():
                raise
            yield Chunk("", 0, "stopped")

    def score(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        candidates: Sequence[str],
    ) -> NDArray[np.float64]:
        """Log-likelihood (nats) of each candidate, from the server's prompt log-probabilities.

        Shape (len(candidates),). The end of the turn is not part of it: no protocol asks for it.
        """
        if not self._can_score:
            raise ModelError(
                f"{self._model} at {self._url.host} cannot score answers: its server returns no "
                "log-probabilities of a prompt. Serve it with vLLM, or classify with the built-in "
                "model."
            )
        body = self._body(messages, micrographs, GenerationSettings())
        with self._explained():
            opened = self._prompt_logs({**body, "add_generation_prompt": True})
            return np.array(
                [self._score_one(body, each, len(opened)) for each in candidates], dtype=np.float64
            )

    def close(self) -> None:
        """Close the connection. The backbone cannot be used afterwards."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    # ------------------------------------------------------------------ requests
    def _require_open(self) -> httpx.Client:
        if self._client is None:
            raise ModelError(f"The connection to {self._url.host} has been closed. Load it again.")
        return self._client

    def _choose(self, wanted: str | None) -> tuple[str, Mapping[str, Any]]:
        with self._explained():
            response = self._require_open().get("models")
            self._require_success(response)
            served = served_models(response)
        names = [str(entry["id"]) for entry in served]
        if wanted is None and len(names) == 1:
            wanted = names[0]
        if wanted is None or (names and wanted not in names):
            raise EndpointFailed(which_model(self._url, wanted, names))
        return wanted, next((entry for entry in served if entry["id"] == wanted), {})

    def _body(
        self, messages: Sequence[Message], views: Sequence[View], settings: GenerationSettings
    ) -> dict[str, Any]:
        pictures = [data_url(as_sent(view, settings.max_image_tokens)) for view in views]
        return {"model": self._model, "messages": [as_content(m, pictures) for m in messages]}

    @contextmanager
    def _opened(self, body: Mapping[str, Any], line: Line) -> Iterator[httpx.Response]:
        with self._require_open().stream(
            "POST", "chat/completions", json=body, extensions={"trace": line.trace}
        ) as response:
            if response.status_code != 200:
                response.read()
                self._require_success(response)
            yield response

    def _score_one(self, body: Mapping[str, Any], candidate: str, before: int) -> float:
        spoken = [*body["messages"], {"role": "assistant", "content": candidate}]
        logs = self._prompt_logs(
            {
                **body,
                "messages": spoken,
                "add_generation_prompt": False,
                "continue_final_message": True,
            }
        )
        return float(sum(logs[before:]))

    def _prompt_logs(self, body: Mapping[str, Any]) -> list[float]:
        """Log-probability of each token of the prompt; the first has none and counts as 0."""
        response = self._require_open().post(
            "chat/completions", json={**body, "max_tokens": 1, "prompt_logprobs": 0}
        )
        self._require_success(response)
        entries = response.json().get("prompt_logprobs")
        if not isinstance(entries, list):
            raise EndpointFailed(
                f"{self._model} at {self._url.host} sent no prompt log-probabilities. "
                "Classify with another model."
            )
        return [first_log(entry) for entry in entries]

    # ------------------------------------------------------------------ answers
    def _chunks(self, response: httpx.Response, stop: threading.Event) -> Iterator[Chunk]:
        finish: Finish | None = None
        for event in self._events(response, stop):
            text, reason = text_and_finish(event)
            finish = reason or finish
            if text and not stop.is_set():
                yield Chunk(text)
        if stop.is_set():
            finish = "stopped"
        if finish is None:
            raise EndpointFailed(
                f"{self._model} at {self._url.host} broke off in the middle of the answer. "
                "What had come is kept; ask again, or look at the server's log."
            )
        yield Chunk("", 0, finish)

    def _events(self, response: httpx.Response, stop: threading.Event) -> Iterator[dict[str, Any]]:
        """Parsed events until ``[DONE]``, the end, or a stop."""
        try:
            for line in bounded_lines(response):
                if stop.is_set() or line == "data: [DONE]":
                    return
                if line.startswith("data:"):
                    yield self._parsed(line[5:])
        except (httpx.HTTPError, httpx.StreamError):
            if not stop.is_set():
                raise

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            event = json.loads(text)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            raise EndpointFailed(
                f"{self._url.host} sent something that is not the OpenAI protocol "
                f"({text.strip()[:60]!r}). Check that the URL ends where the server says, "
                "often in /v1."
            )
        if event.get("error"):
            raise EndpointFailed(
                f"{self._model} at {self._url.host} broke off: {words_of(event)}. "
                "What had come is kept; ask again."
            )
        return event

    def _require_success(self, response: httpx.Response) -> None:
        if response.status_code == 200:
            return
        code, said = response.status_code, words_of(json_or_none(response))
        way_out = {
            401: "Give the server's API key.",
            403: "Give an API key that may use this model.",
            404: "Check the URL, which often ends in /v1, and the model's name.",
            413: "Lower the picture budget.",
            429: "The server is busy or a limit is reached; wait and ask again.",
        }.get(code, "Look at the server's log." if code >= 500 else "Check the server's settings.")
        raise EndpointFailed(
            f"{self._url.host} answered {code} {response.reason_phrase}"
            f"{f' ({said})' if said else ''}. {way_out}"
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what httpx raises into words."""
        try:
            yield
        except httpx.ConnectError as error:
            raise EndpointFailed(
                f"Nothing answers at {self._url} ({reason_of(error)}). "
                "Start the server, or check host and port."
            ) from error
        except httpx.TimeoutException as error:
            raise EndpointFailed(
                f"{self._url.host} was silent too long. The server may still be loading the model "
                "or be overloaded; look at its log and ask again."
            ) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise EndpointFailed(
                f"The connection to {self._url.host} broke off ({reason_of(error)}). "
                "What had come is kept; ask again, or look at the server's log."
            ) from error
