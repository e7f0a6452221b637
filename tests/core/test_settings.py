import re
from pathlib import Path

import pytest

from slava.errors import BadSetting
from slava.settings import VARIABLES, Settings

ROOT = Path(__file__).resolve().parents[2]


def test_options_win_over_the_environment(tmp_path: Path) -> None:
    environ = {"SLAVA_WORKSPACE": str(tmp_path / "env"), "SLAVA_PORT": "1"}
    settings = Settings.gather(workspace=tmp_path / "option", port=2, environ=environ)
    assert settings.workspace == tmp_path / "option"
    assert settings.port == 2


def test_the_environment_wins_over_defaults(tmp_path: Path) -> None:
    settings = Settings.gather(
        environ={"SLAVA_WORKSPACE": str(tmp_path), "SLAVA_PORT": "0", "SLAVA_LOGIN": "ann:pw:x"}
    )
    assert settings.workspace == tmp_path
    assert settings.port == 0
    assert settings.logins == (("ann", "pw:x"),)


def test_several_people_may_log_in(tmp_path: Path) -> None:
    environ = {"SLAVA_LOGIN": "ann:pw:x; ben:pw"}
    settings = Settings.gather(workspace=tmp_path, environ=environ)
    assert settings.logins == (("ann", "pw:x"), ("ben", "pw"))
    assert "pw" not in repr(settings)
    for text, told in (("ann:a;ben", "NAME:PASSWORD"), ("ann:a;ann:b", "names ann twice")):
        with pytest.raises(BadSetting, match=told):
            Settings.gather(workspace=tmp_path, environ={"SLAVA_LOGIN": text})


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    environ = {"SLAVA_WORKSPACE": str(file), "SLAVA_PORT": "x7", "SLAVA_LOGIN": "nobody"}
    with pytest.raises(BadSetting) as caught:
        Settings.gather(environ=environ)
    text = str(caught.value)
    assert "SLAVA_PORT='x7' is not a port number" in text
    assert "is a file, not a folder" in text
    assert "SLAVA_LOGIN must read NAME:PASSWORD" in text


def test_a_port_out_of_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"--port 70000 is not in 0\.\.65535"):
        Settings.gather(workspace=tmp_path, port=70000, environ={})


@pytest.mark.parametrize("variable", sorted(VARIABLES))
def test_every_variable_is_documented(variable: str) -> None:
    assert variable in (ROOT / "README.md").read_text(encoding="utf-8")


READS = re.compile(r"os\.getenv|environ\.get\(|environ\[[^]]+\](?!\s*=[^=])|environ\.(items|keys)")


def test_nothing_else_reads_the_environment() -> None:
    allowed = {ROOT / "slava/settings.py", ROOT / "ui/privacy.py"}  # the latter adds to NO_PROXY
    for folder in ("slava", "store", "ui", "training"):
        for file in (ROOT / folder).rglob("*.py"):
            if file not in allowed:
                assert not READS.search(file.read_text(encoding="utf-8")), file


def test_secrets_are_not_shown_where_settings_are(tmp_path: Path) -> None:
    told = {"SLAVA_LOGIN": "ada:open sesame", "SLAVA_API_KEY": "sk-secret"}
    settings = Settings.gather(workspace=tmp_path, environ=told)
    assert settings.api_key == "sk-secret"
    assert "sk-secret" not in repr(settings)
    assert "sesame" not in repr(settings)
