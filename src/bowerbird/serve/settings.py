"""This file is about the service's settings: one `bowerbird.toml` plus `BOWERBIRD_…`, unknown keys refused.

Precedence, strongest first: flags (given to `load_settings`), environment, file, defaults. A nested
setting is `[encode]` in the file and `BOWERBIRD_ENCODE__NAME` in the environment.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bowerbird.core.errors import ConfigError
from bowerbird.encode.config import EncodeConfig
from bowerbird.lake.places import as_address, is_remote
from bowerbird.serve.cores import usable_cores
from bowerbird.surfaces.feed.config import FeedConfig

ENV_PREFIX = "BOWERBIRD_"
FILE_NAME = "bowerbird.toml"
CONFIG_VARIABLE = "BOWERBIRD_CONFIG"
# Read by others: which file to read, where the page is built to, where the online store is.
_OTHER_VARIABLES = frozenset({"config", "server", "page_dir", "online"})
MEBIBYTE = 1024 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")

HostName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^(\*\.)?[A-Za-z0-9_.:\-]+$")]


class ServeSettings(BaseSettings):
    """Everything that `bowerbird serve` can be told."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__"
    )

    lake: Annotated[Path | str, BeforeValidator(as_address)] = Path("lake")
    """The lake: a folder, or `s3://bucket/prefix`."""
    home: Path | None = None
    """Where a lake in a bucket keeps the rest on this machine; unset: under the data folder."""
    host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8330
    """Port to listen on; 0 takes a free one."""
    allowed_hosts: tuple[HostName, ...] = ()
    """Names besides localhost, bare addresses and `host` that a browser may know this server by."""
    allow_edits: bool | None = None
    """Whether clients may add and delete items; unset: only while no other machine is let in."""
    threads: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=usable_cores)
    """Model threads; one per usable core."""
    queue_limit: Annotated[int, Field(ge=1, le=100_000)] = 64
    """Requests that may wait for a model thread; more get 503 or a cheaper page."""
    queue_wait_ms: Annotated[int, Field(ge=10, le=60_000)] = 1_000
    """The longest wait for a model thread before a request is given up with 503."""
    upload_limit_mb: Annotated[int, Field(ge=1, le=1_000)] = 20
    """Largest uploaded picture."""
    video_limit_mb: Annotated[int, Field(ge=1, le=4_000)] = 256
    """Largest uploaded video."""
    body_limit_kb: Annotated[int, Field(ge=16, le=65_536)] = 1_024
    """Largest body without a picture."""
    page_limit: Annotated[int, Field(ge=1, le=100)] = 25
    """Items a page when the client does not say."""
    page_limit_max: Annotated[int, Field(ge=1, le=500)] = 100
    """Most items a client may ask for at once."""
    events_limit: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Most events in one post."""
    sync_every_ms: Annotated[int, Field(ge=50, le=60_000)] = 1_000
    """How often the lake is asked for changes by other processes."""
    upkeep_every_s: Annotated[int, Field(ge=0, le=86_400)] = 60
    """How often recall is measured against exact search and a grown index is saved; 0 never."""
    background_displays: bool = True
    """Whether display sizes are made ahead while the server is idle."""
    run_sources: bool = True
    """Whether sources that `bowerbird lake sync add` registered are run when they are due."""
    encode: EncodeConfig = EncodeConfig()
    """Which encoders, and where their models are kept."""
    maintenance: Literal["on", "off"] = "on"
    """Whether a process that owns the lake's upkeep runs beside the server."""
    learn: bool = False
    """Whether a process that keeps the ranker learning runs beside the server; needs torch."""
    learn_least_pages: Annotated[int, Field(ge=1)] = 2_000
    """New pages after which that process trains again, if a day has not passed before."""
    learn_shadow_pages: Annotated[int, Field(ge=0)] = 0
    """Pages that a better ranker is asked about in the shadow before it serves anybody."""
    learn_canary: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the people whom it serves at first, until what they do decides; 0: all at once."""
    log_requests: bool = True
    """Whether what was offered and shown is kept in the request log, for models to learn from."""
    log_unshown: Annotated[int, Field(ge=0, le=10_000)] = 50
    """Candidates of each request that were not shown, yet are logged: a sample by chance."""
    random_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of logged feed pages whose slots are drawn evenly by chance, to learn from without bias."""
    feed: FeedConfig = FeedConfig()
    """How a page of the feed is made: shares, weights of actions, diversity, targets, exploring slots."""
    cookie_secure: bool = False
    """Mark the cookie Secure; set it behind HTTPS."""

    @model_validator(mode="after")
    def _random_share_is_said_once(self) -> "ServeSettings":
        if self.feed.random_share:
            raise ValueError(
                f"feed.random_share {self.feed.random_share} was given; needed is `random_share`, outside of "
                "the table of the feed; move it there"
            )
        return self

    @model_validator(mode="after")
    def _learns_in_a_folder(self) -> "ServeSettings":
        if self.learn and is_remote(self.lake):
            raise ValueError(
                f"learn was set for the lake {self.lake}; needed is a lake in a folder, since rankers are "
                "trained in one; leave it off"
            )
        return self

    @property
    def takes_edits(self) -> bool:
        """Whether clients may add and delete items."""
        return self.host in LOOPBACK if self.allow_edits is None else self.allow_edits

    @property
    def upload_limit_bytes(self) -> int:
        """Largest uploaded picture in bytes."""
        return self.upload_limit_mb * MEBIBYTE

    @property
    def video_limit_bytes(self) -> int:
        """Largest uploaded video in bytes."""
        return self.video_limit_mb * MEBIBYTE

    @property
    def body_limit_bytes(self) -> int:
        """Largest body without a picture, in bytes."""
        return self.body_limit_kb * 1024


