"""What every test stands on: no network, no settings or keys from outside, a folder of its own on request.

Sockets are stopped by pytest-socket (`addopts` in pyproject.toml); loopback and unix sockets stay open. What
it cannot reach, child processes and libraries that are not Python, meets a proxy that is not there.
"""

import os
import re
from pathlib import Path

import pytest
from hypothesis import settings

from bootstrap import QUIET

NOWHERE = "http://127.0.0.1:9"  # the discard port of RFC 863: nothing answers
pytest.register_assert_rewrite(
    "tests.contracts.broker", "tests.contracts.venue"
)  # tests without a test's name

settings.register_profile("unhurried", deadline=None)  # a machine that is busy fails no property
settings.load_profile("unhurried")

OUTSIDE = re.compile(r"TRADER_.*|DATABASE_URL|.*_(API_KEY|TOKEN|SECRET)|.*_PROXY", re.IGNORECASE)
"""Variables that would configure the desk, give it keys, or open a way out."""


@pytest.fixture(autouse=True)
def closed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away what the machine's owner has set, and the way to the network for child processes."""
    for name in [name for name in os.environ if OUTSIDE.fullmatch(name) and name != "TRADER_CHECKS_RUNNING"]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, NOWHERE)
        monkeypatch.setenv(name.lower(), NOWHERE)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost,::1")
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one, as a new user's would be."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their length: were it by content, packed at import, two workers would not agree."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: where tests run at the same time, none of them is waited for at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
