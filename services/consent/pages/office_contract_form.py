"""The privacy officer's page on which a contract with a recipient is put on file (C14). Days are UTC."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal, get_args
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from common.never_kept import StructuredText
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.session import csrf_of
from consent.pages.contracts_view import send, status_of
from consent.pages.office_contracts import HERE, Officer

router = APIRouter(prefix=HERE, route_class=PageRoute, include_in_schema=False)
Line = Annotated[StructuredText, Field(max_length=200)]
Required = Literal[
    "encryption_at_rest",
    "encryption_in_transit",
    "no_redisclosure",
    "no_reidentification",
    "no_rate_or_coverage_use",
    "deletion_on_recall",
    "breach_notice",
    "return_or_destruction_at_end",
]
Offered = Literal[Required, "named_persons_only"]


class ContractForm(BaseModel):
    """What was signed. Of the document the digest is kept: the document stays where contracts are kept."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    csrf: StructuredText = Field(max_length=64)
    recipient_id: UUID
    contract_id: UUID
    reference: Line
    legal_name: Line
    address: Annotated[StructuredText, Field(max_length=400)]
    obligation: list[Offered] = []
    delete_within_days: int = 30
    breach_notice_hours: int = 72
    audit_every_months: int = 12
    valid_from: date
    last_day: Annotated[date, Field(lt=date.max)]
    audit_right: Literal["agreed"]
    document: UploadFile

    async def terms(self) -> dict[str, Any]:
        """As reporting takes them."""
        plain = self.model_dump(include={"reference", "legal_name", "address", *PERIODS})
        return plain | {
            "obligations": self.obligation,
            "audit_right": True,
            "document_digest": sha256(await self.document.read()).hexdigest(),
            "valid_from": _begin(self.valid_from).isoformat(),
            "valid_until": _begin(self.last_day + timedelta(days=1)).isoformat(),
        }


PERIODS = {"delete_within_days": (1, 60), "breach_notice_hours": (1, 1440), "audit_every_months": (1, 36)}
"""As reporting bounds them: from and to."""


@router.get("/{recipient_id}/new")
async def show(request: Request, caller: Officer, recipient_id: UUID) -> Response:
    return _page(request, recipient_id)


@router.post("")
async def record(request: Request, caller: Officer, form: Annotated[ContractForm, Form()]) -> Response:
    """The contract's id is the form's: sent twice, it is one contract."""
    path = f"/v1/recipients/{form.recipient_id}/contracts/{form.contract_id}"
    body = await form.terms() | {"recorded_by": str(caller.id)}
    if refused := await send(request.app.state.reporting, "PUT", path, body):
        return _page(request, form.recipient_id, form, refused)
    return RedirectResponse(f"{HERE}/{form.recipient_id}?lang={language_of(request)}&done=recorded", 303)


def _page(request: Request, recipient_id: UUID, form: ContractForm | None = None, refused: str | None = None) -> Response:
    answer: Response = request.app.state.pages.render(
        request,
        "office_contract_form.html",
        status_of(refused) if refused else 200,
        here=f"{HERE}/{recipient_id}/new",
        action=HERE,
        csrf=csrf_of(request),
        recipient_id=recipient_id,
        contract_id=form.contract_id if form else uuid4(),
        form=form,
        refused=refused,
        required=get_args(Required),
        offered=get_args(Offered),
        periods=PERIODS,
        usual=ContractForm.model_fields,
    )
    return answer


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