def load_settings(file: Path | None = None, flags: Mapping[str, Any] | None = None) -> ServeSettings:
    """The effective settings.

    Args:
        file: a TOML file; without it `$BOWERBIRD_CONFIG`, then `bowerbird.toml` here, if there is one.
        flags: what the command line gave; None values are passed over.

    Raises:
        ConfigError: an unknown key, a value out of bounds, a file that is not TOML.
    """
    _refuse_unknown_environment(os.environ)
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    from_file = _read_file(file)
    for path in _environment_paths(os.environ):
        _drop(from_file, path)  # the environment is stronger, and pydantic reads it by itself
    try:
        return ServeSettings(**{**from_file, **given})
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from error


def settings_text(settings: ServeSettings) -> str:
    """The settings as TOML that `load_settings` reads back to the same."""
    given = settings.model_dump(mode="json", exclude_none=True)
    tables = {name: value for name, value in given.items() if isinstance(value, dict)}
    lines = [f"{name} = {_toml(value)}" for name, value in given.items() if name not in tables]
    for table, values in tables.items():
        lines += ["", f"[{table}]", *(f"{name} = {_toml(value)}" for name, value in values.items())]
    return "\n".join(lines)


def _read_file(file: Path | None) -> dict[str, Any]:
    named = file or (Path(os.environ[CONFIG_VARIABLE]) if CONFIG_VARIABLE in os.environ else None)
    path = named or Path(FILE_NAME)
    if named is None and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"settings file {path} cannot be read ({error.strerror}); name one that exists with --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"settings file {path} is not TOML: {error}; mend that line") from error


def _environment_paths(environment: Mapping[str, str]) -> set[tuple[str, ...]]:
    """Paths of the settings that the environment names: `BOWERBIRD_ENCODE__THREADS` is (encode, threads)."""
    words = (name[len(ENV_PREFIX) :].lower() for name in environment if name.upper().startswith(ENV_PREFIX))
    return {tuple(word.split("__")) for word in words}


def _drop(given: dict[str, Any], path: tuple[str, ...]) -> None:
    *tables, name = path
    inner: Any = given
    for table in tables:
        inner = inner.get(table) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner.pop(name, None)


def _refuse_unknown_environment(environment: Mapping[str, str]) -> None:
    known = set(ServeSettings.model_fields) | _OTHER_VARIABLES
    unknown = sorted({path[0] for path in _environment_paths(environment)} - known)
    if unknown:
        raise ConfigError(
            f"the environment sets {ENV_PREFIX}{unknown[0].upper()}, which is no setting; "
            f"known are {', '.join(sorted(known))}; unset it or mend its name"
        )


def _sentence(error: ValidationError) -> str:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"]) or "settings"
    if problem["type"] == "extra_forbidden":
        known = ", ".join(sorted(ServeSettings.model_fields))
        return f"{name} is no setting; known are {known}; remove it or mend its name"
    return f"setting {name} is {problem['input']!r}: {problem['msg']}; give another value"


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{_toml(name)} = {_toml(part)}" for name, part in value.items()) + "}"
        case list():
            return "[" + ", ".join(_toml(part) for part in value) + "]"
        case _:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
