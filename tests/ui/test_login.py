"""The window with a login, without a browser: nothing answers before it, everything after."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from slava.domain import MicrographId
from store import Store
from tests.browser.files import calibrated_tiff
from tests.browser.serve import serving

LOGIN = {"username": "ann", "password": "let:me in"}
LOAD = "/gradio_api/run/analyse_load"
CHAT = "/gradio_api/run/analyse_ask"


@pytest.fixture(scope="module")
def micrograph_id(tmp_path_factory: pytest.TempPathFactory) -> MicrographId:
    """A micrograph, in the workspace that the window below is served on."""
    workspace = tmp_path_factory.getbasetemp() / "login"
    file = tmp_path_factory.mktemp("files") / "discs.tif"
    file.write_bytes(calibrated_tiff())
    with Store.open(workspace) as store:
        return store.micrographs.add_micrograph(file).micrograph.id


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, micrograph_id: MicrographId) -> Iterator[str]:
    """The address of a window that asks for a login."""
    workspace: Path = tmp_path_factory.getbasetemp() / "login"
    login = f"{LOGIN['username']}:{LOGIN['password']}"
    with serving(workspace, SLAVA_LOGIN=login) as address:
        yield address


@pytest.fixture
def stranger(url: str) -> Iterator[httpx.Client]:
    """A client that has not logged in."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def ann(stranger: httpx.Client) -> httpx.Client:
    """A client that has."""
    assert stranger.post("/login", data=LOGIN).status_code == 200
    return stranger


def mounted(client: httpx.Client, micrograph_id: MicrographId) -> list[str]:
    """Addresses of our own routes, as the page of somebody who is logged in learns them."""
    shown = client.post(LOAD, json={"data": []}).text
    found = re.search(r"slava/[\w-]{20,}", shown)
    assert found
    paths = ("t/0/0/0", "preview.png?size=112", "objects.json")
    return [f"/{found[0]}/m/{micrograph_id}/{path}" for path in paths]


def test_a_stranger_sees_the_login_page_and_nothing_of_the_window(stranger: httpx.Client) -> None:
    page = stranger.get("/")
    assert page.status_code == 401
    assert 'type="password"' in page.text
    assert "analyse" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/config",
        "/theme.css",
        "/openapi.json",
        "/gradio_api/info",
        "/gradio_api/file=discs.tif",
        "/gradio_api/queue/data?session_hash=x",
        "/gradio_api/heartbeat/x",
        "/gradio_api/token",
        "/monitoring",
        "//config",
        "/login/../config",
        "/slava/guessed/m/x/preview.png",
    ],
)
def test_a_stranger_reads_nothing(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 401


@pytest.mark.parametrize("path", [LOAD, CHAT, "/gradio_api/queue/join", "/gradio_api/upload"])
def test_a_stranger_starts_nothing(stranger: httpx.Client, path: str) -> None:
    assert stranger.post(path, json={"data": []}).status_code == 401


def test_our_own_routes_are_closed_even_to_who_knows_their_addresses(
    ann: httpx.Client, url: str, micrograph_id: MicrographId
) -> None:
    addresses = mounted(ann, micrograph_id)
    assert [ann.get(address).status_code for address in addresses] == [200, 200, 200]
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as stranger:
        assert [stranger.get(address).status_code for address in addresses] == [401, 401, 401]
        stranger.cookies.update(dict.fromkeys(ann.cookies, "forged"))
        assert stranger.get(addresses[0]).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "ann", "password": "let"},
        {"username": "ann", "password": ""},
        {"username": "bob", "password": "let:me in"},
    ],
)
def test_a_wrong_password_opens_nothing(stranger: httpx.Client, wrong: dict[str, str]) -> None:
    assert stranger.post("/login", data=wrong).status_code in (400, 422)
    assert stranger.get("/config").status_code == 401


def test_logging_out_closes_everything_again(
    ann: httpx.Client, micrograph_id: MicrographId
) -> None:
    address = mounted(ann, micrograph_id)[0]
    cookies = dict(ann.cookies)
    ann.get("/logout")
    assert ann.get(address).status_code == 401
    ann.cookies.update(cookies)
    assert ann.get(address).status_code == 401
