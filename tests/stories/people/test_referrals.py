"""Referrals: a worker who brings another one is rewarded, once, for good work of a real person."""

from decimal import Decimal

import pytest

from gateway.settings.fair_pay import FairPay

RULES = FairPay(
    referral_reward={"KES": Decimal(20)},
    referral_answers=2,
    referral_gold=1,
    referrals_per_worker=1,
)


@pytest.fixture
def rewarded(configure):
    """Bringing a worker earns KES 20 after two accepted answers and one right gold answer."""
    configure(fair_pay=RULES)


async def brings(town, referrer, name):
    """Another person joins with the worker's code."""
    told = await referrer.texts("REFER")
    code = told.split("code is ")[1].split(".")[0]
    person = town.meets(name)
    await person.texts(f"JOIN {code}")
    await person.texts("YES")
    return person


async def works(town, person):
    """She gives two accepted answers and a right one to gold. No other worker is reachable."""
    await town.rt.db.execute(
        "update worker set away_since = case when id <> $1 then now() end", await person.id()
    )
    await town.posts_batch("Is it open?", "Is it clean?", price="3.00")
    for _ in range(2):
        await person.texts("WORK")
        await town.answers_bells()
        await person.texts("1")
    worker = await person.id()
    await town.rt.db.execute(
        """insert into skill (worker_id, kind, gold_right) values ($1, 'verification', 1)
           on conflict (worker_id, kind) do update set gold_right = 1""",
        worker,
    )


async def state(town, person):
    return await town.value(
        "select state || ' ' || why from referral where worker_id = $1", await person.id()
    )


async def test_no_reward_is_promised_where_there_is_none(town):
    amina = await town.enrols("amina")
    assert "no reward for bringing others" in await amina.texts("REFER")
    assert await town.count("referral_code") == 0


async def test_a_reward_comes_after_good_work_and_once(town, rewarded):
    amina = await town.enrols("amina")
    brian = await brings(town, amina, "brian")
    assert (await brian.row())["partner_id"] == (await amina.row())["partner_id"]
    await town.ticks(minutes=90)
    assert await amina.balance_minor() == 0, "not for joining"
    await works(town, brian)
    await town.ticks(minutes=90)
    assert await state(town, brian) == "paid "
    assert await amina.balance_minor() == 2000
    await town.ticks(minutes=90)
    assert await amina.balance_minor() == 2000
    assert any("good new worker: KES 20" in text for text in await amina.messages())


async def test_the_same_code_is_told_again_and_a_known_worker_brings_no_reward(town, rewarded):
    amina, chege = await town.enrols("amina"), await town.enrols("chege")
    first, second = await amina.texts("REFER"), await amina.texts("REFER")
    assert first == second
    code = first.split("code is ")[1].split(".")[0]
    await chege.texts("STOP")
    await chege.texts(f"JOIN {code}")
    await chege.texts("YES")
    await amina.texts(f"JOIN {code}")
    assert await town.count("referral") == 0


async def test_a_limit_per_worker(town, rewarded):
    amina = await town.enrols("amina")
    brian, chege = await brings(town, amina, "brian"), await brings(town, amina, "chege")
    for person in (brian, chege):
        await works(town, person)
    await town.ticks(minutes=90)
    states = sorted([await state(town, brian), await state(town, chege)])
    assert states == ["paid ", "refused the limit per worker is reached"]
    assert await amina.balance_minor() == 2000


@pytest.mark.parametrize("sign", ["number", "payout", "copy"])
async def test_one_person_with_two_phones_earns_no_reward(town, rewarded, sign):
    amina = await town.enrols("amina")
    brian = await brings(town, amina, "brian")
    await works(town, brian)
    hers, his = await amina.id(), await brian.id()
    db = town.rt.db
    if sign == "number":
        await db.execute(
            """insert into number_move (worker_id, kind, state, old_index, new_index, old_sealed, new_sealed, channel, expires_at, worker_was)
               select $1, 'pin', 'refused', $2, $3, msisdn_sealed, msisdn_sealed, 'phone', now(), 'active' from worker where id = $1""",
            hers, amina.index, brian.index,
        )  # fmt: skip
        why = "the two had the same number"
    elif sign == "payout":
        for n, worker in enumerate((hers, his)):
            await db.execute(
                """insert into payout (id, ref, worker_id, state, provider, currency, amount, key, to_sealed, to_tail,
                     result_token, status_token, timeout_token, settled_at)
                   values (gen_random_uuid(), $1, $2, 'failed', 'mpesa', 'KES', 100, $1, $3, '009', $1, $1, $1, now())""",
                f"REF{n}", worker, town.rt.vault.seal("+254733000009"),
            )  # fmt: skip
        why = "the two were paid to the same number"
    else:
        await db.execute(
            "insert into finding (kind, subject, worker_id, evidence) values ('copying', $1, $2, '{}')",
            f"batch:b:workers:{hers},{his}", hers,
        )  # fmt: skip
        why = "their answers copy each other"
    await town.ticks(minutes=90)
    assert await state(town, brian) == f"refused {why}"
    assert await amina.balance_minor() == 0
