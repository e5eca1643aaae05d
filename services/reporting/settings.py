"""What the reporting service is told from outside."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class ReportingSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="REPORTING_")

    consent_url: str
    scheduling_url: str
    assessments_url: str
    public_url: str
    """Where browsers find this service."""
    cookie_secure: bool = True
    page_rows: int = 200
    """Rows of one page of a download: small, for a page under way holds up the opt-outs of its stream."""
    page_seconds: float = 1.0
    """A recipient that does not take a page within this time is cut off."""
    freshness_seconds: float = 2.0
    """How long a release waits for consent's heads to be applied before it is refused."""
    most_page_rows: int = 6400
    """Pages grow while they are taken at once, up to this many rows."""
    export_hours: float = 24
    """How long the files of an export are kept once they are built."""
    sealing_folder: Path
    """Where the keys of the sealing epochs are: on no disk that is backed up, shared by all instances."""
    sealing_epoch_hours: float = 24
    """After this long all sealing keys are wrapped anew, and no backup's can be unwrapped any more."""
    webhooks_over_http: bool = False
    """True only in the local stack: webhooks go over HTTPS."""
    release_every_seconds: float = 86_400
    """How often the rollups are counted a second time and what is due is released. 0: on command only (`POST /v1/releases`)."""
