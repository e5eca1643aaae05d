"""Errors with a stable code, and the one table from code to HTTP status. Rendered as problem+json (RFC 9457)."""

from typing import Any

STATUS = {
    "invalid_request": 422,
    "malformed_json": 400,
    "body_too_large": 413,
    "unauthenticated": 401,
    "invalid_token": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "unknown_client": 404,
    "unknown_employer": 404,
    "unknown_plan": 404,
    "unknown_provider": 404,
    "unknown_request": 404,
    "unknown_export": 404,
    "choice_missing": 422,
    "choice_unexpected": 409,
    "notice_not_current": 409,
    "state_changed": 412,
    "if_match_missing": 428,
    "idempotency_key_reused": 422,
    "already_exists": 409,
    "wrong_state": 409,
    "unknown_zone": 422,
    "unknown_calendar": 422,
    "invalid_calendar": 422,
    "calendar_horizon": 422,
    "programme_not_offered": 409,
    "recipient_not_allowed": 422,
    "ledger_broken": 500,
    "invalid_link": 404,
    "identity_not_checked": 422,
    "unknown_instrument": 422,
    "unknown_answer": 422,
    "assessment_closed": 409,
    "already_submitted": 409,
    "nothing_answered": 422,
    "link_expired": 410,
    "schedule_refused": 422,
    "already_acknowledged": 409,
    "fhir_refused": 422,
    "under_age": 422,
    "ssn_refused": 422,
    "part_redacted": 410,
    "unknown_recipient": 404,
    "contract_not_valid": 403,
    "invalid_client": 401,
    "unsupported_grant_type": 400,
    "invalid_scope": 400,
    "insufficient_scope": 403,
    "export_expired": 410,
    "too_many_requests": 429,
    "not_acceptable": 406,
    "not_supported": 422,
    "key_destroyed": 410,
    "freshness_not_proven": 503,
    "temporarily_unavailable": 503,
    "not_eligible": 409,
    "already_served": 409,
    "already_asked": 409,
    "provider_not_listed": 409,
    "slot_taken": 409,
    "slot_not_open": 409,
    "hold_expired": 409,
    "requirement_not_met": 409,
    "visit_limit_reached": 409,
    "eligibility_file_refused": 422,
    "population_fixed": 409,
    "basis_not_fitting": 422,
    "legal_need_missing": 422,
    "scope_not_allowed": 422,
    "suspension_not_allowed": 422,
    "document_refused": 422,
    "second_officer_needed": 403,
    "outside_scope": 403,
    "release_spent": 410,
    "release_expired": 410,
    "release_voided": 410,
    "access_expired": 410,
    "internal": 500,
}


class Problem(Exception):
    """Something that the caller is told. Rules raise it and know no status."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        rule: str | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code)
        self.code, self.detail, self.headers = code, detail, headers or {}
        self.extra = {name: value for name, value in {"field": field, "rule": rule, **extra}.items() if value is not None}

    @property
    def status(self) -> int:
        return STATUS[self.code]

    def body(self) -> dict[str, Any]:
        title = self.code.replace("_", " ").capitalize()
        return {
            "type": f"urn:care-connect:problem:{self.code}",
            "title": title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }
