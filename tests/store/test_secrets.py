"""Phone numbers stand nowhere in clear text, and keys not at all."""

import re

from gateway.base.msisdn import normalise


async def everything_stored(town):
    """Every value of every table, as text; bytes as they are in hexadecimal."""
    tables = await town.rt.db.rows(
        "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
    )
    for table in tables:
        name = table["relname"]
        for row in await town.rt.db.rows(f'select t::text as said from "{name}" t'):  # noqa: S608
            yield name, row["said"]


async def test_after_a_whole_story_no_phone_number_can_be_read(town):
    amina = town.meets("amina", "+254712345678")
    wanjiku, brian = town["wanjiku"], town.meets("brian", "+254733987654")
    await wanjiku.texts("ADD 0712 345 678 Amina sw")
    await amina.texts("YES")
    await wanjiku.texts("ADD +254712345678 Amina")
    await wanjiku.texts("ADD +14155550123 Someone")
    await wanjiku.texts("REMOVE 0712999888")
    await brian.dials("1", "1")
    await brian.presses("KIBERA", "1", "1")
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00", policy="fixed:2")
    for words in ("WORK", "1", "2", "PAY", "my number is hidden"):
        await amina.texts(words)
    await town.pays_out()
    await town.post("/in/phone/local/sms", {"from": "+254712345678", "text": "no id"})
    await town.post(
        "/in/phone/local/receipt", {"id": "77", "status": "delivered", "from": "+254712345678"}
    )
    await wanjiku.texts(f"REMOVE {amina.msisdn}")

    numbers = [person.msisdn for person in town.people.values()] + ["+254712999888", "+14155550123"]
    cores = [normalise(number, "KE").lstrip("+")[3:] for number in numbers]
    found, seen = [], set()
    async for table, said in everything_stored(town):
        seen.add(table)
        digits = re.sub(r"[ ()-]", "", said)
        found += [(table, said) for core in cores if core in digits or core.encode().hex() in said]
    assert found == []
    assert seen >= {"worker", "inbox", "outbox", "consent", "payout", "answer", "ussd_session"}


async def test_an_api_key_is_not_stored(town):
    async for table, said in everything_stored(town):
        assert town.client.key not in said, table
        assert town.client.key[8:] not in said, table
