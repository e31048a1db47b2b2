"""The runner's own variables, on top of `ingest.settings`: one class holds everything that configures the project."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from ingest.settings import DatabaseSettings, Settings, build_settings
from runner.database.cluster import EmbeddedCluster

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LogFormat = Literal["text", "json"]
SmtpSecurity = Literal["starttls", "tls", "none"]


class RunnerSettings(Settings):
    """Portal, database, scratch space, and how dbt and the terminal behave."""

    threads: int = Field(4, alias="CRASHES_THREADS", ge=1, le=64, description="models that dbt builds at a time")
    log_level: LogLevel = Field(
        "INFO", alias="LOG_LEVEL", description="DEBUG, INFO, WARNING or ERROR; DEBUG shows tracebacks and dbt's log"
    )

    log_format: LogFormat = Field(
        "text", alias="LOG_FORMAT", description="text or json: one JSON object a line on stderr, for log collectors"
    )
    keep_executions_days: int = Field(
        400, alias="CRASHES_KEEP_EXECUTIONS_DAYS", ge=1, description="days that `crashes prune` keeps executions"
    )
    keep_logs_days: int = Field(
        60, alias="CRASHES_KEEP_LOGS_DAYS", ge=1, description="days that it keeps the lines they logged"
    )
    smtp_host: str | None = Field(
        None, alias="CRASHES_SMTP_HOST", description="server that takes mail; unset: none is sent"
    )
    smtp_port: int = Field(587, alias="CRASHES_SMTP_PORT", ge=1, le=65535, description="its port")
    smtp_user: str | None = Field(None, alias="CRASHES_SMTP_USER", description="who logs in there; unset: nobody does")
    smtp_password: SecretStr = Field(SecretStr(""), alias="CRASHES_SMTP_PASSWORD", description="their password")
    smtp_security: SmtpSecurity = Field(
        "starttls",
        alias="CRASHES_SMTP_SECURITY",
        description="starttls, tls (from the first byte, port 465) or none",
    )
    mail_from: str | None = Field(None, alias="CRASHES_MAIL_FROM", description="address that the mail comes from")
    mail_to: str | None = Field(None, alias="CRASHES_MAIL_TO", description="addresses that get it, separated by commas")
    webhook_url: SecretStr | None = Field(
        None, alias="CRASHES_WEBHOOK_URL", description='gets messages as JSON, `{"text": …}`, as Slack takes them'
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return value if value is None else _address(value)

    @field_validator("mail_to")
    @classmethod
    def _are_addresses(cls, value: str | None) -> str | None:
        return value if value is None else ", ".join(map(_address, value.split(",")))

    @field_validator("webhook_url")
    @classmethod
    def _is_a_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_web_address(value.get_secret_value())
        return value

    @property
    def mail_recipients(self) -> list[str]:
        return self.mail_to.split(", ") if self.mail_to else []

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
        kept += [self.smtp_password, self.webhook_url]
        return [value for secret in kept if secret and (value := secret.get_secret_value())]


def load_settings(**overrides: Any) -> RunnerSettings:
    """As `ingest.settings.load_settings`, with the runner's variables. Raises ConfigurationError."""
    return build_settings(RunnerSettings, overrides)


def _address(text: str) -> str:
    """Whether anybody reads there only a mail can tell; this keeps what would break a header out of it."""
    address = text.strip()
    name, _, domain = address.partition("@")
    if not name or not domain or "@" in domain or not address.isprintable() or set(address) & set(' <>",;'):
        raise ValueError("holds something that is no address such as somebody@example.org")
    return address


def _check_web_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and url.isprintable() and " " not in url
        _ = parts.port
    except ValueError:  # its own words quote the address, which is a secret
        usable = False
    if not usable:
        raise ValueError("must be an address such as https://host/path")


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
