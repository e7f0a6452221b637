"""What exactly is sent for a request, what it is known by, and what it may cost.

A prepared request holds words and references to pictures; the pictures themselves are made again
when it leaves, and only leave if their hash is the one that was shown. It must not know who sends.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from slava.domain import Box, Drafting, Micrograph, MicrographId
from slava.errors import BadInput
from slava.teacher.ledger import RequestId
from slava.teacher.picture import Sending, SentPicture, make_picture
from slava.teacher.prices import Price, text_tokens
from slava.teacher.subject import Ask, Shot

ReadMicrograph = Callable[[MicrographId], tuple[Micrograph, Any]]
"""The record and its grey values, (height_px, width_px) of the whole file."""

LIKELY_TOKENS = 350
"""Written for one question with its answers, as a rule; for what is likely, not for the cap."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One request, ready to be sent."""

    id: RequestId
    ask: Ask
    body: Mapping[str, Any]
    """The JSON that is sent, with ``picture:SHA256`` where a picture goes."""
    pictures: tuple[Mapping[str, Any], ...]
    """As :meth:`~slava.teacher.picture.SentPicture.reference` describes them."""
    tokens_read: int
    tokens_written: int
    """At most."""
    cost_usd: float
    """At most."""
    likely_usd: float
    teacher: str
    """The host."""
    sending: Sending = field(default_factory=Sending)

    @property
    def model(self) -> str:
        return str(self.body["model"])

    @property
    def micrograph_ids(self) -> tuple[MicrographId, ...]:
        """Every micrograph once, in the order shown."""
        return self.ask.micrograph_ids

    @property
    def picture_bytes(self) -> int:
        """Of all its pictures, before base64."""
        return sum(int(p["bytes"]) for p in self.pictures)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to its pictures, each once."""
        return tuple(dict.fromkeys(n for p in self.pictures for n in p["notes"]))

    def drafting(self) -> Drafting:
        """What its pairs say of their origin."""
        return Drafting(
            teacher=self.teacher,
            model=self.model,
            prompt_version=self.ask.prompt_version,
            parameters=dict(self.ask.parameters),
            request_id=self.id,
            facts=self.ask.facts,
        )

    def exact(self, pictures: Sequence[SentPicture]) -> dict[str, Any]:
        """The body byte for byte as it leaves.

        Raises
        ------
        BadInput
            If a picture is not the one that was shown.
        """
        urls = {}
        for known, picture in zip(self.pictures, pictures, strict=True):
            if picture.sha256 != known["sha256"]:
                raise BadInput(
                    f"the picture of {picture.micrograph_id[:12]} is another one than was agreed "
                    "to be sent. Prepare the drafting anew."
                )
            content = base64.b64encode(picture.content).decode("ascii")
            urls[_place(picture.sha256)] = f"data:{picture.media_type};base64,{content}"
        filled: dict[str, Any] = _with_urls(self.body, urls)
        return filled

    def to_json(self) -> str:
        """Everything but the pictures' bytes; :meth:`from_json` reads it."""
        return json.dumps(
            {
                "request": self.body,
                "pictures": self.pictures,
                "ask": asdict(self.ask),
                "teacher": self.teacher,
                "sending": asdict(self.sending),
                "at_most": [self.tokens_read, self.tokens_written, self.cost_usd],
                "likely_usd": self.likely_usd,
            },
            ensure_ascii=False,
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, request_id: RequestId, text: str) -> Prepared:
        """A request out of the book."""
        kept = json.loads(text)
        ask = dict(kept["ask"])
        ask["shots"] = tuple(
            Shot(MicrographId(s["micrograph_id"]), Box(**s["crop"])) for s in ask["shots"]
        )
        ask["facts"], ask["aspects"] = tuple(ask["facts"]), tuple(ask["aspects"])
        read, written, cost = kept["at_most"]
        return cls(
            request_id,
            Ask(**ask),
            kept["request"],
            tuple(kept["pictures"]),
            read,
            written,
            cost,
            kept["likely_usd"],
            kept["teacher"],
            Sending(**kept["sending"]),
        )


def prepare(
    ask: Ask,
    pictures: Sequence[SentPicture],
    *,
    teacher: str,
    model: str,
    price: Price,
    sending: Sending,
) -> Prepared:
    """Put a request together.

    Its id is a hash of the body with the hashes of its pictures: micrograph, words, model and
    parameters. The host does not count, so that moving to another one pays for nothing twice.
    """
    body = _body(ask, [p.sha256 for p in pictures], model, price)
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    schema = json.dumps(ask.schema)
    read = text_tokens(ask.system, ask.text, schema) + sum(
        price.picture_tokens(p.width_px, p.height_px) for p in pictures
    )
    written = int(ask.parameters.get("max_tokens") or 0)
    likely = min(written, LIKELY_TOKENS * max(1, len(ask.aspects)))
    return Prepared(
        id=RequestId(hashlib.sha256(canonical.encode()).hexdigest()),
        ask=ask,
        body=body,
        pictures=tuple(p.reference() for p in pictures),
        tokens_read=read,
        tokens_written=written,
        cost_usd=price.cost_usd(read, written),
        likely_usd=price.cost_usd(read, likely),
        teacher=teacher,
        sending=sending,
    )


def make_pictures(ask: Ask, read: ReadMicrograph, sending: Sending) -> tuple[SentPicture, ...]:
    """The pictures of a request, each micrograph read once."""
    known: dict[MicrographId, tuple[Micrograph, Any]] = {}
    made = []
    for shot in ask.shots:
        if shot.micrograph_id not in known:
            known[shot.micrograph_id] = read(shot.micrograph_id)
        micrograph, grey = known[shot.micrograph_id]
        made.append(make_picture(micrograph, grey, shot.crop, sending))
    return tuple(made)


def shown_body(prepared: Prepared) -> dict[str, Any]:
    """The body for people: in place of a picture its size and hash."""
    urls = {
        _place(p["sha256"]): f"data:{p['media_type']};base64,({p['width_px']} × {p['height_px']} "
        f"px, {p['bytes']} bytes, sha256 of its pixels {p['sha256'][:16]})"
        for p in prepared.pictures
    }
    filled: dict[str, Any] = _with_urls(prepared.body, urls)
    return filled


def _body(ask: Ask, hashes: Sequence[str], model: str, price: Price) -> dict[str, Any]:
    shown = [{"type": "image_url", "image_url": {"url": _place(h)}} for h in hashes]
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": ask.system},
            {"role": "user", "content": [*shown, {"type": "text", "text": ask.text}]},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": ask.schema_name, "strict": True, "schema": dict(ask.schema)},
        },
        price.row.limit_key: ask.parameters.get("max_tokens"),
    }
    if price.row.sampling:
        body |= {k: ask.parameters[k] for k in ("temperature", "top_p") if k in ask.parameters}
    return body


def _place(sha256: str) -> str:
    return f"picture:{sha256}"


def _with_urls(value: Any, urls: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _with_urls(v, urls) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_urls(v, urls) for v in value]
    return urls.get(value, value) if isinstance(value, str) else value
