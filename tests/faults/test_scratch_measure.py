import time, pytest
from gateway.simulator.faults import FaultPlan
from tests.town import eventually
from .house import SHORTCODE, house

pytestmark = pytest.mark.timeout(300)


async def test_m(tmp_path_factory):
    async with house(tmp_path_factory.mktemp("h")) as here:
        await here.starts()
        async with here.books() as rt:
            here.carrier.plan = FaultPlan(slow_s=3.0, rates={"sms": {"slow": 1.0}})
            p = here.carrier.phone("+254711000001")
            await p.text(SHORTCODE, "HELLO")

            async def sending():
                return await rt.db.value("select count(*) from outbox where state = 'sending'")

            await eventually(sending, 30)
            here.kills("runner")
            here.carrier.plan = FaultPlan()
            t = time.monotonic()
            await here.starts("runner")
            await rt.db.execute("update outbox set lease_until = now() where state = 'sending'")

            async def all_sent():
                return not await rt.db.value(
                    "select count(*) from outbox where state in ('queued', 'sending')"
                )

            await eventually(all_sent, 250)
            print("RECOVERED after", time.monotonic() - t)
