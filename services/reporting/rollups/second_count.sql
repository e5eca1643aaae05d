-- The second count (verifying.py): units and counts from the facts, in DuckDB's SQL, by nobody who has read rules.py. Ids are text; moments
-- are microseconds since 1970.

create temp table latest as
select f.family, coalesce(max(c.month), '') as month,
       strftime((nullif(max(c.month), '') || '-01')::date + interval 1 month, '%Y-%m') as opened
  from (values ('care_sought'), ('asked'), ('in_treatment')) f(family) left join closing c using (family) group by f.family;

-- The number of working days up to each day, this one included.
create temp table calendar as
select day, count(*) filter (where isodow(day) < 6 and day not in (select day from holiday)) over (order by day) as number
  from (select unnest(range(date '2000-01-01', date '2100-01-01', interval 1 day))::date as day);

create temp table held as
select s.*, r.episode_id from session_fact s left join request_fact r on r.request_id = s.request_id and r.client_id = s.client_id;

-- Whose client it is: by episode, and, with none, at all.
create temp table provider as
with grouped as (
  select client_id, episode_id, provider_id, 1 as rank, held_on::text || appointment_id as earliest, '' as newest from held
  union all select client_id, null, provider_id, 1, held_on::text || appointment_id, '' from held
  union all select client_id, episode_id, provider_id, 2, '', lpad(requested_at::text, 20, '0') || request_id from request_fact
  union all select client_id, null, provider_id, 2, '', lpad(requested_at::text, 20, '0') || request_id from request_fact)
select distinct on (client_id, episode_id) client_id, episode_id, provider_id
  from grouped order by client_id, episode_id, rank, earliest, newest desc;

create temp table treatment as
select distinct on (client_id, coalesce(episode_id, request_id))
       coalesce(episode_id, request_id) as unit_id, client_id, provider_id, held_on as began, held_on + 42 as cohort
  from held where kind = 'session' order by client_id, coalesce(episode_id, request_id), held_on, appointment_id;

create temp table candidate as
with named as (
  select 'care_sought' as family, client_id, episode_id as unit_id, episode_id, sought_at as moment, null as programme
    from episode_fact where sought_at is not null
  union all
  select 'asked', client_id, asked_id, episode_id, coalesce(asked_at, answered_at), programme
    from asked_fact where coalesce(asked_at, answered_at) is not null
  union all
  select 'in_treatment', client_id, unit_id, unit_id, epoch_us(cohort::timestamp), null from treatment)
select n.family, n.client_id, n.unit_id, n.moment, strftime(make_timestamp(n.moment), '%Y-%m') as month,
       year(make_timestamp(n.moment)) as year, c.plan_id, coalesce(e.employer_id, c.employer_id) as employer_id,
       coalesce(n.programme, e.programme, c.programme) as programme,
       case n.family when 'in_treatment' then t.provider_id else p.provider_id end as provider_id
  from named n
  join counted_client c using (client_id)
  left join episode_fact e on e.episode_id = n.episode_id and e.client_id = n.client_id
  left join treatment t on t.unit_id = n.unit_id and t.client_id = n.client_id
  left join provider p on p.client_id = n.client_id and p.episode_id is not distinct from n.episode_id;

create temp table first_of_year as
select * from candidate qualify row_number() over (partition by family, client_id, year order by moment, unit_id) = 1;

create temp table fixed as
select distinct u.family, u.client_id, u.year from unit_bin u join latest l on l.family = u.family and u.month <= l.month;

create temp table placed as
select f.* replace (case when f.month > l.month then f.month else l.opened end as month)
  from first_of_year f join latest l using (family)
  left join (select *, true as there from fixed) own on own.family = f.family and own.client_id = f.client_id and own.year = f.year
  left join (select *, true as there from fixed) next
    on next.family = f.family and next.client_id = f.client_id and next.year = left(l.opened, 4)::int
  left join (select family, client_id, year, true as there from first_of_year) other
    on other.family = f.family and other.client_id = f.client_id and other.year = left(l.opened, 4)::int
 where own.there is null
   and (f.month > l.month or f.year = left(l.opened, 4)::int
        or (f.year + 1 = left(l.opened, 4)::int and next.there is null and other.there is null));

