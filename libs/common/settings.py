"""What every service is told from outside. Each service has a subclass with its own prefix; `app.py` reads it once."""

from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """No default for an address or a secret."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    port: int
    host: str = "127.0.0.1"
    instance: str = "1"
    """Distinguishes instances of one service; stable across restarts, so that a restarted one takes its partitions back at once."""

    database_url: str
    kafka: str
    topic_prefix: str = ""
    streams: int = 16
    """Partitions of the topics. Set once for ever: it decides which stream a client belongs to."""
    replication_factor: int = 1

    token_issuer: str
    token_audience: str = "care-connect"
    jwks_url: str
    token_url: str
    client_id: str
    client_secret: str

    clock: Literal["real", "simulated"] = "real"
    cors_origins: tuple[str, ...] = ()
    body_limit: int = 65_536
    relay_poll_seconds: float = 1.0
    """How often the relay looks for what no wake-up told it of: one that was lost with its connection."""
    sweep_seconds: float = 2.0
    """How often a consumer compares what it has applied with the owner's heads."""
