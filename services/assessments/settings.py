"""What the assessments service is told from outside."""

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class AssessmentsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ASSESSMENTS_")

    scheduling_url: str
