"""A model that somebody serves over the OpenAI protocol: vLLM, llama.cpp, Ollama, LM Studio.

It sends the micrographs as PNG inside the request and reads the answer as server-sent events.
Nothing is retried: a fault is told, with what had come by then still on the screen. It knows no
torch.
"""

from __future__ import annotations

import base64
import io
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from slava.errors import BadSetting, EndpointFailed, ModelError
from slava.vlm.backbone import Chunk, Finish, GenerationSettings, Message, Report, Seen, View

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 120.0
"""The longest wait for the next piece of an answer."""
LONGEST_SIDE_PX = 2048
"""Pictures are scaled down to this before they are sent."""
_POLL_SECONDS = 0.1
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_LONGEST_LINE = 4_000_000


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
        self._url = _checked(base_url)
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
        picture = _picture(view, settings.max_image_tokens)
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
        line = _Line()
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
            served = _models(response)
        names = [str(entry["id"]) for entry in served]
        if wanted is None and len(names) == 1:
            wanted = names[0]
        if wanted is None or (names and wanted not in names):
            raise EndpointFailed(_which(self._url, wanted, names))
        return wanted, next((entry for entry in served if entry["id"] == wanted), {})

    def _body(
        self, messages: Sequence[Message], views: Sequence[View], settings: GenerationSettings
    ) -> dict[str, Any]:
        pictures = [_data_url(_picture(view, settings.max_image_tokens)) for view in views]
        return {"model": self._model, "messages": [_as_content(m, pictures) for m in messages]}

    @contextmanager
    def _opened(self, body: Mapping[str, Any], line: _Line) -> Iterator[httpx.Response]:
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
        return [_first_log(entry) for entry in entries]

    # ------------------------------------------------------------------ answers
    def _chunks(self, response: httpx.Response, stop: threading.Event) -> Iterator[Chunk]:
        finish: Finish | None = None
        for event in self._events(response, stop):
            text, reason = _delta(event)
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
            for line in _lines(response):
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
                f"{self._model} at {self._url.host} broke off: {_said(event)}. "
                "What had come is kept; ask again."
            )
        return event

    def _require_success(self, response: httpx.Response) -> None:
        if response.status_code == 200:
            return
        code, said = response.status_code, _said(_json_or_none(response))
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
                f"Nothing answers at {self._url} ({_reason(error)}). "
                "Start the server, or check host and port."
            ) from error
        except httpx.TimeoutException as error:
            raise EndpointFailed(
                f"{self._url.host} was silent too long. The server may still be loading the model "
                "or be overloaded; look at its log and ask again."
            ) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise EndpointFailed(
                f"The connection to {self._url.host} broke off ({_reason(error)}). "
                "What had come is kept; ask again, or look at the server's log."
            ) from error


class _Line:
    """The connection of one answer, which a stop cuts wherever a read may be waiting."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._done = threading.Event()

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Told by httpx of every step; keeps the newest socket."""
        if name.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    @contextmanager
    def cut_on(self, stop: threading.Event) -> Iterator[None]:
        """Cut the connection as soon as ``stop`` is set."""
        watcher = threading.Thread(
            target=self._watch, args=(stop,), name="slava-endpoint-stop", daemon=True
        )
        watcher.start()
        try:
            yield
        finally:
            self._done.set()
            watcher.join()

    def _watch(self, stop: threading.Event) -> None:
        while not self._done.is_set():
            if stop.wait(_POLL_SECONDS) and self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                return


def _checked(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL as error:
        raise BadSetting(f"{base_url!r} is not a URL ({error}).") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise BadSetting(
            f"{base_url!r} is not an http or https URL. Give one like http://127.0.0.1:8000/v1."
        )
    if url.userinfo:
        raise BadSetting(
            "The URL of an endpoint must not carry a name and password; give an API key instead."
        )
    path = url.path.rstrip("/") or "/v1"
    return url.copy_with(path=path, query=None, fragment=None)


def _models(response: httpx.Response) -> list[dict[str, Any]]:
    payload = _json_or_none(response)
    entries = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(entries, list):
        raise EndpointFailed(
            f"{response.url.host} does not list models as the OpenAI protocol does. "
            "Check the URL, which often ends in /v1."
        )
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("id")]


def _which(url: httpx.URL, wanted: str | None, names: Sequence[str]) -> str:
    listed = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
    if not names:
        return f"{url} serves no model. Load one in the server."
    if wanted is None:
        return f"{url} serves several models: {listed}. Name one: {url}#{names[0]}"
    return f"{url} does not serve {wanted}. It serves: {listed}."


def _picture(view: View, budget: int | None) -> Any:
    """The grey picture that is sent, scaled down to ``LONGEST_SIDE_PX`` or to the budget.

    Servers differ in what a token covers; 28 x 28 pixels (Qwen-VL) is assumed.
    """
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(view.pixels))
    side = LONGEST_SIDE_PX
    if budget is not None:
        area = picture.width * picture.height
        side = min(side, int(max(picture.size) * (budget * 28 * 28 / area) ** 0.5))
    if max(picture.size) > side:
        picture.thumbnail((max(side, 28),) * 2, Image.Resampling.LANCZOS)
    return picture


def _data_url(picture: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _as_content(message: Message, pictures: Sequence[str]) -> dict[str, Any]:
    if not message.micrographs:
        return {"role": message.role, "content": message.text}
    wrong = [index for index in message.micrographs if not 0 <= index < len(pictures)]
    if wrong:
        raise ModelError(
            f"A message shows micrograph {wrong[0]}, but {len(pictures)} were given. "
            "Give every micrograph that the messages name."
        )
    shown = [
        {"type": "image_url", "image_url": {"url": pictures[index]}}
        for index in message.micrographs
    ]
    return {"role": message.role, "content": [*shown, {"type": "text", "text": message.text}]}


def _lines(response: httpx.Response) -> Iterator[str]:
    """Lines of an event stream, bounded in length."""
    for line in response.iter_lines():
        if len(line) > _LONGEST_LINE:
            raise EndpointFailed(
                f"{response.url.host} sent a line of {len(line)} characters. "
                "This is not the OpenAI protocol; check the URL."
            )
        yield line.strip()


def _delta(event: Mapping[str, Any]) -> tuple[str, Finish | None]:
    """Text and reason to finish of one event."""
    choices = event.get("choices") or [{}]
    choice = choices[0] if isinstance(choices[0], dict) else {}
    text = (choice.get("delta") or {}).get("content") or ""
    reason = choice.get("finish_reason")
    finish: Finish | None = None
    if reason:
        finish = "length" if reason == "length" else "end"
    return str(text), finish


def _first_log(entry: Any) -> float:
    """``{token id: {"logprob": x, ...}}`` as vLLM gives it; the prompt's own token comes first."""
    if not isinstance(entry, dict) or not entry:
        return 0.0
    return float(next(iter(entry.values()))["logprob"])


def _json_or_none(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _said(payload: Any) -> str:
    """A server's own words about a fault, one line."""
    error = payload.get("error", payload) if isinstance(payload, dict) else None
    text = error.get("message", "") if isinstance(error, dict) else error
    return " ".join(str(text or "").split())[:200].rstrip(".")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
