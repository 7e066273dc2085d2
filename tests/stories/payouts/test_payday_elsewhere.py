"""Payday by other operators: MTN, Airtel, pawaPay, airtime, and manual payment.

Each keeps its own books, and they agree with the gateway's.
"""

import base64
import itertools
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.base.errors import Refused
from gateway.base.msisdn import normalise
from gateway.base.tabular import open_table, restored
from gateway.payments.ledger.postings import float_top_up
from gateway.settings import Controls, Country, ProviderSettings
from gateway.simulator.faults import FaultPlan
from gateway.simulator.operators.judge import report
from gateway.steps.payouts.controls import release
from gateway.steps.payouts.floats.compare_floats import compare_float, compare_floats
from gateway.steps.payouts.manual import confirm, waiting_list
from gateway.store.ledger import transfers
from gateway.store.payouts import float_queries, floats
from tests.conftest import opened_gateway
from tests.support.town import eventually

SECRET = "only-the-operator-knows"
PHONES = {
    "mtn": ("+256772{:06}", "UGX"),
    "airtel": ("+254733{:06}", "KES"),
    "pawapay": ("+250788{:06}", "RWF"),
    "airtime": ("+254777{:06}", "KES"),
    "bank": ("+255754{:06}", "TZS"),
}
SIMULATED = [name for name in PHONES if name != "bank"]
COUNTRIES = {
    "KE": Country(
        currency="KES",
        payout="mpesa",
        payout_by_carrier={"Airtel": "airtel", "Telkom": "airtime"},
        airtime="airtime",
    ),
    "UG": Country(currency="UGX", payout="mtn"),
    "RW": Country(currency="RWF", language="fr", payout="pawapay"),
    "TZ": Country(currency="TZS", payout="bank"),
}
numbers = itertools.count(100_000)


def providers(url):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    limits = {"minimum": 10, "maximum": 100_000}
    mtn = {
        "base_url": url,
        "api_user": "user",
        "api_key": "key",
        "subscription_key": "sub",
        "target_environment": "mtnuganda",
        "currency": "UGX",
        **limits,
    }
    airtel = {
        "base_url": url,
        "client_id": "id",
        "client_secret": "secret",
        "country": "KE",
        "currency": "KES",
        "public_key": base64.b64encode(der).decode(),
        "pin": "1234",
        **limits,
    }
    pawapay = {
        "base_url": url,
        "api_token": "token",
        "provider": "MTN_MOMO_RWA",
        "currency": "RWF",
        **limits,
    }
    airtime = {
        "base_url": url,
        "username": "acme",
        "api_key": "key",
        "currency": "KES",
        **limits,
        "minimum": 5,
    }
    return {
        "mtn": ProviderSettings(kind="mtn_momo", options=mtn),
        "airtel": ProviderSettings(kind="airtel", secret=SECRET, options=airtel),
        "pawapay": ProviderSettings(kind="pawapay", secret=SECRET, options=pawapay),
        "airtime": ProviderSettings(kind="africastalking_airtime", secret=SECRET, options=airtime),
        "bank": ProviderSettings(kind="manual", options={"currency": "TZS", **limits}),
    }


@pytest.fixture(scope="module")
async def africa(new_database):
    async with opened_gateway(await new_database("africa"), providers, countries=COUNTRIES) as town:
        await town.opens()
        for name, other in town.operators.others.items():
            other.portal.result_delay_s = 0.0
            base = f"{town.rt.settings.public_url}/hooks/o/{name}/{SECRET}"
            if name != "mtn":
                other.portal.callback_url = base
            if name == "airtime":
                other.portal.validation_url = f"{base}/validate"
        yield town


@pytest.fixture(autouse=True)
def nothing_goes_wrong(africa):
    africa.operators.set_plan(FaultPlan(seed=3))


@pytest.fixture
def house_of(africa):
    """Other controls for one story."""
    before = africa.rt

    def change(**rules):
        settings = before.settings.model_copy(update={"controls": Controls(**rules)})
        africa.rt = replace(before, settings=settings)

    yield change
    africa.rt = before


