"""The runner's own variables, on top of `ingest.settings`: one class holds everything that configures the project."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from ingest.settings import DatabaseSettings, Settings, build_settings
from runner.postgres import EmbeddedCluster

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class RunnerSettings(Settings):
    """Portal, database, scratch space, and how dbt and the terminal behave."""

    threads: int = Field(4, alias="CRASHES_THREADS", ge=1, le=64, description="models that dbt builds at a time")
    log_level: LogLevel = Field(
        "INFO", alias="LOG_LEVEL", description="DEBUG, INFO, WARNING or ERROR; DEBUG shows tracebacks and dbt's log"
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def database(self) -> DatabaseSettings:
        """A host that is the embedded cluster's own socket folder is the embedded cluster, however it was named."""
        database = super().database
        return replace(database, embedded=database.embedded or database.host == str(self.home / "run"))

    @property
    def cluster(self) -> EmbeddedCluster:
        """The embedded cluster of these settings; only meaningful where `database.embedded`."""
        database = self.database
        return EmbeddedCluster(self.home, database.port, database.name, database.user)

    def secrets(self) -> list[str]:
        """What must never be shown, logged or recorded."""
        kept: list[SecretStr | None] = [self.api_token, self.db_password, self.database.password, self.database_url]
        return [value for secret in kept if secret and (value := secret.get_secret_value())]


def load_settings(**overrides: Any) -> RunnerSettings:
    """As `ingest.settings.load_settings`, with the runner's variables. Raises ConfigurationError."""
    return build_settings(RunnerSettings, overrides)


def describe(settings: RunnerSettings) -> dict[str, str]:
    """Every variable with the value in force, secrets masked, in the order of their declaration."""
    shown: dict[str, str] = {}
    for name, declared in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = "********" if value.get_secret_value() else None
        shown[declared.alias or name] = "" if value is None else str(value)
    shown["CRASHES_HOME"] = str(settings.home)
    return shown
