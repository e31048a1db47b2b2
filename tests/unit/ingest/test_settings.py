"""The environment becomes settings, and what cannot be meant becomes a sentence that names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.errors import ConfigurationError
from ingest.settings import Settings, default_home, load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for declared in Settings.model_fields.values():
        monkeypatch.delenv(str(declared.alias), raising=False)


def test_without_any_variable_the_embedded_cluster_of_this_clone_is_used() -> None:
    settings = load_settings()
    assert settings.database.embedded
    assert settings.database.host == str(default_home() / "run")


def test_a_url_sets_all_five_and_keeps_odd_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHES_DATABASE_URL", "postgresql://me:p%40ss%2Fw@db.example:6543/c%20d?sslmode=require")
    database = load_settings().database
    assert not database.embedded
    assert database.connect_args() == {
        "host": "db.example",
        "port": 6543,
        "dbname": "c d",
        "user": "me",
        "password": "p@ss/w",
        "sslmode": "require",
    }
    assert database.url() == "postgresql://me:p%40ss%2Fw@db.example:6543/c%20d?sslmode=require"


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHES_DATABASE_URL", "postgresql://me:sesame@db.example/x")
    monkeypatch.setenv("CHICAGO_API_TOKEN", "opensesame")
    settings = load_settings()
    assert "sesame" not in f"{settings!r} {settings.database} {settings.database!r}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CRASHES_DB_PORT", "seventy"),
        ("CRASHES_DB_PORT", "70000"),
        ("CRASHES_PAGE_SIZE", "0"),
        ("CRASHES_PORTAL_URL", "data.cityofchicago.org"),
        ("CRASHES_DATABASE_URL", "mysql:secret"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert variable in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.exit_code == 2


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHES_PORTAL_URL", "https://one.example")
    assert load_settings(portal_url="https://two.example/").portal_url == "https://two.example"


def test_home_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRASHES_HOME", str(tmp_path))
    assert load_settings().pipelines_dir == tmp_path / "dlt" / "pipelines"