async def earns(town, provider, number=None, price="100"):
    """Return a worker with a phone of that operator who has earned 100 of her money."""
    pattern, currency = PHONES[provider]
    msisdn = number or pattern.format(next(numbers))
    letters = "".join(chr(ord("a") + int(digit)) for digit in str(next(numbers)))
    person = town.meets(f"p{letters}", msisdn)
    await town["wanjiku"].texts(f"ADD {msisdn} {person.name.title()} en")
    await person.texts("YES")
    client = await town.new_client(f"Client {person.name}", 1_000_000, currency)
    await client.posts_batch("Is it open?", price=price)
    await person.texts("WORK")
    await person.texts("1")
    return person


async def settles(town):
    async def settled():
        await town.ticks(seconds=30)
        for other in town.operators.others.values():
            await other.post.settle()
        return not await town.count("payout", "settled_at is null and state <> 'needs_human'")

    await eventually(settled)
    await town.ticks()


def books(town, provider):
    return report(town.operators.others[provider].books)


@pytest.mark.parametrize("provider", SIMULATED)
async def test_paid_once_and_told_once(africa, provider):
    worker = await earns(africa, provider)
    before = books(africa, provider)
    assert "You asked for" in await worker.texts("PAY")
    await settles(africa)
    row = await africa.rt.db.row(
        "select p.* from payout p join worker w on w.id = p.worker_id where w.msisdn_index = $1",
        worker.index,
    )
    assert (row["provider"], row["state"]) == (provider, "paid")
    after = books(africa, provider)
    assert after["paid_minor"] - before["paid_minor"] == row["amount"]
    assert after["payouts"] - before["payouts"] == 1
    assert (after["duplicates"], after["duplicate_requests"]) == (0, 0)
    (told,) = [text for text in await worker.messages() if text.startswith("We sent you")]
    assert row["receipt"] in told
    assert await worker.balance_minor() == 0
    await africa.has_right_books()


@pytest.mark.parametrize("provider", SIMULATED)
async def test_whatever_the_network_does_no_worker_is_paid_twice(africa, provider):
    """Answers and callbacks get lost, come twice, come early or forged.

    The gateway's books and the operator's agree in the end.
    """
    before = books(africa, provider)
    workers = [await earns(africa, provider) for _ in range(8)]
    plan = FaultPlan(
        seed=11,
        lag_s=0.2,
        late_s=0.1,
        rates={
            "b2c": {
                "drop_before": 0.15,
                "drop_after": 0.25,
                "error_after": 0.1,
                "result_lost": 0.3,
                "result_duplicate": 0.3,
                "result_forged": 0.3,
                "result_malformed": 0.1,
                "result_early": 0.2,
            },
            "status": {"drop_before": 0.1, "error_before": 0.05, "status_lag": 0.3},
        },
    )
    africa.operators.set_plan(plan)
    for worker in workers:
        await worker.texts("PAY")

    async def quiet():
        await africa.ticks(minutes=30)
        for other in africa.operators.others.values():
            await other.post.settle()
        return not await africa.count("payout", "settled_at is null and state <> 'needs_human'")

    await eventually(quiet, within_s=60)
    rows = await africa.rt.db.rows(
        "select p.key, p.state, p.amount from payout p where provider = $1", provider
    )
    after = books(africa, provider)
    assert after["duplicates"] == 0
    assert after["consistent"]
    ours = {row["key"].replace("-", "") for row in rows if row["state"] == "paid"}
    theirs = {key.replace("-", "") for key, e in after["by_key"].items() if e["executions"]}
    doubtful = {row["key"].replace("-", "") for row in rows if row["state"] == "needs_human"}
    assert ours <= theirs, "we never say paid of what was not"
    assert theirs - ours <= doubtful, "what we do not know to be paid waits for people"
    if (
        provider != "airtime"
    ):  # which cannot be asked by our key: a lost answer waits for the statement
        assert not theirs & doubtful, "what was paid is found out by asking"
    assert after["payouts"] - before["payouts"] == len(theirs) - sum(
        1 for e in before["by_key"].values() if e["executions"]
    )
    await africa.has_right_books()


async def test_a_forged_callback_on_the_operators_path_changes_nothing(africa):
    worker = await earns(africa, "airtel")
    africa.operators.set_plan(FaultPlan(rates={"b2c": {"result_lost": 1.0, "drop_before": 1.0}}))
    await worker.texts("PAY")
    await africa.ticks()
    row = await africa.rt.db.row("select * from payout order by created_at desc limit 1")
    lie = {"transaction": {"id": row["key"].replace("-", ""), "status_code": "TS",
                           "airtel_money_id": "MP666", "message": "Paid"}}  # fmt: skip
    for secret, status in ((SECRET, 200), ("guessed", 404)):
        answer = await africa.http.post(f"/hooks/o/airtel/{secret}", json=lie)
        assert answer.status_code == status
    state = await africa.value("select state from payout where id = $1", row["id"])
    assert state != "paid", "a callback is a hint to go and ask"
    assert (await africa.http.post("/hooks/o/mtn/x", json=lie)).status_code == 404


