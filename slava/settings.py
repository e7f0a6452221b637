"""Where sLAVA works and how: one frozen record, and the only reader of the environment.

Precedence: command-line option, then environment variable, then default. All that is wrong is
reported in one :class:`~slava.errors.BadSetting`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from slava.errors import BadSetting

VARIABLES: Mapping[str, str] = {
    "SLAVA_WORKSPACE": "folder of the workspace",
    "SLAVA_PORT": "port of the window on 127.0.0.1; 0 takes any free one",
    "SLAVA_LOGIN": "NAME:PASSWORD that the window asks for, several with ; between; empty for none",
    "SLAVA_API_KEY": "key for an OpenAI-compatible endpoint that asks for one",
    "SLAVA_TEACHER_URL": "endpoint of the teacher that drafts pairs",
    "SLAVA_TEACHER_MODEL": "its model",
    "SLAVA_TEACHER_API_KEY": "key for it",
    "SLAVA_JUDGE_API_KEY": "key for a judge; the teacher's goes to the teacher's own host only",
    "SLAVA_TEACHER_API_VERSION": "API version, where Azure asks for one",
}
"""Every environment variable that sLAVA reads, with what it means."""

DEFAULT_PORT = 7860


@dataclass(frozen=True, slots=True)
class Settings:
    """What one start of the program is told."""

    workspace: Path
    port: int = DEFAULT_PORT
    open_browser: bool = True
    logins: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names and passwords, one of which the window asks for; none where it asks for none."""
    api_key: str | None = field(default=None, repr=False)
    teacher_url: str = ""
    teacher_model: str = ""
    teacher_api_key: str | None = field(default=None, repr=False)
    teacher_api_version: str = ""
    judge_api_key: str | None = field(default=None, repr=False)

    @classmethod
    def gather(
        cls,
        *,
        workspace: Path | None = None,
        port: int | None = None,
        open_browser: bool = True,
        environ: Mapping[str, str] = os.environ,
    ) -> Settings:
        """Settings from options, then the environment, then defaults.

        Raises
        ------
        BadSetting
            Naming every value out of range at once.
        """
        wrong: list[str] = []
        chosen_port = port if port is not None else _port(environ.get("SLAVA_PORT", ""), wrong)
        if not 0 <= chosen_port <= 65535:
            wrong.append(f"--port {chosen_port} is not in 0..65535")
        folder = workspace or _folder(environ.get("SLAVA_WORKSPACE", "")) or default_workspace()
        if folder.exists() and not folder.is_dir():
            wrong.append(f"the workspace {folder} is a file, not a folder")
        logins = _logins(environ.get("SLAVA_LOGIN", ""), wrong)
        if wrong:
            raise BadSetting("; ".join(wrong) + ".")
        return cls(
            workspace=folder.expanduser().absolute(),
            port=chosen_port,
            open_browser=open_browser,
            logins=logins,
            api_key=environ.get("SLAVA_API_KEY") or None,
            teacher_url=environ.get("SLAVA_TEACHER_URL", "").strip(),
            teacher_model=environ.get("SLAVA_TEACHER_MODEL", "").strip(),
            teacher_api_key=environ.get("SLAVA_TEACHER_API_KEY") or None,
            teacher_api_version=environ.get("SLAVA_TEACHER_API_VERSION", "").strip(),
            judge_api_key=environ.get("SLAVA_JUDGE_API_KEY") or None,
        )


def default_workspace() -> Path:
    """The platform's folder for user data, ``.../sLAVA``."""
    return Path(platformdirs.user_data_dir("sLAVA", appauthor=False))


def visible_cards(environ: Mapping[str, str] = os.environ) -> str | None:
    """``CUDA_VISIBLE_DEVICES``: the graphics cards that CUDA may use; ``None`` for all of them."""
    return environ.get("CUDA_VISIBLE_DEVICES")


def _folder(text: str) -> Path | None:
    return Path(text) if text.strip() else None


def _port(text: str, wrong: list[str]) -> int:
    if not text.strip():
        return DEFAULT_PORT
    if not text.strip().isdecimal():
        wrong.append(f"SLAVA_PORT={text!r} is not a port number")
        return DEFAULT_PORT
    return int(text)


def _logins(text: str, wrong: list[str]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for part in text.split(";") if text else ():
        name, colon, password = part.strip().partition(":")
        if not (name and colon and password):
            wrong.append("SLAVA_LOGIN must read NAME:PASSWORD, or several of these with ; between")
            return ()
        if name in found:
            wrong.append(f"SLAVA_LOGIN names {name} twice")
        found[name] = password
    return tuple(found.items())
