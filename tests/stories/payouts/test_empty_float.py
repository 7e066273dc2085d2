"""The account that the gateway pays from is empty.

Payouts wait for the top-up, none fails, and each worker hears it once.
"""
# pyright: basic

import pytest


@pytest.fixture
async def emptied(town):
    """Amina and Brian have KES 30 each, and the operator holds KES 35 for us."""
    people = [await town.enrols(name) for name in ("amina", "brian")]
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00", policy="fixed:2")
    for person in people:
        for words in ("WORK", "1", "1"):
            await person.texts(words)
    await town.answers_bells()
    books = town.operators.books
    before = books.funds().utility_minor
    books.move_float(3_500 - before, "drawn")
    yield people
    books.move_float(before - books.funds().utility_minor, "back")


async def told(person):
    return [words for words in await person.messages() if "topped up" in words]


async def goes_on(town, minutes):
    for _ in range(minutes // 5):
        await town.ticks(minutes=5)
        await town.operators.daraja.post.settle()
        await town.answers_bells()


async def test_paid_after_the_top_up_and_told_once_however_long_it_takes(town, emptied):
    amina, brian = emptied
    await amina.texts("PAY")
    await goes_on(town, 10)
    assert town.operator_books()["paid_minor"] == 3000
    await brian.texts("PAY")
    await goes_on(town, 180)
    assert await brian.balance_minor() == 0, "held for him, hour after hour"
    assert len(await told(brian)) == 1
    for _ in range(12):  # unless it is just being tried once more
        if "topped up" in await brian.texts("PAY"):
            break
        await goes_on(town, 5)
    assert not any("could not be sent" in words for words in await brian.messages())
    town.operators.books.move_float(100_000, "top-up")
    await goes_on(town, 120)
    assert town.operator_books()["paid_minor"] == 6000
    assert len(await told(brian)) == 2, "the one SMS, and the answer to his question"
    assert not await told(amina)


async def test_what_the_operator_told_with_the_last_result_keeps_the_next_from_being_sent(
    town, emptied
):
    """KES 5 left, says the result of Amina's payment: Brian's is not even tried."""
    amina, brian = emptied
    await amina.texts("PAY")
    await goes_on(town, 5)
    assert await town.value("select float from provider_health") == 500
    await brian.texts("PAY")
    await town.ticks()
    row = await town.rt.db.row(
        "select state, reason, tries from payout order by created_at desc limit 1"
    )
    assert tuple(row.values()) == ("queued", "waits: float", 0)
    town.operators.books.move_float(100_000, "top-up")
    await goes_on(town, 30)
    assert town.operator_books()["paid_minor"] == 6000
