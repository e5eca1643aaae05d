"""What reporting has on record as disclosed, read page by page. It is written where the bytes leave, in the transaction before they do
(docs/decisions/0017), so it is asked for there and kept nowhere else."""

from typing import Any, Protocol
from uuid import UUID

from consent.accounting.rules import Entry, LegalBasis

PAGE = 500


class Reporting(Protocol):
    """`consent.pages.neighbour.Reporting`: None where it cannot be asked."""

    async def get_json(self, path: str, query: dict[str, Any]) -> dict[str, Any] | None: ...


async def disclosures_of(reporting: Reporting, client_id: UUID) -> list[Entry] | None:
    """All of them; None where reporting is away."""
    found: list[Entry] = []
    query: dict[str, Any] = {"limit": PAGE}
    while True:
        page = await reporting.get_json(f"/v1/clients/{client_id}/disclosures", query)
        if page is None:
            return None
        found += [_entry(item) for item in page["items"]]
        if not page.get("next"):
            return found
        query["cursor"] = page["next"]


def _entry(item: dict[str, Any]) -> Entry:
    return Entry(
        entry_id=item["disclosure_id"],
        disclosed_at=item["disclosed_at"],
        recipient_name=item["recipient_name"],
        recipient_address=item["recipient_address"],
        path=item["path"],
        kinds=item["categories"],
        records=item["records"],
        purpose=item["purpose"],
        legal_basis=LegalBasis.AUTHORIZATION,
        programme=item["programme"],
        case_id=item["export_id"],
        contract_id=item["contract_id"],
        recalled_by=item["recalled_by"],
        recall=item["recall"],
    )
