"""Settings: JSON values by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.errors import BadSetting
from store import Store


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "µ", [1, "a"], {"a": {"b": [None]}}])
def test_a_value_comes_back(store: Store, value: object) -> None:
    store.settings.set_setting("model", "other")
    store.settings.set_setting("model", value)
    assert store.settings.get_setting("model", "default") == value
    assert store.settings.list_settings() == {"model": value}


def test_what_was_never_set_has_its_default(store: Store) -> None:
    assert store.settings.get_setting("theme") is None
    assert store.settings.get_setting("theme", "dark") == "dark"


def test_a_value_that_is_not_json_is_refused(store: Store) -> None:
    with pytest.raises(BadSetting, match="The setting 'folder' cannot be kept: Object of type"):
        store.settings.set_setting("folder", Path("/tmp"))


def test_settings_survive_closing(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.settings.set_setting("theme", "dark")
    with Store.open(tmp_path) as store:
        assert store.settings.get_setting("theme") == "dark"
