# pyright: basic
"""A notice reaches its reader once; a number of another key holds up no other notice."""

from gateway.base.vault import Vault, new_master_secret
from gateway.steps.messages.notify import Addressee, addressee, notify

OTHER = Vault(new_master_secret())


async def sealed_number(town, person):
    return await town.rt.db.value(
        "select msisdn_sealed from worker where id = $1", await person.id()
    )


async def test_a_worker_is_told_and_the_delivery_is_enqueued(town):
    amina = await town.enrols("amina")
    await town.answers_bells()
    to = addressee(town.rt, "phone", await sealed_number(town, amina), await amina.id())
    assert to == Addressee("phone", amina.msisdn, await amina.id())
    await notify(town.rt, town.rt.db, to, "Your work is ready.", "notice")
    assert ("deliver", "phone") in await town.answers_bells()
    assert (await amina.messages())[-1] == "Your work is ready."


async def test_a_notice_of_one_cause_is_sent_once(town):
    amina = await town.enrols("amina")
    await town.answers_bells()
    before = len(await amina.messages())
    to = Addressee("phone", amina.msisdn, await amina.id())
    for _ in range(2):
        await notify(town.rt, town.rt.db, to, "Your work is ready.", "notice", "ready:1")
        await town.answers_bells()
    assert len(await amina.messages()) == before + 1


async def test_a_number_of_another_key_has_no_addressee(town):
    assert addressee(town.rt, "phone", OTHER.seal("+254712009900"), 1) is None
    assert addressee(town.rt, "phone", OTHER.seal("+254712009900")) is None
