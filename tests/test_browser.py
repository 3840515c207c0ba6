"""Which browser is used, and what happens where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runbook.admin import install
from runbook.admin.browser import executable
from runbook.errors import TargetError, Unverified


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any browser; returns the one folder of its PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    return programs


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_one_on_the_machine_is_found(bare: Path) -> None:
    assert executable(None) is None
    chrome = program(bare, "google-chrome")
    assert executable(None) == str(chrome)


def test_the_named_one_comes_first(bare: Path) -> None:
    program(bare, "chromium")
    mine = program(bare, "my-browser")
    assert executable(str(mine)) == str(mine)
    assert executable("my-browser") == str(mine)


def test_a_named_one_that_is_not_there_is_unverified(bare: Path) -> None:
    program(bare, "chromium")
    with pytest.raises(Unverified, match=r"admin\.browser: there is no program elsewhere"):
        executable("elsewhere")


def test_what_is_there_is_not_installed_again(bare: Path) -> None:
    chromium = program(bare, "chromium")
    said: list[str] = []
    assert install.ensure(said.append) == str(chromium)
    assert said == []


def test_the_first_installer_that_works_is_enough(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = f"open({str(bare / 'chromium')!r}, 'w').close(); import os; os.chmod({str(bare / 'chromium')!r}, 0o755)"
    installers = [[sys.executable, "-c", "raise SystemExit(1)"], [sys.executable, "-c", make], ["never-reached"]]
    monkeypatch.setattr(install, "_installers", lambda: installers)
    said: list[str] = []
    assert install.ensure(said.append) == str(bare / "chromium")
    assert len(said) == 2


def test_where_none_can_be_installed_it_says_how(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_installers", lambda: [["there-is-no-such-program"]])
    with pytest.raises(TargetError, match=r"apt install chromium.*admin\.browser"):
        install.ensure(lambda _: None)
