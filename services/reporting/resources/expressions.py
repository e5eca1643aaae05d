"""What leaves of a client, as FHIR R4 resources: one SQL expression for exports, partner topics and the preview.

No free text and no name stands in any of them, no provider, and no end or length of an appointment (C16, C17). Whoever they are about
is a recipient token; their ids are made of the token and ours, so that two consents of one person share none.
"""

SYSTEM = "urn:care-connect"
LOINC = "http://loinc.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"

TYPES = ("Patient", "Consent", "Appointment", "Encounter", "QuestionnaireResponse", "Observation")
"""In the order in which they stand."""


def coding(system: str, code: str) -> str:
    """Both as SQL."""
    return f"jsonb_build_object('coding', jsonb_build_array(jsonb_build_object('system', {system}, 'code', {code})))"


def resource_id(token: str, own: str) -> str:
    """The id of a resource under a token. Without our own id, which is random, nobody can tell that two belong together."""
    return f"encode(substring(sha256(convert_to({token}::text || '/' || ({own})::text, 'UTF8')) for 16), 'hex')::uuid"


PROGRAMME_TAG = f"jsonb_build_array(jsonb_build_object('system', '{SYSTEM}:programme', 'code', s.programme))"
CATEGORY_TAG = f"jsonb_build_array(jsonb_build_object('system', '{SYSTEM}:category', 'code', r.category))"
# 45 CFR 164.526(d)(5): what the client disagrees with leaves with a sign of it. Nothing of what is said about it stands there.
DISPUTED_TAG = f"""case when r.body ? 'disputed'
  then jsonb_build_array(jsonb_build_object('system', '{SYSTEM}:disputed', 'code', 'disputed')) else '[]' end"""
BIRTH_YEAR, GENDER, STATE = "r.body ->> 'birthYear'", "r.body ->> 'gender'", "r.body ->> 'state'"