async def test_airtime_we_did_not_order_is_not_sent(africa):
    """An attacker has the gateway's API key and asks for airtime.

    Africa's Talking asks the gateway first, and it says no.
    """
    before = books(africa, "airtime")
    recipients = '[{"phoneNumber":"+254777000111","amount":"KES 500"}]'
    answer = await posts_airtime(africa, {"username": "acme", "recipients": recipients})
    assert answer["numSent"] == 0
    assert books(africa, "airtime")["paid_minor"] == before["paid_minor"]


async def posts_airtime(africa, form):
    async with africa.rt.http.post(
        f"{africa.operators.url}/version1/airtime/send",
        data=form,
        headers={"apiKey": "key", "Idempotency-Key": "stolen-key-1"},
    ) as reply:
        return await reply.json()


async def test_her_number_is_unknown_to_the_operator_and_the_money_is_back(africa):
    worker = await earns(africa, "mtn", "+256772099457")
    await worker.texts("PAY")
    await settles(africa)
    assert await worker.balance_minor() == 100
    assert "is back in your balance" in (await worker.messages())[-1]


async def test_paid_manually_a_list_goes_out_and_confirmations_come_in(africa):
    workers = [await earns(africa, "bank") for _ in range(3)]
    refs = [(await worker.texts("PAY")).split("Ref ")[1][:6] for worker in workers]
    await africa.ticks()
    listed = (await waiting_list(africa.rt, "bank")).splitlines()
    assert listed[0] == "ref,phone,name,amount,currency,since"
    assert [line.split(",")[0] for line in listed[1:]] == refs
    assert workers[0].msisdn in listed[1]

    wrong = f"ref,status,receipt,amount\n{refs[0]},paid,R1,100\n{refs[1]},paid,,100\n{refs[2]},done,R3,90\n"
    with pytest.raises(Refused, match="row 2: a paid row needs its receipt; row 3: status is paid"):
        await confirm(africa.rt, "bank", wrong, "Grace")
    assert not await africa.count("payout", "provider = 'bank' and state = 'paid'"), "all or none"

    right = f"ref,status,receipt,amount\n{refs[0]},paid,R1,100\n{refs[1]},paid,R2,100.00\n{refs[2]},failed,,100\n"
    assert await confirm(africa.rt, "bank", right, "Grace") == (2, 1)
    assert await confirm(africa.rt, "bank", right, "Grace") == (2, 1), "and again changes nothing"
    await africa.ticks()
    assert [await worker.balance_minor() for worker in workers] == [0, 0, 10_000]
    assert any("R1" in words for words in await workers[0].messages())
    assert len([m for m in await workers[1].messages() if "R2" in m]) == 1
    await africa.has_right_books()
    with pytest.raises(Refused, match="not a provider of manual payouts; there is: bank"):
        await waiting_list(africa.rt, "mpesa")


async def test_the_list_goes_through_a_spreadsheet_and_comes_back(africa):
    """Names and numbers are no formulas there.

    The list that the bank sends back has semicolons and empty rows.
    """
    worker = await earns(africa, "bank")
    await africa.rt.db.execute("update worker set name = '=HYPERLINK(1) Ike' where id = $1", await worker.id())  # fmt: skip
    ref = (await worker.texts("PAY")).split("Ref ")[1][:6]
    await africa.ticks()
    listed = await waiting_list(africa.rt, "bank")
    (row,) = open_table(listed, ("ref", "name", "phone")).rows()
    assert row.cell("phone") == f"'{worker.msisdn}"
    assert restored(row.cell("phone")) == worker.msisdn
    assert normalise(row.cell("phone"), "KE") == worker.msisdn
    raw = await waiting_list(africa.rt, "bank", raw=True)
    assert f",{worker.msisdn}," in raw
    back = f"sep=;\r\nREF;Status;Receipt;Amount;;\r\n{ref};paid;'=R1;100,00;;\r\n;;;;;\r\n"
    assert await confirm(africa.rt, "bank", back.encode("utf-16"), "Grace") == (1, 0)
    assert await africa.value("select receipt from payout where ref = $1", ref) == "=R1"


