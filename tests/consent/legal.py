"""Legal demands as tests make them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from common.contracts.privacy import RecordCategory, Scope
from consent.legal_demands.rules import BASES, UNDATED, Content, IdentityEvidence, LegalBasis
from consent.legal_demands.states import Demand, Form, Suspension, approved, recorded

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
DATED = tuple(sorted(set(RecordCategory) - UNDATED))


def content(basis: LegalBasis = LegalBasis.ORDER_OF_TRIBUNAL, **more: Any) -> Content:
    """With all that the basis needs."""
    row = BASES[basis]
    said: dict[str, Any] = {
        "client_id": uuid4(),
        "kind": min(row.kinds),
        "legal_basis": basis,
        "law": "M.G.L. c. 19A" if row.law else None,
        "authority_name": "Superior Court",
        "identity_evidence": IdentityEvidence.LETTERHEAD,
        "reference": "2026-CV-0417",
        "received_at": NOW,
        "respond_by": NOW + timedelta(days=14),
        "statements": tuple(sorted(row.statements)),
        "scope": Scope(categories=tuple(row.only or [RecordCategory.APPOINTMENTS]), since=date(2026, 1, 1), until=date(2026, 6, 30)),
        "minimum_necessary": "It names visits in the first half of the year.",
        "document_id": uuid4(),
        "assurance_document_id": uuid4() if row.assurance else None,
    }
    return Content(**(said | more))


def demand(officer: UUID, basis: LegalBasis = LegalBasis.ORDER_OF_TRIBUNAL) -> Demand:
    return recorded(uuid4(), content(basis), "9f" * 32, officer, NOW)


def approved_demand(basis: LegalBasis = LegalBasis.ORDER_OF_TRIBUNAL) -> Demand:
    return approved(demand(uuid4(), basis), uuid4(), uuid4(), NOW)


def suspension(form: Form, days: float, **more: Any) -> Suspension:
    said: dict[str, Any] = {
        "suspension_id": uuid4(),
        "demand_id": uuid4(),
        "form": form,
        "stated_by": "Fraud division, Inspector 4417",
        "stated_at": NOW,
        "until": NOW + timedelta(days=days),
        "statement": "The client would warn the provider." if form is Form.ORAL else None,
        "document_id": uuid4() if form is Form.WRITTEN else None,
        "recorded_by": uuid4(),
        "recorded_at": NOW,
    }
    return Suspension(**(said | more))
