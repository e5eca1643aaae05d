"""What the scheduling service is told from outside."""

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class SchedulingSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SCHEDULING_")

    consent_url: str
    """Where the choice on a first request goes at once. Scheduling works without it: the choice then goes by event."""

    public_url: str
    """Where clients and providers reach this service's pages: it stands in mails."""
    mail_from: str
    """The address that mails come from. Whoever sees it in a mailbox must not learn what the network does."""
    smtp_relay_host: str
    smtp_relay_port: int = 25
    """Where mails are handed to."""
    cookie_secure: bool = True
    """False only where pages are served over plain HTTP, in the local stack."""
    eligibility_url: str | None = None
    """A payer's FHIR R4 server that coverage is verified at (docs/guides/eligibility-check.md). None: by our own records only."""
