"""What the scheduling service is told from outside."""

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class SchedulingSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SCHEDULING_")

    consent_url: str
    """Where the choice on a first request goes at once. Scheduling works without it: the choice then goes by event."""