async def test_a_balance_too_small_for_money_can_be_had_as_airtime(africa):
    """Her KES 8 are less than Airtel's least payment: she is told, and takes them as airtime."""
    africa.operators.others["airtel"].portal.result_delay_s = 0.0
    worker = await earns(africa, "airtel", price="8")
    assert "reply AIRTIME" in await worker.texts("PAY")
    assert "You asked for KES 8" in await worker.texts("AIRTIME")
    await settles(africa)
    row = await africa.rt.db.row(
        "select p.* from payout p join worker w on w.id = p.worker_id where w.msisdn_index = $1",
        worker.index,
    )
    assert (row["provider"], row["state"], row["amount"]) == ("airtime", "paid", 800)
    assert any("We sent you KES 8" in words for words in await worker.messages())


async def test_airtime_where_there_is_none_is_said_so(africa):
    worker = await earns(africa, "mtn")
    assert "You asked for" not in await worker.texts("AIRTIME")


async def test_a_number_registered_to_another_name_waits_for_a_person(africa, house_of):
    """MTN names the holder of a number.

    An operator looks where that is not nearly the enrolled name; no worker is refused.
    """
    house_of(check_names=True)
    same, other = await earns(africa, "mtn"), await earns(africa, "mtn")
    africa.operators.others["mtn"].names = {
        same.msisdn.removeprefix("+"): f"OTIENO {same.name.upper()}",
        other.msisdn.removeprefix("+"): "Peter Kamau",
    }
    for person in (same, other):
        await person.texts("PAY")
    await africa.ticks()
    held = await africa.rt.db.rows(
        "select p.ref, p.worker_id from payout p where p.reason = 'waits: name'"
    )
    assert [row["worker_id"] for row in held] == [await other.id()]
    assert "another name" in await other.texts("PAY")
    await release(africa.rt, held[0]["ref"], "Wanjiku")
    await settles(africa)
    assert await other.balance_minor() == 0
    assert await africa.count("payout", "worker_id = $1 and state = 'paid'", await other.id()) == 1


@pytest.mark.parametrize("provider", ["mtn", "airtel", "pawapay", "airtime"])
async def test_an_operator_is_asked_what_it_holds_before_a_run(africa, provider):
    worker = await earns(africa, provider)
    await worker.texts("PAY")
    await settles(africa)
    left = africa.operators.others[provider].books.funds().utility_minor
    told = await africa.rt.providers[provider].float_minor(africa.rt.http)
    assert told == left
    assert (
        await africa.value("select float from provider_health where provider = $1", provider)
        >= left
    )


@pytest.mark.parametrize("provider", ["mtn", "airtel", "pawapay"])
async def test_what_an_operator_holds_is_compared_with_our_books_each_hour(africa, provider):
    rt, theirs = africa.rt, africa.operators.others[provider].books
    held, _ = await floats.held_and_flying(rt.db, provider)
    currency = PHONES[provider][1]
    # From here on our books know all of its float.
    told = await rt.providers[provider].float_minor(rt.http)
    posting = float_top_up(provider, f"opening{next(numbers)}", told - held, currency)
    accounts = await rt.accounts.get(posting.debit), await rt.accounts.get(posting.credit)
    async with rt.db.transaction() as db:
        await transfers.post(db, posting, *accounts)
    worker = await earns(africa, provider)
    await worker.texts("PAY")
    await settles(africa)

    async def gap_in_an_hour():
        africa.clock.advance(minutes=61)
        await compare_floats(rt)
        rows = {row["provider"]: row["gap"] for row in await floats.gaps(rt.db)}
        return rows.get(provider, 0)

    before = (await compare_float(rt, provider)).gap_minor
    assert before == 0
    assert await gap_in_an_hour() == 0
    theirs.move_float(-700, "nobody told us")
    assert provider not in await float_queries.claim_queries(rt.db, rt.clock.now()), "each hour"
    assert await gap_in_an_hour() == -700
    assert await africa.count("discrepancy", "provider = $1", provider) == 0, "told, not stopped"
    theirs.move_float(700, "put right")
    assert await gap_in_an_hour() == 0
