"""Entries that are played at the entrances of a whole gateway.

Each names what comes, what it is answered, and what effect it has.
"""

from urllib.parse import parse_qsl, urlencode

from pydantic import SecretStr

from gateway.sms.channels import africastalking, kannel
from gateway.steps.runtime import Channel
from gateway.ussd.channels import africastalking as ussd
from tests.stories.turns.test_the_same_webhook_again import counts
from tests.support.town import FORM, Person
from tests.system.entries.book import RECORDED, Book
from tests.system.entries.others import KANNEL, picture

book = Book()
AT = "africastalking_docs"
AMINA = "+254711000001"


def add_channels(town):
    """Africa's Talking and Kannel, to be called, not to send."""
    options = {"username": "u", "api_key": "k", "sender": "21512", "base_url": "http://127.0.0.1:1"}
    town.rt.channels["at"] = Channel(
        "at",
        SecretStr("s"),
        africastalking.make("at", options),
        ussd.make("at", {"service_code": "*384*123#"}),
    )
    town.rt.channels["k"] = Channel("k", SecretStr("s"), kannel.make("k", KANNEL), None)


async def posts(town, path, body):
    answer = await town.http.post(f"/in/{path}", content=body, headers=FORM)
    assert answer.status_code == 200, answer.text
    return answer.text


async def sends(town, channel, to=AMINA, provider_id=None):
    """A message that is on its way; its number in the outbox."""
    await town.post(f"/in/{channel}/s/sms", {"id": town.new_id("m"), "from": to, "to": "21512", "text": "HELLO", "ts": "1"})  # fmt: skip
    message = await town.value("select max(id) from outbox")
    await town.rt.db.execute(
        "update outbox set state = 'accepted', sent_at = now(), provider_id = $2 where id = $1",
        message,
        provider_id,
    )
    return message


async def delivery(town, message):
    return await town.value("select delivery from outbox where id = $1", message)


# --- reports ---

ENDS = {
    "delivered": "delivered",
    "sent, 200": "sent",
    "undelivered (retryable later), 200": "away",
    "failed + opt-out, 200": "failed",
    "200, parked until the send is recorded (callback can beat the API reply)": None,
    "200, logged as unknown, state unchanged": None,
}


@book.entry(f"{AT}.dlr.vectors.*")
async def takes_the_report(town, _, value):
    message = await sends(town, "at", provider_id="ATXid_1")
    await posts(town, "at/s/receipt", value["form"])
    assert await delivery(town, message) == ENDS[value["expect"]]
    stopped = "opt-out" in value["expect"]
    assert await town.count("opt_out") == stopped
    if stopped:  # and so when it came before the send was recorded
        await posts(town, "at/s/receipt", value["form"].replace("ATXid_1", "ATXid_2"))
        await sends(town, "at", to="+254711000002", provider_id="ATXid_2")
        await town.ticks(minutes=1)
        assert await town.count("opt_out") == 2
    if "parked" in value["expect"]:
        late = await sends(town, "at", provider_id="UNKNOWN")
        await town.ticks(minutes=1)
        assert await delivery(town, late) == "delivered"


@book.entry(f"{AT}.dlr.method", f"{AT}.dlr.courier_gap")
async def takes_every_report(town, _, __):
    message = await sends(town, "at", provider_id="ATXid_1")
    for status in ("Submitted", "AbsentSubscriber", "Sent", "Buffered"):
        await posts(town, "at/s/receipt", f"id=ATXid_1&status={status}")
    assert await delivery(town, message) == "away", "the furthest it came"
    assert await town.count("inbox", "state = 'failed'") == 0


@book.entry("kannel_live.dlr.1.requests")
async def a_report_overtaken_by_another_changes_nothing(town, _, value):
    message = await sends(town, "k", provider_id="ours")
    for request in value:
        said = dict(parse_qsl(request, keep_blank_values=True))
        await posts(town, "k/s/receipt", urlencode({"id": "ours", **said}))
    assert await delivery(town, message) == "delivered"


# --- messages ---


@book.entry(f"{AT}.inbound.vectors.*")
async def hears_the_message(town, _, value):
    await posts(town, "at/s/sms", value["form"])
    before = await counts(town)
    assert before["inbox"] == before["outbox"] == 1
    assert await town.value("select state from inbox") == "done"
    await posts(town, "at/s/sms", value["form"].replace("from=+", "from=%2B"))
    assert await counts(town) == before, "the same message again"


