"""What the consent service is told from outside."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class ConsentSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CONSENT_")

    scheduling_url: str
    assessments_url: str
    reporting_url: str
    signing_key_file: Path
    """The private key (PEM) for ledger checkpoints and receipts; retired ones beside it (`consent.ledger.signing`)."""
    checkpoint_seconds: float = 60
    """How often the ledger's heads are signed: a consistent rewrite of what is younger is found only by receipts and witnesses."""
    sink_due_seconds: float = 60
    """After this long a sink that has not answered an opt-out is overdue, and the privacy officer is alarmed."""
    recall_due_seconds: float = 900
    """The same for the recipient's acknowledgement of a recall."""
    attestation_due_seconds: float = 864_000
    """The same for its statement that what was recalled is deleted: ten days."""

    public_url: str
    """Where clients reach this service: it stands in links."""
    network_name: str = "Care Connect network"
    """Who answers for the data, as receipts say it."""
    privacy_address: str
    """The mail address of the privacy officer: what is written to it is taken in, and answered from it."""
    address_key: str
    """Keys the digests under which clients' mail addresses are kept. Set once: with another one no sender is known."""
    mail_due_seconds: float = 86_400
    """After this long a mail that the privacy officer has not resolved is overdue."""
    smtp_host: str = "127.0.0.1"
    smtp_port: int | None = None
    """Where the mail gateway hands mails on to. None: this instance takes no mails."""
    authserv_id: str = "mx.invalid"
    """Our mail gateway's name in Authentication-Results (RFC 8601); it must remove such headers that came from outside."""
    smtp_relay_host: str
    smtp_relay_port: int = 25
    """Where answers are handed to."""
    parked_due_seconds: float = 3600
    """After this long a client whose events wait behind one that could not be applied is overdue, on the privacy officer's page."""
    document_key: str
    """Under which what is kept encrypted is encrypted (legal documents, parts, bundles). Set once: with another one none of it opens."""
    access_bundle_days: float = 30
    """How long the copy of an access request can be taken before it is erased."""
    cookie_secure: bool = True
    """False only where pages are served over plain HTTP, in the local stack."""