create temp table bin as
with waiting as (
  select e.episode_id, e.served is false as waitlisted, e.withdrawn_at is not null as withdrawn,
         least(greatest(e.withdrawn_at - e.sought_at, 0) // 3_600_000_000, 1440) as hours,
         least(greatest(until.number - since.number, 0), 45) as days
    from episode_fact e
    join counted_client c using (client_id)
    left join calendar since on since.day = timezone(c.time_zone, to_timestamp(e.sought_at / 1_000_000))::date
    left join calendar until on until.day = timezone(c.time_zone, to_timestamp(e.withdrawn_at / 1_000_000))::date),
clock as (
  select episode_id, 'time_to_schedule' as dimension, scheduled_seconds as seconds, scheduled_days as days from episode_fact
  union all select episode_id, 'time_to_consultation', consulted_seconds, consulted_days from episode_fact
  union all select episode_id, 'time_to_first_session', first_session_seconds, first_session_days from episode_fact),
total as (
  select o.episode_id, s.instrument, b.half, min(s.total) as total
    from (select episode_id, client_id, 1 as half, unnest(string_split(baseline_ids, ' ')) as response_id from outcome_fact
          union all select episode_id, client_id, 2, unnest(string_split(follow_up_ids, ' ')) from outcome_fact) b
    join outcome_fact o using (episode_id)
    join score_fact s on s.response_id = b.response_id and s.client_id = b.client_id
   group by all),
scale as (
  select t.unit_id, i.dimension, b.total as before, a.total as after
    from treatment t cross join (values ('phq_9', 'phq-9'), ('gad_7', 'gad-7')) i(dimension, instrument)
    left join total b on b.episode_id = t.unit_id and b.instrument = i.instrument and b.half = 1
    left join total a on a.episode_id = t.unit_id and a.instrument = i.instrument and a.half = 2)
select 'care_sought' as family, w.episode_id as unit_id, c.dimension,
       case when c.seconds is not null then 'reached' when w.waitlisted then 'waitlisted' when w.withdrawn then 'withdrawn' else 'open' end as kind,
       case when c.seconds is not null then least(greatest(c.seconds, 0) // 3600, 1440)
            when w.withdrawn and not w.waitlisted then w.hours else -1 end as a,
       case when c.seconds is not null then least(greatest(c.days, 0), 45)
            when w.withdrawn and not w.waitlisted then w.days else -1 end as b
  from waiting w join clock c using (episode_id)
union all
select 'asked', asked_id, 'recommendation',
       case when answered_at is null then 'unanswered' when asked_at is null then 'unasked' else 'answered' end,
       coalesce(score, -1), 0
  from asked_fact
union all
select 'in_treatment', t.unit_id, 'outcome',
       case when coalesce(o.baseline_ids, '') = '' then 'no_baseline' when o.improved is null then 'no_follow_up' else 'paired' end,
       case when coalesce(o.baseline_ids, '') = '' then 0
            else coalesce(o.elevated, false)::int
                 + case when o.improved is null then 0
                        else 2 * o.improved::int + 4 * coalesce(o.deteriorated, false)::int + 8 * coalesce(o.recovered, false)::int end end, 0
  from treatment t left join outcome_fact o on o.episode_id = t.unit_id
union all
select 'in_treatment', unit_id, dimension,
       case when before is null then 'no_baseline' when after is null then 'no_follow_up' else 'paired' end,
       coalesce(before, -1), case when before is null then -1 else coalesce(after, -1) end
  from scale
union all
select 'in_treatment', t.unit_id, 'engagement', 'sessions', case when count(*) < 2 then 0 when count(*) < 4 then 1 else 2 end, 0
  from treatment t join held h on h.client_id = t.client_id and h.kind = 'session' and h.held_on between t.began and t.began + 42
 group by t.unit_id, t.client_id;

create temp table second_count as
select 'facts' as counted_from, p.family, p.month, b.dimension, p.plan_id, p.employer_id, p.programme, p.provider_id, b.kind, b.a, b.b,
       count(*) as n
  from placed p join bin b on b.family = p.family and b.unit_id = p.unit_id group by all
union all
select 'facts', u.family, u.month, dimension, plan_id, employer_id, programme, provider_id, kind, a, b, count(*)
  from unit_bin u join latest l on l.family = u.family and u.month <= l.month group by all
union all
select 'units', family, month, dimension, plan_id, employer_id, programme, provider_id, kind, a, b, count(*) from unit_bin group by all;

create temp table difference as
with ours as (select o.counted_from, r.* from rollup r, (values ('facts'), ('units')) o(counted_from))
select coalesce(o.counted_from, t.counted_from) as counted_from, coalesce(o.family, t.family) as family,
       coalesce(o.dimension, t.dimension) as dimension, coalesce(o.month, t.month) as month, coalesce(o.kind, t.kind) as kind,
       coalesce(o.a, t.a) as a, coalesce(o.b, t.b) as b, coalesce(o.n, 0) as ours, coalesce(t.n, 0) as theirs
  from ours o
  full join second_count t
    on o.counted_from = t.counted_from and o.family = t.family and o.month = t.month and o.dimension = t.dimension
   and o.plan_id = t.plan_id and o.employer_id = t.employer_id and o.programme = t.programme
   and coalesce(o.provider_id, '') = coalesce(t.provider_id, '') and o.kind = t.kind and o.a = t.a and o.b = t.b
 where o.n is distinct from t.n;
