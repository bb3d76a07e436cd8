"""The one typed settings object: flags over environment (``CODEPAR_``) over ``$XDG_CONFIG_HOME/codepar/config.toml``.

The environment is read once, by the entry point that builds ``Settings``; everything else is given the object. Limits: a
``.env`` file of the current folder is never read.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

DEFAULT_MODEL = "qwen2.5-coder-0.5b-instruct-q8_0"
# sockaddr_un holds 108 bytes; the broker and its clients add a little.
MAX_SOCKET_PATH_BYTES = 100


def _xdg(variable: str, fallback: str) -> Path:
    value = os.environ.get(variable, "")
    return (Path(value) if value.startswith("/") else Path.home() / fallback) / "codepar"


def _runtime_directory(known: dict[str, Any]) -> Path:
    # Services with a data folder each must not meet in one runtime folder.
    data_dir = Path(known.get("data_dir", "")).absolute()
    instance = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    value = os.environ.get("XDG_RUNTIME_DIR", "")
    if value.startswith("/") and os.access(value, os.W_OK):
        return Path(value) / f"codepar-{instance}"
    return Path(tempfile.gettempdir()) / f"codepar-{os.getuid()}-{instance}"


class Settings(BaseSettings):
    """Everything an operator can set. Times are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="CODEPAR_", env_file=None, env_ignore_empty=True, frozen=True, extra="ignore")

    data_dir: Path = Field(default_factory=lambda: _xdg("XDG_DATA_HOME", ".local/share"))
    runtime_dir: Path = Field(default_factory=_runtime_directory)

    host: str = "127.0.0.1"
    port: int = Field(default=8421, ge=0, le=65535)
    server_url: str = Field(default="http://127.0.0.1:8421", description="the service that clients such as `codepar jobs` ask")
    redis_url: str | None = Field(default=None, description="broker of your own; unset: an embedded one under `codepar serve`")
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; unset: SQLite in the data folder")
    engine_url: str | None = Field(default=None, description="OpenAI-compatible base URL, ending in /v1")
    engine_api_key: str | None = None
    model: str = Field(default=DEFAULT_MODEL, description="name of a pulled or built model, or the model name at engine_url")
    site_model: str = Field(default="mpi-sites", description="the built site scorer, used where it is installed")
    hub_url: str = Field(default="https://huggingface.co", description="hub, or a mirror of it, for `codepar models pull`")
    adapter: Path | None = Field(default=None, description="PEFT adapter folder for the transformers backend")
    engine_backend: Literal["openvino", "transformers"] = "openvino"
    engine_threads: int | None = Field(default=None, ge=1)
    engine_cache_bytes: int = Field(default=1024**3, ge=64 * 1024**2)

    execute_workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    job_workers: int = Field(default=4, ge=1)
    gpu_workers: int = Field(
        default=1, ge=1, description="runs at once on the device; they share its memory, which nothing bounds"
    )
    heartbeat_s: float = Field(default=3.0, gt=0)
    lease_s: float = Field(default=10.0, gt=0)
    max_attempts: int = Field(default=3, ge=1)
    max_queued_jobs: int = Field(default=10_000, ge=1, description="when so many jobs wait, a submission is answered 429")
    retention_days: float = Field(default=30.0, gt=0)
    max_body_bytes: int = Field(default=20 * 1024**2, ge=1024)
    max_wait_s: float = Field(default=120.0, ge=0)

    sandbox_binds: tuple[Path, ...] = Field(default=(), description="host folders bound read-only into every box")
    sandbox_environment: dict[str, str] = Field(default_factory=dict)
    nvcc: Path | None = Field(default=None, description="CUDA compiler; unset: the wheels' (extra nvcc), else the system's")
    compute_sanitizer: Path | None = Field(
        default=None, description="NVIDIA's; unset: the wheel's (extra gpu), else the system's"
    )
    compile_cache_bytes: int = Field(default=2 * 1024**3, ge=0)

    oracle_runs: int = Field(default=3, ge=1, le=20)
    oracle_rtol: float = Field(default=1e-6, ge=0)
    oracle_atol: float = Field(default=1e-9, ge=0)

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("data_dir", "runtime_dir")
    @classmethod
    def _as_absolute(cls, path: Path) -> Path:
        # Processes of one service may stand in different folders.
        try:
            return path.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        config = _xdg("XDG_CONFIG_HOME", ".config") / "config.toml"
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config)

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    @property
    def cache_dir(self) -> Path:
        return self.data_dir / "cache"

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'codepar.sqlite3'}"

    @property
    def broker_socket(self) -> Path:
        """The embedded broker's socket; a path too long for the kernel gets a short stand-in that all processes compute alike."""
        socket = self.runtime_dir / "broker.sock"
        if len(os.fsencode(socket)) <= MAX_SOCKET_PATH_BYTES:
            return socket
        digest = hashlib.sha256(os.fsencode(self.runtime_dir)).hexdigest()[:16]
        return Path(f"/tmp/codepar-{os.getuid()}-{digest}/broker.sock")  # noqa: S108 - its owner and mode are checked before use

    @property
    def broker_url(self) -> str:
        """The Redis URL that every process uses."""
        return self.redis_url or f"unix://{quote(str(self.broker_socket))}"

    def environment(self) -> dict[str, str]:
        """These settings as ``CODEPAR_`` variables, for child processes that must see the same ones."""
        dumped = self.model_dump(mode="json", exclude_none=True)
        return {
            f"CODEPAR_{name.upper()}": value if isinstance(value, str) else json.dumps(value) for name, value in dumped.items()
        }
