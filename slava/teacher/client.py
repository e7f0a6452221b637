"""The connection to a teacher of the OpenAI protocol: one body out, one body back.

Tells apart what was not taken (nothing is paid, it may be sent again) from what nobody can know
(the connection ended after the request had left). Nothing is retried here, no redirect is followed,
and of the caller only the body, the key and the idempotency key go out. It must not know what is
asked, nor what becomes of the answer.
"""

from __future__ import annotations

import email.utils
import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import httpx

from slava.errors import BadSetting, EndpointFailed
from slava.teacher.ledger import RequestId
from slava.vlm.endpoint_wire import checked_url

T = TypeVar("T")

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
CONNECT_SECONDS = 10.0
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
_FATAL = frozenset({401, 402, 403, 404})
_OUT_OF_MONEY = ("insufficient_quota", "billing_hard_limit_reached")
_NOT_LEFT = {"ConnectError", "ConnectTimeout", "PoolTimeout"}
"""Errors of the transport (by name, for there are two of them) before anything has left."""
_KEPT_HEADERS = frozenset(
    {
        "host", "authorization", "api-key", "content-type", "content-length", "accept",
        "accept-encoding", "connection", "idempotency-key", "user-agent", "transfer-encoding",
    }
)  # fmt: skip


class NotTaken(EndpointFailed):
    """The teacher did not take the request; nothing is paid."""

    def __init__(
        self, reason: str, *, again: bool, fatal: bool = False, after_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.again, self.fatal, self.after_s = again, fatal, after_s
        """Whether it may be sent again; whether every other would fail alike; and when."""


class Unsure(EndpointFailed):
    """The request had left when the connection ended; it may be paid."""


class Teacher(Protocol):
    """Whoever answers."""

    @property
    def host(self) -> str:
        """Host and port, as the log and the pairs name it."""
        ...

    @property
    def honours_keys(self) -> bool:
        """Whether a repeated idempotency key is answered without being paid again."""
        ...

    def send(self, body: Mapping[str, Any], request_id: RequestId) -> str:
        """The answer's body as it came.

        Raises
        ------
        NotTaken, Unsure
        """
        ...

    def close(self) -> None: ...


class OpenAITeacher:
    """A server that speaks chat completions: OpenAI, Azure, vLLM, llama.cpp, and others.

    Parameters
    ----------
    base_url
        ``https://api.openai.com/v1``; for Azure ``https://NAME.openai.azure.com/openai/v1``.
    api_key
        Sent as a bearer token (for Azure as ``api-key`` too), never shown.
    api_version
        Added to the address where Azure wants one.
    timeout_s
        Seconds of silence after which an answer is given up.
    honours_keys
        Whether the server is known to honour ``Idempotency-Key``.

    Raises
    ------
    BadSetting
        If URL or key cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        *,
        api_version: str = "",
        timeout_s: float = 120.0,
        honours_keys: bool = False,
    ) -> None:
        from openai import DefaultHttpxClient, OpenAI, Timeout

        url = checked_url(base_url)
        self._key = _checked(api_key or "", url)
        self.host, self.own_machine = _place(url)
        self.honours_keys = honours_keys
        self._http = DefaultHttpxClient(
            timeout=Timeout(timeout_s, connect=CONNECT_SECONDS),
            trust_env=not self.own_machine,
            verify=url.scheme == "https",
            follow_redirects=False,
            event_hooks={"request": [_bare]},
        )
        azure = {"api-key": self._key} if url.host.endswith(".azure.com") else {}
        self.api = OpenAI(
            base_url=str(url),
            api_key=self._key or "none",
            http_client=self._http,
            max_retries=0,
            default_headers=azure,
            default_query={"api-version": api_version} if api_version else None,
        )
        """For what else the protocol has, such as batches."""

    def send(self, body: Mapping[str, Any], request_id: RequestId) -> str:
        """Send one chat completion; see :class:`Teacher`."""
        return self.explained(
            lambda: self.api.post(
                "/chat/completions",
                cast_to=str,
                body=dict(body),
                options={"headers": {"Idempotency-Key": request_id}},
            )
        )

    def explained(self, work: Callable[[], T]) -> T:
        """Do ``work`` with what the protocol's client raises told apart."""
        import openai

        try:
            return work()
        except openai.APIStatusError as error:
            raise self._refused(error.response) from None
        except openai.APIConnectionError as error:  # timeouts are among these
            raise self._broken(error.__cause__ or error) from None
        except openai.OpenAIError as error:
            raise Unsure(f"{self.host}: {self._short(str(error))}") from None
        except Exception as error:  # the transport's own, while the body was being read
            if "HTTPError" not in {kind.__name__ for kind in type(error).__mro__}:
                raise
            raise self._broken(error) from None

    def close(self) -> None:
        """Close the connections."""
        self.api.close()
        self._http.close()

    def _refused(self, response: Any) -> NotTaken:
        code, text = response.status_code, response.text
        words, kind = _said(text)
        shown = f" ({self._short(words)})" if words else ""
        broke = kind in _OUT_OF_MONEY
        way_out = {
            401: " Give a valid API key in SLAVA_TEACHER_API_KEY (a judge's: SLAVA_JUDGE_API_KEY).",
            403: " Give an API key that may use this model.",
            404: " Check the URL, which often ends in /v1, and the model's name.",
        }.get(code, " The account has no money left." if broke else "")
        return NotTaken(
            f"{self.host} answered {code} {response.reason_phrase}{shown}.{way_out}",
            again=code in _AGAIN and not broke,
            fatal=code in _FATAL or broke or 300 <= code < 400,
            after_s=_retry_after(response.headers),
        )

    def _broken(self, error: BaseException) -> EndpointFailed:
        reason = self._short(str(error)) or type(error).__name__
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if kinds & _NOT_LEFT:
            return NotTaken(f"nothing answers at {self.host} ({reason}).", again=True)
        if "TimeoutException" in kinds or "APITimeoutError" in kinds:
            return Unsure(f"{self.host} was silent too long; it may have answered and be paid.")
        return Unsure(f"the connection to {self.host} broke off ({reason}); it may be paid.")

    def _short(self, text: str) -> str:
        hidden = text.replace(self._key, "***") if self._key else text
        return " ".join(hidden.split())[:200].rstrip(".")


def place_of(base_url: str) -> tuple[str, bool]:
    """Host and port as the log and the book name them, and whether that is this machine.

    Raises
    ------
    BadSetting
        If it is no address.
    """
    return _place(checked_url(base_url))


def _place(url: httpx.URL) -> tuple[str, bool]:
    return url.host if url.port is None else f"{url.host}:{url.port}", url.host in LOOPBACK


def _bare(request: Any) -> None:
    """Take off every header that tells of this machine or its environment."""
    for name in list(request.headers):
        if name.lower() not in _KEPT_HEADERS:
            del request.headers[name]
    request.headers["User-Agent"] = "slava"


def _checked(api_key: str, url: httpx.URL) -> str:
    key = api_key.strip()
    if not (key.isascii() and key.isprintable()):
        raise BadSetting("the teacher's API key holds a character that cannot be sent.")
    if url.scheme != "https" and not _is_near(url.host):
        raise BadSetting(f"{url} is not encrypted; micrographs leave by https only.")
    return key


def _is_near(host: str) -> bool:
    """Whether a host is this machine or one of the own network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host in LOOPBACK or "." not in host or host.endswith((".local", ".lan"))


def _said(text: str) -> tuple[str, str]:
    """A server's own words about a fault, and its code."""
    try:
        error = json.loads(text).get("error", {})
    except (ValueError, AttributeError):
        return "", ""
    if not isinstance(error, dict):
        return str(error), ""
    return str(error.get("message") or ""), str(error.get("code") or error.get("type") or "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, as a number or a date."""
    milliseconds, value = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        if value is None:
            return None
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value or "").timestamp() - time.time())
    except ValueError:
        return None
