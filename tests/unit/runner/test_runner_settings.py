"""The runner's variables on top of those of ingest."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.errors import ConfigurationError
from runner.settings import describe, load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CRASHES_DB_HOST", "CRASHES_DATABASE_URL", "CRASHES_DB_PASSWORD", "CHICAGO_API_TOKEN", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CRASHES_HOME", str(tmp_path))


def test_no_server_means_the_embedded_cluster(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.database.embedded
    assert settings.cluster.run_dir == tmp_path / "run" == Path(settings.database.host)


def test_the_embedded_clusters_own_socket_as_host_is_still_the_embedded_cluster(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRASHES_DB_HOST", str(tmp_path / "run"))
    assert load_settings().database.embedded
    monkeypatch.setenv("CRASHES_DB_HOST", "db.example")
    assert not load_settings().database.embedded


def test_the_log_level_is_read_in_any_case_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert load_settings().log_level == "DEBUG"
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(ConfigurationError, match="LOG_LEVEL"):
        load_settings()


def test_what_is_shown_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHICAGO_API_TOKEN", "tok-12345")
    monkeypatch.setenv("CRASHES_DATABASE_URL", "postgresql://u:hunter2@db/x")
    shown = str(describe(load_settings()))
    assert "tok-12345" not in shown
    assert "hunter2" not in shown
    assert sorted(load_settings().secrets()) == ["hunter2", "postgresql://u:hunter2@db/x", "tok-12345"]
