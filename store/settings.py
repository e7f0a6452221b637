"""What the user has chosen and wants to find again: JSON values by name."""

from __future__ import annotations

import json
from typing import Any

from slava.errors import BadSetting
from store.clock import now
from store.database import Database, Transaction


class Settings:
    """``store.settings``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_setting(self, name: str, default: Any = None) -> Any:
        """The value last set under ``name``, else ``default``."""
        row = self._database.row("SELECT value FROM settings WHERE name = ?", name)
        return json.loads(row[0]) if row else default

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a JSON value under ``name``.

        Raises
        ------
        BadSetting
            When the value cannot be written as JSON.
        """
        with self._database.writing() as transaction:
            write_setting(transaction, name, value)

    def list_settings(self) -> dict[str, Any]:
        """Everything that was set, by name."""
        rows = self._database.rows("SELECT name, value FROM settings ORDER BY name")
        return {name: json.loads(value) for name, value in rows}


def write_setting(transaction: Transaction, name: str, value: Any) -> None:
    """Keep a JSON value under ``name`` together with something else; as ``set_setting``."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError) as error:
        raise BadSetting(
            f"The setting {name!r} cannot be kept: {error}. "
            "Use text, numbers, lists and dictionaries of these."
        ) from error
    transaction.run(
        "INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT (name) "
        "DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        *(name, text, now()),
    )
