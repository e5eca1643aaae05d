"""What the assessments service is told from outside."""

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class AssessmentsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ASSESSMENTS_")

    scheduling_url: str
    """Where appointments are read from, and where clients and providers are told things."""

    public_url: str
    """Where clients and providers reach this service's pages: links in mails lead there."""
    link_key: str
    """Signs those links; the same for all instances of the service."""
    cookie_secure: bool = True
    """False only where pages are served over plain HTTP, in the local stack."""