def _meta(changed_at: str, tags: str) -> str:
    instant = f"""to_char({changed_at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f"jsonb_build_object('lastUpdated', {instant}, 'tag', {tags})"


# LOINC of the total scores; the question of satisfaction has none.
CODE = f"""case r.body ->> 'code'
  when 'phq-9' then {coding(f"'{LOINC}'", "'44261-6'")}
  when 'gad-7' then {coding(f"'{LOINC}'", "'70274-6'")}
  else {coding(f"'{SYSTEM}:question'", "r.body ->> 'code'")} end"""

KNOWN_SINCE = "greatest(r.changed_at, s.opened_at)"
PATIENT_TAGS = f"{PROGRAMME_TAG} || case when r.record_id is null then '[]' else {CATEGORY_TAG} || {DISPUTED_TAG} end"

PATIENT = f"""
select s.client_id, s.programme, s.token, r.category, 'Patient' as type, s.token as id, {KNOWN_SINCE} as changed_at,
       jsonb_strip_nulls(jsonb_build_object(
         'resourceType', 'Patient', 'id', s.token, 'meta', {_meta(KNOWN_SINCE, PATIENT_TAGS)},
         'gender', {GENDER}, 'birthDate', {BIRTH_YEAR},
         'address', case when r.record_id is not null then
            jsonb_build_array(jsonb_build_object('state', {STATE}, 'country', 'US')) end)) as body
  from {{scope}} s
  left join record r on r.client_id = s.client_id and r.programme = s.programme
       and r.category = 'contact_and_demographics' and r.category = any(s.categories)"""

CONSENT = f"""
select s.client_id, s.programme, s.token, null, 'Consent', {resource_id("s.token", "'consent'")}, s.opened_at,
       jsonb_build_object(
         'resourceType', 'Consent', 'id', {resource_id("s.token", "'consent'")}, 'meta', {_meta("s.opened_at", PROGRAMME_TAG)},
         'status', 'active',
         'scope', {coding(f"'{TERMINOLOGY}/consentscope'", "'patient-privacy'")},
         'category', jsonb_build_array({coding(f"'{LOINC}'", "'59284-0'")}),
         'patient', jsonb_build_object('reference', 'Patient/' || s.token),
         'dateTime', to_char(coalesce(s.decided_at, s.opened_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
         'policy', jsonb_build_array(jsonb_build_object('uri', '{SYSTEM}:notice:' || coalesce(s.notice_digest, 'unknown'))),
         'provision', jsonb_build_object(
           'type', 'permit',
           'actor', jsonb_build_array(jsonb_build_object(
             'role', {coding(f"'{TERMINOLOGY}/v3-ParticipationType'", "'IRCP'")},
             'reference', jsonb_build_object('identifier', jsonb_build_object('system', '{SYSTEM}:recipient', 'value', 'health_plan')))),
           'purpose', jsonb_build_array(jsonb_build_object('system', '{SYSTEM}:purpose', 'code', 'personalised_health_recommendations')),
           'code', (select jsonb_agg({coding(f"'{SYSTEM}:category'", "c")} order by c) from unnest(s.categories) c)))
  from {{scope}} s"""

# C16: how long somebody is seen is nobody's business. R4 wants an end beside a start (app-2, app-3): it says that it is masked.
MASKED = """jsonb_build_object('extension', jsonb_build_array(jsonb_build_object(
  'url', 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', 'valueCode', 'masked')))"""
APPOINTMENT = f"""
('Appointment', r.body ->> 'resourceType' = 'Appointment', jsonb_build_object(
  'status', r.body ->> 'status',
  'appointmentType', {coding(f"'{SYSTEM}:appointment-kind'", "r.body ->> 'kind'")},
  'start', r.body ->> 'start',
  '_end', {MASKED},
  'participant', jsonb_build_array(jsonb_build_object('actor', i.patient, 'status', 'accepted')))),
('Encounter', r.body ->> 'status' = 'fulfilled', jsonb_build_object(
  'status', 'finished',
  'class', jsonb_build_object('system', '{TERMINOLOGY}/v3-ActCode', 'code', 'VR'),
  'subject', i.patient,
  'appointment', jsonb_build_array(jsonb_build_object('reference', 'Appointment/' || i.id)),
  'period', jsonb_build_object('start', r.body ->> 'held_on')))"""

# Of an instrument only its total: single answers never leave the service that asked them (C17).
SCORE = f"""
('QuestionnaireResponse', r.body ->> 'resourceType' = 'Observation', jsonb_strip_nulls(jsonb_build_object(
  'questionnaire', '{SYSTEM}:questionnaire:' || (r.body ->> 'code'),
  'status', 'completed',
  'subject', i.patient,
  'authored', r.body ->> 'effective',
  'item', case when r.body ? 'value' and r.body -> 'value' <> 'null' then jsonb_build_array(jsonb_build_object(
     'linkId', '/total', 'answer', jsonb_build_array(jsonb_build_object('valueInteger', r.body -> 'value')))) end))),
('Observation', r.body ->> 'resourceType' = 'Observation', jsonb_strip_nulls(jsonb_build_object(
  'status', 'final',
  'category', jsonb_build_array({coding(f"'{TERMINOLOGY}/observation-category'", "'survey'")}),
  'code', {CODE},
  'subject', i.patient,
  'effectiveDateTime', r.body ->> 'effective',
  'derivedFrom', jsonb_build_array(jsonb_build_object('reference', 'QuestionnaireResponse/' || i.id)),
  'valueQuantity', case when r.body -> 'value' <> 'null' then jsonb_build_object(
     'value', r.body -> 'value', 'unit', '{{{{score}}}}', 'system', 'http://unitsofmeasure.org', 'code', '{{{{score}}}}') end,
  'dataAbsentReason', case when r.body -> 'value' = 'null' then {coding(f"'{TERMINOLOGY}/data-absent-reason'", "'unknown'")} end,
  'method', case when r.body ? 'method' then {coding(f"'{SYSTEM}:total-method'", "r.body ->> 'method'")} end,
  'interpretation', case when r.body -> 'interpretation' <> 'null' then
     jsonb_build_array({coding(f"'{SYSTEM}:severity'", "r.body ->> 'interpretation'")}) end)))"""

# C16: the one session among the appointments has one id, whichever it is. Who cancels and books anew changes it, and leaves no row of ids
# behind that would tell how often.
OWN_ID = "case when r.category = 'appointments' and r.body ->> 'kind' = 'session' then 'session' else r.record_id::text end"

RECORDS = f"""
select s.client_id, s.programme, s.token, r.category, f.type, i.id, r.changed_at,
       jsonb_build_object('resourceType', f.type, 'id', i.id,
                          'meta', {_meta("r.changed_at", f"{PROGRAMME_TAG} || {CATEGORY_TAG} || {DISPUTED_TAG}")}) || f.body
  from {{scope}} s
  join record r on r.client_id = s.client_id and r.programme = s.programme
       and r.category = any(s.categories) and r.category <> 'contact_and_demographics'
 cross join lateral (select {resource_id("s.token", OWN_ID)} as id,
                            jsonb_build_object('reference', 'Patient/' || s.token) as patient) i
 cross join lateral (values {APPOINTMENT}, {SCORE}) as f(type, is_one, body)
 where f.is_one"""


def rendered(scope: str) -> str:
    """A subquery of rows (client_id, programme, token, category, type, id, changed_at, body) for the clients of the CTE `scope`
    (client_id, programme, token, categories, opened_at, decided_at, notice_digest). `category` is null for what every consent comes
    with: the Patient that the others refer to, and the Consent. Whether anything may leave is for the caller to have asked."""
    return " union all ".join(text.format(scope=scope) for text in (PATIENT, CONSENT, RECORDS))
