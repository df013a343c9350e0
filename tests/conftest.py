"""Options of the test suite.  Modules that tests of several folders share are in the same folder as this one."""

from __future__ import annotations

import pytest

from litmus import cache


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="all random programs, not a sample of them")


@pytest.fixture(autouse=True)
def no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test finds of the folder of derived data is not told by the next one."""
    monkeypatch.setattr(cache, "_trouble", None)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether all random programs are asked for."""
    return bool(request.config.getoption("--full"))
