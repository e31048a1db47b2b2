"""Every variable that configures this project, typed in one place: environment over `.env` over default.

The runner's own variables are added in `runner.settings`; `runner.plain_tools` gives dbt and dlt the same values.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import psycopg2
import psycopg2.extensions
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.errors import ConfigurationError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
CITY_PORTAL_URL = "https://data.cityofchicago.org"

EMBEDDED_PORT = 5432


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the tables are. `host` is a host name or, for a Unix socket, the absolute folder that holds it."""

    host: str
    port: int
    name: str
    user: str
    password: SecretStr
    embedded: bool
    sslmode: str | None = None

    def connect_args(self) -> dict[str, Any]:
        """Keyword arguments of `psycopg2.connect`."""
        args: dict[str, Any] = {"host": self.host, "port": self.port, "dbname": self.name, "user": self.user}
        if self.password.get_secret_value():
            args["password"] = self.password.get_secret_value()
        if self.sslmode:
            args["sslmode"] = self.sslmode
        return args

    def url(self) -> str:
        """A libpq URL, as dlt and ADBC take it. dlt insists on a password even where none is used."""
        password = quote(self.password.get_secret_value() or "unused", safe="")
        query = f"?{urlencode({'sslmode': self.sslmode})}" if self.sslmode else ""
        host = quote(self.host, safe="")
        return (
            f"postgresql://{quote(self.user, safe='')}:{password}@{host}:{self.port}/{quote(self.name, safe='')}{query}"
        )

    def environment(self) -> dict[str, str]:
        """The same place as the variables that `profiles.yml` reads."""
        variables = {
            "CRASHES_DB_HOST": self.host,
            "CRASHES_DB_PORT": str(self.port),
            "CRASHES_DB_NAME": self.name,
            "CRASHES_DB_USER": self.user,
            "CRASHES_DB_PASSWORD": self.password.get_secret_value() or "unused",
        }
        if self.sslmode:
            variables["PGSSLMODE"] = self.sslmode
        return variables

    def __str__(self) -> str:
        """The place without the password, for logs and messages."""
        return f"{self.name} on {self.host}:{self.port} as {self.user}"


class Settings(BaseSettings):
    """Portal, database and scratch space. Construct through `load_settings`, which turns faults into sentences."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    db_host: str | None = Field(
        None, alias="CRASHES_DB_HOST", description="PostgreSQL server; unset: the embedded cluster"
    )
    db_port: int = Field(5432, alias="CRASHES_DB_PORT", ge=1, le=65535, description="its port")
    db_name: str = Field("crashes", alias="CRASHES_DB_NAME", description="its database")
    db_user: str = Field("crashes", alias="CRASHES_DB_USER", description="the role that loads and transforms")
    db_password: SecretStr = Field(SecretStr(""), alias="CRASHES_DB_PASSWORD", description="its password")
    database_url: SecretStr | None = Field(
        None,
        alias="CRASHES_DATABASE_URL",
        description="all five in one: `postgresql://user:password@host:port/name`",
    )
    portal_url: str = Field(CITY_PORTAL_URL, alias="CRASHES_PORTAL_URL", description="the SODA portal to read")
    api_token: SecretStr | None = Field(
        None,
        alias="CHICAGO_API_TOKEN",
        description="application token of the portal; not needed, but throttled less",
    )
    page_size: int = Field(
        50_000, alias="CRASHES_PAGE_SIZE", ge=1, le=1_000_000, description="rows asked for at a time"
    )
    requests_per_hour: int | None = Field(
        None,
        alias="CRASHES_REQUESTS_PER_HOUR",
        ge=1,
        description="upper limit of requests to the portal; unset: none",
    )
    home_dir: Path | None = Field(
        None, alias="CRASHES_HOME", description="where the embedded cluster and scratch files live"
    )

    @field_validator("portal_url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _database_url_is_readable(self) -> Self:
        if self.database_url is not None:
            _ = self.database
        return self

    @property
    def home(self) -> Path:
        """Folder of this clone's embedded cluster and of dlt's scratch files."""
        return self.home_dir.expanduser().absolute() if self.home_dir is not None else default_home()

    @property
    def pipelines_dir(self) -> Path:
        """dlt's working folder; `DLT_DATA_DIR` is its parent, so `dlt pipeline chicago_crashes info` finds it."""
        return self.home / "dlt" / "pipelines"

    @property
    def database(self) -> DatabaseSettings:
        """The configured server, or the embedded cluster where none is configured."""
        if self.database_url is not None:
            return _from_url(self.database_url.get_secret_value())
        embedded = self.db_host is None
        return DatabaseSettings(
            host=str(self.home / "run") if self.db_host is None else self.db_host,
            port=EMBEDDED_PORT if embedded else self.db_port,  # of the embedded cluster, a part of its socket's name
            name=self.db_name,
            user=self.db_user,
            password=self.db_password,
            embedded=embedded,
        )


def default_home() -> Path:
    """A folder for this clone alone, so that two clones on a machine never share a database.

    As root PostgreSQL refuses to run and the `postgres` account cannot look into /root, hence /var/lib.
    """
    here = f"{PROJECT_ROOT.name}-{hashlib.sha256(str(PROJECT_ROOT).encode()).hexdigest()[:8]}"
    if os.geteuid() == 0:
        return Path("/var/lib/chicago-crashes") / here
    data_home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data_home) / "chicago-crashes" / here


S = TypeVar("S", bound="Settings")


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, `.env` and defaults; `overrides` (by field name) win over all.

    Raises ConfigurationError, naming the variable, never its value.
    """
    return build_settings(Settings, overrides)


def build_settings(kind: type[S], overrides: dict[str, Any]) -> S:
    """`load_settings` for any settings class built on `Settings`."""
    try:
        return kind(**{key: value for key, value in overrides.items() if value is not None})
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(
            f"{PROJECT_ROOT / '.env'} cannot be read: {error}.", remedy="Make it readable UTF-8 text, or remove it."
        ) from None
    except ValidationError as error:
        faults = "; ".join(f"{_variable(kind, fault['loc'])}: {_sentence(fault['msg'])}" for fault in error.errors())
        raise ConfigurationError(
            f"The configuration cannot be used: {faults}.",
            remedy="Correct the variable in the environment or in .env; `crashes status` shows what is in force.",
        ) from None


def _variable(kind: type[Settings], location: tuple[int | str, ...]) -> str:
    if not location:
        return "CRASHES_DATABASE_URL"
    declared = kind.model_fields.get(str(location[0]))
    return (declared.alias if declared else None) or str(location[0])


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


def _port(text: str | None) -> int:
    if text and not text.isdigit():
        raise ValueError("its port is no number; @, : and / in a password are written %40, %3A and %2F")
    return int(text or 5432)


def _from_url(url: str) -> DatabaseSettings:
    try:
        parts = psycopg2.extensions.parse_dsn(url)
    except psycopg2.ProgrammingError:
        raise ValueError("is not a PostgreSQL URL such as postgresql://user:password@host:5432/crashes") from None
    return DatabaseSettings(
        host=parts.get("host") or "localhost",
        port=_port(parts.get("port")),
        name=parts.get("dbname") or "crashes",
        user=parts.get("user") or "crashes",
        password=SecretStr(parts.get("password") or ""),
        embedded=False,
        sslmode=parts.get("sslmode"),
    )
