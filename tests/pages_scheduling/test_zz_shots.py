from tests.pages.browser import context
from tests.pages_scheduling.clinic import signed_in
from tests.pages_scheduling.test_accessible import busy

async def test_shots(busy, browser):
    for n,(role,subject) in enumerate([("provider",busy.clinic.provider),*(("client",c) for c in busy.clients)]):
        async with context(browser) as w:
            p=await w.new_page()
            await signed_in(p,busy.clinic,role,subject,"en" if n<5 else "es")
            if n in (0,4):
                for s in (await p.locator("summary").all())[:3]: await s.click()
            await p.screenshot(path=f"/tmp/shot{n}.png",full_page=True)
