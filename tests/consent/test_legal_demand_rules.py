"""C7 by rule: what each legal basis needs, who approves, what a token is good for, and when the client may be told."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.privacy import Part, RecordCategory, Scope
from common.problems import Problem
from consent.documents.rules import media_type_of
from consent.legal_demands.files import release_file
from consent.legal_demands.rules import BASES, Content, DemandKind, LegalBasis, Statement, check, digest_of
from consent.legal_demands.states import (
    Form,
    Reason,
    Release,
    State,
    Suspension,
    amended,
    check_approval,
    check_suspension,
    closed,
    same_scope,
    tell_from,
    why_not_issued,
    why_not_released,
)
from tests.consent.legal import DATED, NOW, approved_demand, content, demand, suspension

bases = st.sampled_from(LegalBasis)
SUSPENDABLE = {"oversight": LegalBasis.HEALTH_OVERSIGHT, "grand_jury": LegalBasis.GRAND_JURY}


def refused(said: Content) -> str | None:
    try:
        check(said, NOW)
    except Problem as problem:
        assert problem.extra["rule"] == "C7"
        return str(problem.extra["field"])
    return None


def test_C7_every_kind_has_a_basis_and_every_basis_its_own_place_in_the_law() -> None:
    assert set(BASES) == set(LegalBasis)
    assert {kind for row in BASES.values() for kind in row.kinds} == set(DemandKind)
    citations = [row.citation for row in BASES.values()]
    assert len(set(citations)) == len(citations)
    assert all(citation.startswith(tuple(f"45 CFR 164.512({part})" for part in "acdef")) for citation in citations)
    assert {statement for row in BASES.values() for statement in row.statements} == set(Statement)


@given(bases)
def test_C7_with_all_that_its_basis_needs_a_demand_is_taken(basis: LegalBasis) -> None:
    assert refused(content(basis)) is None


@given(bases, st.sampled_from(DemandKind))
def test_C7_a_basis_fits_the_kinds_that_the_law_names_and_no_other(basis: LegalBasis, kind: DemandKind) -> None:
    assert (refused(content(basis, kind=kind)) is None) == (kind in BASES[basis].kinds)


@given(bases, st.data())
def test_C7_without_one_of_the_needed_statements_a_demand_is_refused(basis: LegalBasis, data: st.DataObject) -> None:
    needed = sorted(BASES[basis].statements)
    left_out = data.draw(st.sets(st.sampled_from(needed), min_size=1))
    others = data.draw(st.sets(st.sampled_from(sorted(set(Statement) - set(needed)))))
    assert refused(content(basis, statements=tuple((set(needed) - left_out) | others))) == "statements"


@given(bases)
def test_C7_a_subpoena_without_an_order_needs_a_document_of_assurance(basis: LegalBasis) -> None:
    without = content(basis, assurance_document_id=None)
    assert (refused(without) == "assurance_document_id") == (BASES[basis].citation.startswith("45 CFR 164.512(e)(1)") and
                                                             basis is not LegalBasis.ORDER_OF_TRIBUNAL)  # fmt: skip


@given(bases)
def test_C7_a_basis_that_rests_on_a_statute_needs_its_name(basis: LegalBasis) -> None:
    assert (refused(content(basis, law=" ")) == "law") == BASES[basis].law


@given(bases, st.sets(st.sampled_from(RecordCategory)))
def test_C7_a_scope_is_never_empty_and_never_wider_than_its_basis(basis: LegalBasis, categories: set[RecordCategory]) -> None:
    scope = Scope(categories=tuple(categories), since=date(2026, 1, 1), until=date(2026, 1, 1))
    only = BASES[basis].only
    allowed = bool(categories) and (only is None or categories <= only)
    assert (refused(content(basis, scope=scope)) is None) == allowed


@given(st.sets(st.sampled_from(DATED), min_size=1), st.booleans())
def test_C7_what_has_a_day_is_demanded_for_a_period(categories: set[RecordCategory], begins: bool) -> None:
    day = date(2026, 3, 1)
    scope = Scope(categories=tuple(categories), since=day if begins else None, until=None if begins else day)
    assert refused(content(scope=scope)) == "scope.since"
    backwards = Scope(categories=tuple(categories), since=day, until=day - timedelta(days=1))
    assert refused(content(scope=backwards)) == "scope.until"


@given(bases, st.data())
def test_C7_whatever_is_changed_is_another_digest(basis: LegalBasis, data: st.DataObject) -> None:
    said, other, case = content(basis), content(data.draw(bases)), uuid4()
    papers = {said.document_id: "aa" * 32}
    field = data.draw(st.sampled_from(sorted(Content.model_fields)))
    changed = said.model_copy(update={field: getattr(other, field)})
    assert (digest_of(case, said, papers) == digest_of(case, changed, papers)) == (said == changed)
    assert digest_of(case, said, papers) != digest_of(case, said, {said.document_id: "bb" * 32})
    assert digest_of(case, said, papers) != digest_of(uuid4(), said, papers)


@given(st.lists(st.integers(0, 3), max_size=6), st.integers(0, 3), st.booleans())
def test_C7_nobody_approves_what_they_recorded_or_changed(changers: list[int], approver: int, shown_now: bool) -> None:
    officers = [uuid4() for _ in range(4)]
    made = demand(officers[0])
    for number, changer in enumerate(changers):
        made = amended(made, made.content, f"{number + 1:064d}", officers[changer])
    digest = made.digest if shown_now else "00" * 32
    try:
        check_approval(made, digest, officers[approver])
        assert approver not in {0, *changers} and shown_now
    except Problem as problem:
        assert approver in {0, *changers} or not shown_now
        assert problem.code == ("second_officer_needed" if approver in {0, *changers} else "state_changed")


def test_C7_a_change_voids_the_approval() -> None:
    was = approved_demand()
    again = amended(was, was.content, "11" * 32, uuid4())
    assert (again.state, again.approved_by, again.collection_id) == (State.RECORDED, None, None)
    assert again.version == was.version + 1


def test_C7_a_token_is_good_once_for_72_hours_and_for_what_was_approved() -> None:
    yes = (True, False)
    for spent, voided, same, hours, state in product(yes, yes, yes, (0, 71.99, 72, 100), State):
        made = replace(approved_demand(), state=state)
        at = NOW + timedelta(hours=hours)
        digest, ends = made.digest if same else "00" * 32, NOW + timedelta(hours=72)
        release = Release(uuid4(), made.demand_id, digest, uuid4(), NOW, ends, NOW if spent else None, NOW if voided else None)
        good = not spent and not voided and same and hours < 72 and state is State.APPROVED
        assert (why_not_released(release, made, at) is None) == good, (spent, voided, same, hours, state)


@given(st.sampled_from(State), st.booleans(), st.booleans())
def test_C7_a_token_is_issued_for_exactly_what_was_approved(state: State, collected: bool, wider: bool) -> None:
    made = replace(approved_demand(), state=state)
    scope = made.content.scope
    asked = scope.model_copy(update={"categories": (*scope.categories, RecordCategory.SAFETY)}) if wider else scope
    reason = why_not_issued(made, asked, collected=collected)
    assert (reason is None) == (state is State.APPROVED and collected and not wider)
    assert (reason is Reason.OUTSIDE_SCOPE) == (state is State.APPROVED and wider)


@given(st.permutations(DATED), st.booleans())
def test_C7_the_order_of_categories_makes_no_other_scope(order: list[RecordCategory], narrower: bool) -> None:
    one = Scope(categories=DATED, since=date(2026, 1, 1), until=date(2026, 2, 1))
    other = one.model_copy(update={"categories": tuple(order[1:] if narrower else order)})
    assert same_scope(one, other) == (not narrower)
    assert not same_scope(one, one.model_copy(update={"until": date(2026, 2, 2)}))


def suspended(basis: LegalBasis, wanted: Suspension, *earlier: Suspension) -> bool:
    try:
        check_suspension(basis, wanted, earlier, NOW)
    except Problem as problem:
        assert problem.code == "suspension_not_allowed"
        return False
    return True


@given(bases, st.sampled_from(Form))
def test_C7_only_oversight_and_law_enforcement_can_have_the_accounting_suspended(basis: LegalBasis, form: Form) -> None:
    part = BASES[basis].citation.removeprefix("45 CFR 164.512(")[0]
    assert suspended(basis, suspension(form, 10)) == (part in "df")


@pytest.mark.parametrize("basis", SUSPENDABLE.values(), ids=SUSPENDABLE)
def test_C7_an_oral_statement_is_documented_and_holds_for_30_days_once(basis: LegalBasis) -> None:
    oral = suspension(Form.ORAL, 30)
    assert suspended(basis, oral)
    assert not suspended(basis, suspension(Form.ORAL, 30.01))
    assert not suspended(basis, suspension(Form.ORAL, 29, stated_at=NOW - timedelta(days=2)))
    assert not suspended(basis, suspension(Form.ORAL, 5, statement=" "))
    assert not suspended(basis, suspension(Form.ORAL, 5), oral)
    assert suspended(basis, suspension(Form.WRITTEN, 365), oral)
    assert not suspended(basis, suspension(Form.WRITTEN, 365, document_id=None))
    assert not suspended(basis, suspension(Form.WRITTEN, 0))


@given(st.lists(st.tuples(st.sampled_from(Form), st.floats(-20, 400)), max_size=4))
def test_C7_the_client_is_told_at_once_or_when_the_last_suspension_ends(said: list[tuple[Form, float]]) -> None:
    those = [suspension(form, days) for form, days in said]
    told = tell_from(NOW, those)
    assert told >= NOW and all(told >= one.until for one in those)
    assert told == NOW or told in {one.until for one in those}
    assert closed(approved_demand(), None, uuid4(), those, NOW).tell_client_from == told


@pytest.mark.parametrize("beginning", [b"%PDF-1.7", b"II*\x00", b"MM\x00*", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"])
def test_C7_a_paper_is_known_by_its_first_bytes(beginning: bytes) -> None:
    assert media_type_of(beginning + b"...") in {"application/pdf", "image/tiff", "image/jpeg", "image/png"}
    for wrong in (b"", b" " + beginning, b"MZ" + beginning, b"<html>%PDF-"):
        with pytest.raises(Problem, match="document_refused"):
            media_type_of(wrong)
    with pytest.raises(Problem, match="body_too_large"):
        media_type_of(beginning + bytes(16 << 20))


def test_C7_the_file_is_the_parts_and_its_manifest() -> None:
    made = approved_demand()
    parts = [Part(service=name, as_of=NOW, tables={"a": [{"n": 1}, {"n": 2}], "b": []}) for name in ("scheduling", "consent")]
    file = release_file(made, parts)
    assert file.records == 4 and file.digest == release_file(made, parts[::-1]).digest


@given(st.sampled_from(list(product(Form, (True, False)))))
def test_C7_a_suspension_lies_ahead_and_its_statement_behind(case: tuple[Form, bool]) -> None:
    form, backwards = case
    wanted = suspension(form, -1) if backwards else suspension(form, 5, stated_at=NOW + timedelta(minutes=1))
    assert not suspended(LegalBasis.GRAND_JURY, wanted)
