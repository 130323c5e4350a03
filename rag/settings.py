"""All settings, flat, each an environment variable `RENGLON_<NAME>` or a line of the file that RENGLON_ENV_FILE names.

No file is read by itself: a `.env` in whatever folder one stands in may be somebody else's, and could name a model
server that then gets every question.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from rag.errors import RenglonError

BUNDLED = "bundled"
ENV_FILE = "RENGLON_ENV_FILE"


class Settings(BaseSettings):
    """One page of settings; what isn't here is a constant with its reason beside it."""

    model_config = SettingsConfigDict(env_prefix="RENGLON_", extra="ignore")

    corpus: Path = Field(Path("seeds"), description="Folder of articles that `serve` keeps indexed.")
    collections: str = Field("", description="Named collections that are kept indexed: NAME=FOLDER, by comma.")
    data_dir: Path = Field(
        None,
        validate_default=True,
        description="Where catalogue, projections and model are kept; default: the system's place.",
    )
    models_dir: Path | None = Field(None, description="Where models are unpacked; default: data_dir/models.")
    model: str = Field(BUNDLED, description="`bundled`, a sentence-transformers folder, or a hub name.")
    reader: str = Field(
        BUNDLED, description="What finds the answer in a passage: `bundled`, `off`, a file, or its folder."
    )
    query_prompt: str = Field("query: ", description="Put before questions; E5's own.")
    passage_prompt: str = Field("passage: ", description="Put before passages and sentences; E5's own.")
    max_file_mb: float = Field(20, gt=0, description="Files over this many megabytes are refused.")
    max_file_lines: int = Field(400_000, ge=1, description="Files with more lines are refused.")
    max_file_sentences: int = Field(200_000, ge=1, description="Files with more sentences are refused.")
    max_question_chars: int = Field(2000, ge=1, description="Longer questions are refused.")
    passages: int = Field(10, ge=1, le=50, description="Passages retrieved for an answer.")
    max_waiting: int = Field(64, ge=0, description="Questions that may wait; further ones are refused (503).")
    max_wait_s: float = Field(3, gt=0, description="Seconds until a waiting question is refused (503).")
    max_sentences: int = Field(3, ge=1, le=3, description="Most sentences in an extractive answer.")
    calibration: Path | None = Field(None, description="File of `renglon eval --calibrate`; default: the shipped one.")
    threads: int = Field(0, ge=0, description="CPU threads of the encoder; 0: as many as there are cores.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0: any free one.")

    log_format: Literal["text", "json"] = Field("text", description="How the server's log is written.")
    api_key: SecretStr | None = Field(None, description="Keys by comma; when set, each /v1 route requires one of them.")
    read_key: SecretStr | None = Field(None, description="Keys by comma that may ask and read, and change nothing.")
    allowed_hosts: str = Field("", description="Further names that the service answers to, by comma.")
    include: str = Field("", description="Only files that match one of these globs, by comma, are indexed.")
    exclude: str = Field("", description="Files that match one of these globs, by comma, are not indexed.")
    chroma_url: str | None = Field(None, description="A Chroma server for the dense projection; default: a local one.")
    database_url: SecretStr | None = Field(None, description="PostgreSQL with pgvector; default: the data folder.")
    llm_url: str | None = Field(None, description="Base URL of an OpenAI-compatible server that writes the answers.")
    llm_model: str | None = Field(None, description="Its model; default: the first that the server names.")
    llm_key: SecretStr | None = Field(None, description="Its key, where it wants one.")
    llm_timeout_s: float = Field(30, gt=0, description="Seconds for a written answer; then the extracted one is given.")

    @field_validator("data_dir", mode="before")
    @classmethod
    def _chosen(cls, value: object) -> object:
        return default_data_dir() if value is None else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the named file. Raises RenglonError when there is no such file."""
        path = os.environ.get(ENV_FILE)
        if path and not Path(path).is_file():
            raise RenglonError(f"There is no file {path}, which {ENV_FILE} names.", f"Correct or unset {ENV_FILE}.")
        return init_settings, env_settings, DotEnvSettingsSource(settings_cls, env_file=path)

    @property
    def api_keys(self) -> list[str]:
        """The keys that open everything; none are set when it is empty."""
        return _listed(self.api_key)

    @property
    def read_keys(self) -> list[str]:
        """The keys that only read."""
        return _listed(self.read_key)

    @property
    def max_file_bytes(self) -> int:
        """Size of the largest file that is indexed."""
        return int(self.max_file_mb * 1_000_000)

    @property
    def models_path(self) -> Path:
        """Folder of unpacked models."""
        return self.models_dir or self.data_dir / "models"


def default_data_dir() -> Path:
    """`.renglon` in this folder, where the user has one there (as `make run` does); else the system's place for data.

    Somebody else's folder of that name is not taken: its catalogue would be answered from.
    """
    here = Path(".renglon")
    if here.is_dir() and here.stat().st_uid == os.getuid():
        return here
    return user_data_path("renglon", appauthor=False)


def _listed(keys: SecretStr | None) -> list[str]:
    """Several keys can be valid at once, so that one can be replaced while its users still have the other."""
    return [key for one in keys.get_secret_value().split(",") if (key := one.strip())] if keys else []
