"""An answer that was paid and turned out wrong.

Nothing paid is taken back, and later earnings only in small bounded parts.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.gsm.segments import segments
from gateway.payments.ledger import adjusting
from gateway.payments.ledger.adjusting import Open
from gateway.steps.payouts import adjust
from gateway.steps.payouts.adjust import open_adjustment, record_adjustment_decision
from gateway.steps.people.appeals.decide import AppealDecision, decide_appeal


@pytest.fixture
async def wrong(town):
    """Amina earned KES 30; her first answer is found wrong afterwards.

    The reference she was told.
    """
    await town.earned("amina")
    return await opened(town)


async def opened(town, answer="select min(id) from answer"):
    async with town.rt.db.transaction() as db:
        return await open_adjustment(town.rt, db, await town.value(answer))


async def earns(town, name, times, price="15.00"):
    await town.posts_batch(*(f"Question {n}?" for n in range(times)), price=price)
    await town[name].texts("WORK")
    for _ in range(times):
        await town[name].texts("1")
    await town.answers_bells()


async def test_she_is_told_and_what_she_has_stays_hers(town, wrong):
    await town.ticks()
    told = (await town["amina"].messages())[-1]
    assert f"APPEAL {wrong}" in told
    assert "10%" in told
    assert segments(told) == 1
    await town.ticks(days=8)
    assert await town["amina"].balance_minor() == 3000, "earned before: never touched"
    await town["amina"].texts("PAY")
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 3000
    assert await opened(town) is None, "an answer is adjusted once"


async def test_a_reference_that_another_adjustment_has_is_not_given_again(town, wrong, monkeypatch):
    """The verdict that is reversed in the same commit must not fail by a draw."""
    draws = iter([wrong, wrong, "FRESH2"])
    monkeypatch.setattr(adjust, "new_ref", lambda: next(draws))
    assert await opened(town, "select max(id) from answer") == "FRESH2"


async def test_a_tenth_of_new_earnings_a_week_until_it_is_covered(town, wrong):
    client_before = await town.client.available_minor()
    await record_adjustment_decision(town.rt, wrong, upheld=True, who="Wanjiku")
    await earns(town, "amina", 4)
    await town.ticks()
    await town.ticks()
    assert await town["amina"].balance_minor() == 3000 + 6000 - 600, "a tenth, once a week"
    assert await town.client.available_minor() == client_before - 6000 + 600, "back to the client"
    assert await town.value("select state from adjustment") == "standing"
    events = await town.rt.db.rows("select event, amount from adjustment_event order by id")
    assert [(r["event"], r["amount"]) for r in events] == [
        ("opened", 1500),
        ("standing", 0),
        ("taken", 600),
    ]


async def test_appeal_stops_it_and_silence_decides_for_her(town, wrong):
    assert "with your coordinator" in await town["amina"].texts(f"APPEAL {wrong}")
    assert "with your coordinator" in await town["amina"].texts(f"appeal {wrong.lower()}")
    await earns(town, "amina", 2)
    await town.ticks(days=6)
    assert await town["amina"].balance_minor() == 6000
    await town.ticks(days=2)
    assert await town.value("select state from adjustment") == "disputed", "another person looks"
    await town.ticks(days=8)
    assert await town.value("select state from adjustment") == "dropped"
    assert "nobody decided in time" in (await town["amina"].messages())[-1]
    assert "nobody decided in time" in await town["amina"].texts(f"APPEAL {wrong}")


async def test_no_worker_appeals_for_another(town, wrong):
    brian = await town.enrols("brian")
    assert "no open case" in await brian.texts(f"APPEAL {wrong}")
    assert "no open case" in await brian.texts("APPEAL")
    assert await town.value("select state from adjustment") == "open"


async def test_a_coordinator_upholds_or_drops(town, wrong):
    await town["amina"].texts(f"APPEAL {wrong}")
    with pytest.raises(Refused, match="gateway appeals decide"):
        await record_adjustment_decision(town.rt, wrong, upheld=True, who="Wanjiku")
    await decide_appeal(
        town.rt, AppealDecision(wrong, worker_right=False, by="Wanjiku", reason="I asked her")
    )
    assert await town.value("select state from adjustment") == "standing"
    second = await opened(town, "select max(id) from answer")
    await record_adjustment_decision(town.rt, second, upheld=False, who="Wanjiku")
    assert await town.value("select state from adjustment where ref = $1", second) == "dropped"
    await town.ticks(days=91)
    assert await town.value("select state from adjustment where ref = $1", wrong) == "dropped", (
        "what is not covered in ninety days is forgiven"
    )


@given(
    st.lists(st.tuples(st.integers(1, 5_000), st.integers(0, 3_000)), min_size=1, max_size=30),
    st.lists(st.integers(1, 2_000), min_size=1, max_size=5),
)
def test_whatever_she_earns_no_week_takes_more_than_its_part(weeks, debts):
    """`weeks`: what she earns, and what she cashes out before the part is taken."""
    from datetime import UTC, datetime

    told = datetime(2026, 11, 21, tzinfo=UTC)
    rest, balance = dict(enumerate(debts)), 0
    for earned, cashed in weeks:
        balance += earned
        balance -= min(cashed, balance)
        taken = 0
        for _ in range(3):  # the job may run any number of times
            allowed = adjusting.allowance(earned, taken, balance)
            for n, part in adjusting.share_allowance(
                [Open(n, r, told) for n, r in rest.items() if r], allowed
            ):
                assert 0 < part <= rest[n]
                rest[n] -= part
                taken += part
                balance -= part
        assert taken <= earned * adjusting.WEEKLY_PERCENT // 100
        assert balance >= 0
    assert (
        sum(debts) - sum(rest.values())
        <= sum(e for e, _ in weeks) * adjusting.WEEKLY_PERCENT // 100
    )
