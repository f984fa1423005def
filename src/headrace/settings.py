"""What an operator can set: on the command line, by `HEADRACE_*` variables or in `headrace.toml` in the working folder. The
first of these that says something wins. Every setting stands in `docs/settings.md` too; a test holds the two together."""

import os
import pwd
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from headrace.plan.targets import METADATA, TargetRule

# What `scripts` may be, beside the name of a user.
OFF, AS_SERVICE = "off", "as-service"


class Settings(BaseSettings):
    """The settings of one service. Durations are seconds, sizes are bytes."""

    model_config = SettingsConfigDict(
        env_prefix="HEADRACE_", toml_file="headrace.toml", extra="forbid", env_ignore_empty=True
    )

    host: str = Field("127.0.0.1", description="The address the service listens on.")
    port: int = Field(8080, ge=0, le=65535, description="The port the service listens on; 0 takes a free one.")
    data: Path = Field(Path("headrace-data"), description="The folder for the database and the files of test drops.")
    database: str | None = Field(
        None,
        description="Where the database is: a postgresql:// or sqlite:/// URL. By default a SQLite file in the data folder.",
    )
    public_url: str | None = Field(
        None, description="The address clients reach the service at, without a trailing slash; by default the request's own."
    )
    admin_token: SecretStr | None = Field(
        None, description="The token of the administrator; by default one is made at the first start and printed once."
    )

    max_users: int = Field(20_000, ge=1, description="Most virtual users of a run.")
    max_duration: int = Field(172_800, ge=1, description="Longest load of a run, and longest warm-up, in seconds.")
    max_concurrent_runs: int = Field(10, ge=1, description="Runs at a time; further ones stay queued.")
    max_urls: int = Field(1000, ge=1, description="Most URLs of a URL test.")
    max_body: int = Field(4 * 1024 * 1024, ge=1024, description="Largest body of a request to the API, in bytes.")
    max_plan: int = Field(
        16 * 1024 * 1024, ge=1024, description="Largest body of a request to the API that brings a plan.yaml, in bytes."
    )
    max_drop_file: int = Field(4 * 1024**3, ge=1024, description="Largest file of a test drop, in bytes.")
    max_drop: int = Field(
        8 * 1024**3,
        ge=1024,
        description="Largest test drop, in bytes: its files, and blocks of files that are being uploaded.",
    )
    max_drop_files: int = Field(10_000, ge=1, description="Most files of a test drop.")
    max_staged_blocks: int = Field(
        50_000, ge=1, description="Most blocks of a test drop that are uploaded but not yet part of a file."
    )
    blobs: SecretStr | None = Field(
        None,
        description="The connection string of an Azure Storage account that keeps the files of test drops, for which "
        "Headrace is installed with the extra azure; by default the service takes them and keeps them in its data folder.",
    )
    request_timeout: float = Field(
        60.0, gt=0, le=3600, description="How long a request of a test may take before it counts as timed out, in seconds."
    )
    targets_allow: tuple[str, ...] = Field(
        (), description="Hosts and networks that tests may be aimed at; empty allows all that is not denied."
    )
    targets_deny: tuple[str, ...] = Field(
        METADATA, description="Hosts and networks that no test may be aimed at; by default the clouds' metadata addresses."
    )
    scripts: str = Field(
        OFF,
        description="Who runs the setup and cleanup scripts of tests: nobody (off), the service's own user (as-service), or "
        "the user of this name, for which the service must be root.",
    )

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database or f"sqlite:///{(self.data / 'headrace.db').absolute()}"

    @field_validator("targets_allow", "targets_deny")
    @classmethod
    def _check_targets(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        TargetRule(allow=entries)  # a wrong entry is told at the start, not by the first run
        return entries

    @field_validator("scripts")
    @classmethod
    def _check_scripts(cls, scripts: str) -> str:
        if scripts in (OFF, AS_SERVICE):
            return scripts
        try:
            user = pwd.getpwnam(scripts)
        except (KeyError, ValueError):
            raise ValueError(f"give {OFF}, {AS_SERVICE} or the name of a user of this machine") from None
        if os.geteuid() not in (0, user.pw_uid):
            raise ValueError("only a service that runs as root can run scripts as another user")
        return scripts

    @property
    def targets(self) -> TargetRule:
        return TargetRule(self.targets_allow, self.targets_deny)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
