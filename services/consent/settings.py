"""What the consent service is told from outside."""

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class ConsentSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CONSENT_")

    scheduling_url: str
    reporting_url: str
    sink_due_seconds: float = 60
    """After this long a sink that has not answered an opt-out is overdue, and the privacy officer is alarmed."""
    recall_due_seconds: float = 900
    """The same for the recipient's acknowledgement of a recall."""