@book.entry(f"{AT}.inbound.retry")
async def hears_once_what_comes_for_twelve_hours(town, _, value):
    assert "12 hours" in value
    for hour in range(13):
        await posts(town, "at/s/sms", "text=HELLO&to=21512&id=r1&from=%2B254791541111")
        assert await town.count("outbox") == 1, f"after {hour} hours"
        town.clock.advance(hours=1)


@book.entry(f"{AT}.opt_out.vector")
async def honours_the_opt_out(town, _, value):
    amina = Person(town, "amina", AMINA)
    await town["wanjiku"].texts(f"ADD {AMINA} Amina en")
    await amina.texts("YES")
    for _ in range(2):
        await posts(town, "at/s/opt-out", value)
    assert (await amina.row())["state"] == "stopped"


@book.entry(f"{AT}.subscription.vector")
async def takes_the_subscription_for_join(town, _, value):
    for _ in range(2):
        await posts(town, "at/s/subscription", value)
    assert await town.count("outbox") == 1


@book.entry("kannel_live.mo.0.headers")
async def kannel_calls_with_get(town, _, value):
    form = {"id": "1", "from": AMINA, "to": "21512", "ts": "1795278872", "text": "HELLO"}
    answer = await town.http.get(f"/in/k/s/sms?{urlencode(form)}", headers=value)
    assert (answer.status_code, answer.text) == (200, "")
    assert await town.count("outbox") == 1


@book.entry("picture_sms.parts")
async def a_picture_is_kept_and_answers_nothing(town, _, value):
    """Kannel hands a binary message on as it is.

    Its bytes are no text in any alphabet, and each call brings one part.
    """
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    _, parts = picture()
    for number, (_, data) in enumerate(parts):
        form = {"id": f"p{number}", "from": amina.msisdn, "to": "21512", "ts": "1", "text": data}
        await posts(town, "k/s/sms", urlencode(form))
    assert await town.count("inbox", "event_id like 'p_@%' and state = 'done'") == value
    assert await amina.answers() == []


# --- calls we have nothing for ---


@book.entry(f"{AT}.voice.callback_fields", f"{AT}.voice.reply", f"{AT}.voice.actions")
async def a_call_pasted_at_a_wrong_door_does_nothing(town, _, value):
    """The gateway has no voice side.

    A voice callback at the SMS entrance is kept to be looked at, and the answer says nothing to do.
    """
    names = RECORDED["africastalking_docs"]["voice"]["callback_fields"]
    form = {name.split(" ")[0]: "1" for name in names}
    before = await counts(town)
    answer = await posts(town, "at/s/sms", urlencode(form))
    assert not any(
        action in answer for action in RECORDED["africastalking_docs"]["voice"]["actions"]
    )
    after = await counts(town)
    assert after == before | {"inbox": before["inbox"] + 1}
    assert await town.count("inbox", "state = 'failed'") == 1
    assert value


# --- USSD ---


@book.entry(f"{AT}.ussd.sequence")
async def goes_through_the_dialogue(town, _, value):
    brian = Person(town, "brian", AMINA)
    await brian.dials()
    await brian.presses("1", "1", "KIBERA", "1")
    await town.posts_batch("Is it open?", "Is it clean?", "Is it near?")
    first = value[0]["form"].removesuffix("text=")
    screens = []
    for session, written in enumerate(step["form"] for step in value):
        text = written.rpartition("text=")[2]
        here = first.replace("ATUid_1", f"ATUid_{session}") if "new sessionId" in written else first
        screens.append(await posts(town, "at/s/ussd", f"{here}text={text}"))
    menu, question, saved, again, shorter, other, starred, resumed, deep = screens
    assert menu.startswith("CON ") and "Is it" in question and "Saved" in saved
    assert again == saved, "the same step again"
    assert shorter == question, "a step that was before shows what it showed"
    assert other == saved, "an answer that is given stays given"
    assert starred == saved, "and so it does beside anything typed later"
    assert "Continue" in resumed, "a redial begins where she was"
    assert deep.startswith(("CON ", "END "))
    assert await brian.values() == ["yes"]
    assert await brian.balance_minor() == 300


@book.entry(f"{AT}.ussd.end_notification.vector")
async def notes_the_end_of_a_session(town, _, value):
    said = dict(parse_qsl(value))
    dial = urlencode(
        {"sessionId": said["sessionId"], "phoneNumber": said["phoneNumber"], "text": ""}
    )
    await posts(town, "at/s/ussd", dial)
    for _ in range(2):
        await posts(town, "at/s/session-end", value)
    assert await town.value("select completed from ussd_session") is False
