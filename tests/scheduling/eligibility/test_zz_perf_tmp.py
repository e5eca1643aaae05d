import time, asyncio
from uuid import UUID, uuid4
from tests.scheduling.eligibility.office import *
from tests.scheduling.eligibility.conftest import office, shared_office
N=20_000
async def test_perf(office):
    emp, plan, closed = await office.employer(starts_on="2026-01-01"), await office.plan(), await office.plan(participating=False)
    ids=[uuid4() for _ in range(N)]
    await office.db.pool.execute("""insert into client (client_id, employer_id, plan_id, programme, birth_date, sex, state, language, time_zone, member_id)
      select c, $2, $3, 'care_connect', date '1985-05-17','female','MA','en','America/New_York', 'W0000'||n from unnest($1::uuid[]) with ordinality as u(c,n)""", ids, emp, plan)
    await office.db.pool.execute("""insert into coverage_period (period_id, client_id, employer_id, plan_id, starts_on, source, recorded_at)
      select gen_random_uuid(), c, $2, $3, date '2026-03-02', 'registration', now() - interval '1 day' from unnest($1::uuid[]) c""", ids, emp, plan)
    await office.db.pool.execute("analyze")
    H="maintenance_type,client_id,employer_id,plan_id,coverage_start,birth_date,state"
    HM=H.replace("client_id","member_id")
    async def ticks():
        worst=0; last=time.perf_counter()
        try:
            while True:
                await asyncio.sleep(0.005); now=time.perf_counter(); worst=max(worst, now-last); last=now
        except asyncio.CancelledError:
            return worst
    async def go(label, header, lines, **asked):
        t=asyncio.ensure_future(ticks()); s=time.perf_counter()
        a=await office.file(*lines, header=header, **asked)
        e=time.perf_counter()-s; t.cancel(); w=await t
        print(f"\n{label}: {e:.1f} s, worst gap of the loop {w:.2f} s", a.status_code, {k:v for k,v in a.json().items() if k!='errors'})
    await go("full, first verdicts", H, [f"030,{c},{emp},{plan},2026-03-02,1985-05-17,MA" for c in ids])
    await go("full again, another start for all", HM, [f"030,W0000{n},{emp},{plan},2026-02-01,1985-05-17,MA" for n in range(1,N+1)])
    await go("full, nothing changes", HM, [f"030,W0000{n},{emp},{plan},2026-02-01,1985-05-17,MA" for n in range(1,N+1)], file_date="2026-04-01")
    await go("all to a closed plan (events and notices for all)", H, [f"030,{c},{emp},{closed},2026-02-01,1985-05-17,MA" for c in ids])
    await go("all bad", H, [f"030,x,{emp},{closed},2026-02-01,1985-05-17,MA" for c in ids])
