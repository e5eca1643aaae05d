"""What a resource is made with beside its own row: whose it is, and what else there is to refer to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from consent.bundles.fhir.elements import Resource, reference
from consent.bundles.records import Held, Row

IDS = {"consultation_request": "request_id", "assessment_response": "response_id"}
"""Of the tables that are referred to."""


@dataclass(frozen=True)
class Known:
    client: str
    held: Held
    network: str

    @property
    def patient(self) -> Resource | None:
        return reference(self.client)

    def rows(self, service: str, table: str) -> Sequence[Row]:
        return self.held.rows(service, table)

    def reference(self, service: str, table: str, record_id: object) -> Resource | None:
        """None for what is not in the bundle."""
        return reference(record_id) if (service, table, str(record_id)) in self._there else None

    @cached_property
    def _there(self) -> frozenset[tuple[str, str, str]]:
        return frozenset((service, table, str(row.get(IDS[table]))) for service, table, rows in self.held if table in IDS for row in rows)
