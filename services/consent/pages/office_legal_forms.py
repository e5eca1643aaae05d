"""The forms of the privacy officer's pages about legal demands. Times are UTC."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.formparsers import MultiPartParser

from common.contracts.privacy import RecordCategory
from common.contracts.vocabulary import Programme
from common.never_kept import FreeText, StructuredText
from common.problems import Problem
from consent.documents.rules import LARGEST
from consent.legal_demands.bodies import DemandIn, ScopeIn, SuspensionIn
from consent.legal_demands.rules import Content, DemandKind, IdentityEvidence, LegalBasis, Statement
from consent.legal_demands.states import Form as SuspensionForm

# A larger upload would be put into a temporary file, where a paper would stand unencrypted.
MultiPartParser.spool_max_size = LARGEST

NOT_YET = UUID(int=0)
Line = Annotated[StructuredText, Field(max_length=200)]


class DemandForm(BaseModel):
    """As `DemandIn`, with the papers themselves."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    csrf: StructuredText = Field(max_length=64)
    client_id: Annotated[StructuredText, Field(max_length=36)] = ""
    kind: DemandKind
    legal_basis: LegalBasis
    law: Line = ""
    authority_name: Line
    authority_address: Annotated[StructuredText, Field(max_length=400)] = ""
    identity_evidence: IdentityEvidence
    reference: Line
    received_at: datetime
    respond_by: datetime
    statement: list[Statement] = []
    category: list[RecordCategory] = []
    since: date | None = None
    until: date | None = None
    programme: Programme | None = None
    minimum_necessary: Annotated[FreeText, Field(max_length=2000)]
    document: UploadFile
    assurance: UploadFile | None = None

    def content(self, document_id: UUID, assurance_document_id: UUID | None) -> Content:
        """Raises Problem."""
        sent = self.model_dump(include=set(DemandIn.model_fields) - {"scope"}) | {"law": self.law or None}
        scope = ScopeIn(categories=tuple(self.category), since=self.since, until=self.until, programme=self.programme)
        moments = {name: getattr(self, name).replace(tzinfo=UTC) for name in ("received_at", "respond_by")}
        papers = {"document_id": document_id, "assurance_document_id": assurance_document_id}
        given = {"authority_address": self.authority_address or None, "statements": tuple(self.statement), "scope": scope}
        try:
            return DemandIn(**(sent | moments | papers | given)).content()
        except ValidationError as error:
            raise Problem("invalid_request", "A field cannot be read.", field=str(error.errors()[0]["loc"][0])) from error


class SuspensionFields(BaseModel):
    """As `SuspensionIn`, with the paper itself."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    csrf: StructuredText = Field(max_length=64)
    demand_id: UUID
    form: SuspensionForm
    stated_by: Line
    stated_at: datetime
    until: datetime
    statement: Annotated[FreeText, Field(max_length=2000)] = ""
    document: UploadFile | None = None

    def wanted(self, document_id: UUID | None) -> SuspensionIn:
        return SuspensionIn(
            form=self.form,
            stated_by=self.stated_by,
            stated_at=self.stated_at.replace(tzinfo=UTC),
            until=self.until.replace(tzinfo=UTC),
            statement=self.statement or None,
            document_id=document_id,
        )
