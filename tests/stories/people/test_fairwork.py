"""The Fairwork report: ten thresholds from the books, signed, and refused for altered rows."""
# pyright: basic

from datetime import timedelta

import orjson
import pytest

from gateway.base.errors import Refused
from gateway.settings import FairPay
from gateway.steps.payouts.seal_ledger import seal_records
from gateway.steps.people import fairwork as step
from gateway.workers.impact.fairwork import THRESHOLDS, FairworkVerdict, points


async def reported(town):
    today = town.clock.now().date()
    return await step.fairwork_report(town.rt, today, today)


def verdicts(report):
    return {one.number: one.verdict for one in report.thresholds}


async def altered(town, statement, *arguments):
    """The owner of the database changes a row, with all triggers off."""
    async with town.rt.db.transaction() as db:
        await db.execute("set local session_replication_role = replica")
        await db.execute(statement, *arguments)


async def test_ten_thresholds_are_answered_and_two_need_a_person(town):
    (amina,) = await town.earned("amina")
    await amina.texts("PAY")
    await town.pays_out()
    report = await reported(town)
    assert [one.number for one in report.thresholds] == list(THRESHOLDS)
    found = verdicts(report)
    assert found["1.1"] is found["3.1"] is found["3.2"] is found["4.2"] is FairworkVerdict.MET
    assert found["1.2"] is FairworkVerdict.NOT_SHOWN, "no floor in the settings"
    assert [n for n, v in found.items() if v is FairworkVerdict.NEEDS_PERSON] == ["5.1", "5.2"]
    got, asked = points(report)
    assert asked == 2
    assert got <= 8
    assert all(one.definition for one in report.thresholds)
    assert report.sealed_rows["answer"] == 2
    assert report.sealed_rows["transfer"] == await town.count("transfer")


async def test_a_broken_promise_is_not_met(town):
    (amina,) = await town.earned("amina")
    await altered(town, "delete from consent where act in ('joined', 'agreed')")
    await amina.texts("PAY")
    await town.rt.db.execute("update payout set created_at = created_at - interval '8 days'")
    today = town.clock.now().date()
    report = await step.fairwork_report(town.rt, today - timedelta(days=10), today)
    found = verdicts(report)
    assert found["1.1"] is found["3.1"] is FairworkVerdict.NOT_MET
    await town.pays_out()


async def test_pay_below_the_floor_is_not_met(town, configure):
    floor = {"currency": "KES", "per_hour": "120", "source": "a study", "date": "2026-01-01"}
    configure(fair_pay=FairPay.model_validate({"floors": {"KE": floor}}))
    (amina,) = await town.earned("amina")
    batch = await town.value("select id from batch")
    await town.rt.db.execute(
        """insert into batch_pay (batch_id, kind, currency, floor, modelled_s, expected_s, settled_at)
           values ($1, 'verification', 'KES', 12000, 30, 30, now())
           on conflict (batch_id) do update set settled_at = now(), floor = 12000""",
        batch,
    )
    await town.rt.db.execute(
        "insert into worker_pay (batch_id, worker_id, answers, milliseconds, earned, hourly) values ($1, $2, 2, 3600000, 3000, 3000)",
        batch,
        await amina.id(),
    )
    assert verdicts(await reported(town))["1.2"] is FairworkVerdict.NOT_MET
    await town.rt.db.execute("update worker_pay set top_up = 9000")
    assert verdicts(await reported(town))["1.2"] is FairworkVerdict.MET


@pytest.mark.parametrize(
    ("kind", "statement", "restored"),
    [
        ("answer", "update answer set said = '2' where id = $1", "update answer set said = '1' where id = $1"),
        ("answer", "update answer set value = 'no' where id = $1", "update answer set value = 'yes' where id = $1"),
        ("consent", "update consent set said = 'NO' where id = $1", "update consent set said = 'YES' where id = $1"),
        ("transfer", "update transfer set at = at - interval '1 day' where seq = $1", "update transfer set at = at + interval '1 day' where seq = $1"),
    ],
)  # fmt: skip
async def test_a_row_that_was_altered_is_named_and_no_report_is_made(
    town, kind, statement, restored
):
    await town.earned("amina")
    await reported(town)
    number = {
        "answer": "select min(id) from answer",
        "consent": "select max(id) from consent where said = 'YES'",
        "transfer": "select max(seq) from transfer",
    }
    row = await town.value(number[kind])
    await altered(town, statement, row)
    with pytest.raises(Refused, match=f"{kind} {row} was altered"):
        await reported(town)
    await altered(town, restored, row)
    await reported(town)


async def test_a_removed_row_is_named_and_seals_cannot_be_made_anew_without_the_key(town):
    await town.earned("amina")
    await reported(town)
    row = await town.value("select max(id) from consent")
    kept = await town.rt.db.row("select * from consent where id = $1", row)
    await altered(town, "delete from consent where id = $1", row)
    with pytest.raises(Refused, match=f"consent {row} was removed"):
        await reported(town)
    # The owner of the database makes other seals, with another key.
    await altered(town, "delete from record_seal where kind = 'consent'")
    from gateway.base.vault import Vault, new_master_secret
    from gateway.store.ledger import record_seals

    other = Vault(new_master_secret())
    await record_seals.seal(town.rt.db, other.stamp, town.clock.now())
    with pytest.raises(Refused, match="not one of this gateway's key"):
        await reported(town)
    assert kept is not None


async def test_a_signed_report_is_checked_by_anyone_and_by_its_gateway(town):
    await town.earned("amina")
    report = await reported(town)
    file = step.signed(town.rt, report)
    key = town.rt.vault.public_key.hex()
    said = step.check_signature(file, key)
    assert await step.check_against_books(town.rt, said, key) == []
    for change in (b'"not shown"', b'"met"'):
        other = file.replace(change, b'"needs a person"', 1)
        assert other != file
        with pytest.raises(Refused, match="signature does not hold"):
            step.check_signature(other)
    with pytest.raises(Refused, match="another key"):
        step.check_signature(file, "00" * 32)
    with pytest.raises(Refused, match="no Fairwork report"):
        step.check_signature(b"[]")
    await altered(town, "update answer set said = '9' where id = (select min(id) from answer)")
    found = await step.check_against_books(town.rt, said, key)
    assert any("was altered" in fault for fault in found)
    assert orjson.loads(file)["report"]["thresholds"][0]["number"] == "1.1"


async def test_a_renamed_option_is_no_alteration(town):
    from gateway.store.quality import gold

    await town.earned("amina")
    await reported(town)
    batch = await town.value("select id from batch")
    async with town.rt.db.transaction() as db:
        was = await db.value("select value from answer limit 1")
        assert await gold.rename(db, batch, was, "renamed") > 0
    await reported(town)
    assert await seal_records(town.rt) == 0
