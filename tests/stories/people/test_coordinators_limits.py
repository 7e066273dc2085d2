"""A coordinator is a caller id: what it may do is bounded, and needs a PIN where it matters.

It ends when the operator says so.
"""

import json
import re
from datetime import UTC, datetime

import pytest

from gateway.base.errors import Refused
from gateway.settings.coordinators import Coordinators
from gateway.steps.payouts.adjust import open_adjustment
from gateway.steps.people import coordinators, find_worker, register
from gateway.steps.people.console_links import link_for
from gateway.store.people import coordinators as store
from tests.support.town import COORDINATOR

OTIENO = "+254722000009"
PIN = "6174"  # not that of the example in our own texts


@pytest.fixture
def grace(town):
    return town["wanjiku"]


async def kept(town):
    """Everything of the database as text, with what is sealed opened."""
    found = []
    for row in await town.rt.db.rows("select body_sealed, reply, error from inbox"):
        found += [
            town.rt.vault.open(row["body_sealed"]) if row["body_sealed"] else "",
            row["reply"],
            row["error"],
        ]
    found += [row["text"] for row in await town.rt.db.rows("select text from outbox")]
    for table in ("consent", "coordinator_event", "coordinator_pin", "worker"):
        rows = await town.rt.db.rows(f"select row_to_json(t)::text as j from {table} t")  # noqa: S608
        found += [row["j"] for row in rows]
    return "\n".join(str(one) for one in found)


async def opens(town, link):
    answer = await town.http.get(link.partition("/console")[1] + link.partition("/console")[2])
    if answer.status_code == 303:
        cookie = answer.headers["set-cookie"].partition(";")[0]
        answer = await town.http.get("/console", headers={"cookie": cookie})
    return answer


async def test_unlock_needs_her_pin_which_is_kept_nowhere(town, grace):
    amina = await town.enrols("amina")
    assert "has no PIN" in await grace.texts(f"UNLOCK {amina.msisdn}")
    assert not [words for words in await amina.messages() if "PIN" in words], (
        "nothing untrue was sent"
    )
    await town.rt.db.execute(
        "insert into worker_pin (worker_id, hash) values ($1, 'x')", await amina.id()
    )
    assert "needs your PIN" in await grace.texts(f"UNLOCK {amina.msisdn} PIN {PIN}")
    await coordinators.set_pin(town.rt, COORDINATOR, PIN, by="asha")
    assert "Tries left: 2" in await grace.texts(f"UNLOCK {amina.msisdn} PIN 7391")
    assert await town.count("worker_pin") == 1
    assert "has no PIN now" in await grace.texts(f"UNLOCK {amina.msisdn} PIN {PIN}")
    assert await town.count("worker_pin") == 0
    everything = await kept(town)
    assert "PIN 7391" not in everything
    assert f"PIN {PIN}" not in everything
    assert "7391" not in everything
    assert f"PIN+{PIN}" not in everything


async def test_three_wrong_pins_lock_it_and_the_operator_makes_a_new_one(town, grace):
    amina = await town.enrols("amina")
    await town.rt.db.execute(
        "insert into worker_pin (worker_id, hash) values ($1, 'x')", await amina.id()
    )
    await coordinators.set_pin(town.rt, COORDINATOR, PIN, by="asha")
    for _ in range(3):
        await grace.texts(f"UNLOCK {amina.msisdn} PIN 7391")
    assert "locked" in await grace.texts(f"UNLOCK {amina.msisdn} PIN {PIN}")
    assert await town.count("worker_pin") == 1
    await coordinators.set_pin(town.rt, COORDINATOR, "5937", by="asha")
    assert "has no PIN now" in await grace.texts(f"UNLOCK {amina.msisdn} PIN 5937")
    with pytest.raises(Refused, match="4 to 6 digits"):
        await coordinators.set_pin(town.rt, COORDINATOR, "1234", by="asha")


async def test_the_day_has_a_limit_whatever_comes_at_once(town, grace, configure):
    configure(coordinators=Coordinators(invitations_per_day=3, adds_without_pin=3))
    for n in range(5):
        said = await grace.texts(f"ADD +2547330000{n:02d} Amina")
    assert "3 invitations in 24 hours" in said
    assert await town.count("outbox", "purpose = 'invitation'") == 3
    assert await town.count("worker") == 3


async def test_removed_and_added_again_within_the_hour_is_sent_again(town, grace):
    juma = town.meets("juma")
    await grace.texts(f"ADD {juma.msisdn} Juma")
    await town.answers_bells()  # the first invitation has left
    await grace.texts(f"REMOVE {juma.msisdn}")
    assert "is invited, in Kiswahili" in await grace.texts(f"ADD {juma.msisdn} Jumaa sw")
    await town.answers_bells()
    first, second = [words for words in await juma.messages() if "Wanjiku" in words]
    assert first.startswith("Hello Juma.")
    assert second.startswith("Habari Jumaa.")
    assert "again now" in await grace.texts(f"ADD {juma.msisdn}")
    await town.answers_bells()
    assert len([words for words in await juma.messages() if "Wanjiku" in words]) == 3
    assert await town.value("select name from worker") == "Jumaa"
    said = await grace.texts(f"ADD {juma.msisdn} Juma")
    assert "3 invitations in 24 hours" in said


async def test_a_correction_at_night_takes_the_place_of_the_first_and_a_removal_calls_it_back(
    town, grace, configure
):
    hour = (datetime.now(UTC).hour + 3) % 24  # in Nairobi
    configure(quiet_hours=f"{hour}-{(hour + 2) % 24}")
    juma = town.meets("juma")
    assert "our SMS goes at" in await grace.texts(f"ADD {juma.msisdn} Jma")
    await grace.texts(f"ADD {juma.msisdn} Juma")
    assert await town.count("outbox", "purpose = 'invitation' and state = 'queued'") == 1
    await grace.texts(f"REMOVE {juma.msisdn}")
    assert await town.count("outbox", "purpose = 'invitation' and state = 'queued'") == 0


async def test_a_disabled_coordinator_commands_nothing_and_her_workers_go_on(town, grace):
    amina = await town.enrols("amina")
    await register.add_coordinator(town.rt, OTIENO, "Otieno", "en", None)
    link = await link_for(town.rt, COORDINATOR)
    assert (await opens(town, link)).status_code == 200
    with pytest.raises(Refused, match="say why"):
        await coordinators.disable(town.rt, COORDINATOR, by="asha", because=" ")
    moved = await coordinators.disable(
        town.rt, COORDINATOR, by="asha", because="moved away", to=OTIENO
    )
    assert moved == 1
    assert (await opens(town, link)).status_code == 401
    await grace.texts("ADD +254733000001 Mallory")
    assert await town.count("worker") == 1
    assert await amina.texts("WORK")
    otieno = town.meets("otieno", OTIENO)
    assert "1 worker has joined" in await otieno.texts("STATUS")
    (row,) = [one for one in await store.list_coordinators(town.rt.db) if one["name"] == "Wanjiku"]
    assert (row["state"], row["event"], row["by_whom"], row["reason"]) == (
        "disabled",
        "disabled",
        "asha",
        "moved away",
    )
    with pytest.raises(Refused, match="another coordinator who is active"):
        await coordinators.disable(town.rt, OTIENO, by="asha", because="x", to=COORDINATOR)


async def test_a_coordinator_is_cut_off_at_once_and_can_be_let_in_again(town, grace):
    await town.enrols("amina")
    links = [await link_for(town.rt, COORDINATOR) for _ in range(2)]
    await coordinators.set_pin(town.rt, COORDINATOR, PIN, by="asha")
    assert await coordinators.cut_off(town.rt, COORDINATOR, by="asha", because="phone stolen") == 2
    for link in links:
        assert (await opens(town, link)).status_code == 401
    await grace.texts("ADD +254733000001 Mallory")
    await grace.texts("STATUS")
    assert await town.count("worker") == 1
    with pytest.raises(Refused, match="cut off"):
        await link_for(town.rt, COORDINATOR)
    await register.add_coordinator(town.rt, COORDINATOR, "Wanjiku", "en", "KIBERA")
    assert "1 worker has joined" in await grace.texts("STATUS")
    assert (await opens(town, links[0])).status_code == 401, "the old link stays ended"
    assert await town.count("coordinator_pin") == 0, "the stolen phone holds SMS with the old PIN"


async def test_links_are_listed_and_one_is_called_back(town):
    first, second = [await link_for(town.rt, COORDINATOR, "asha") for _ in range(2)]
    newest, oldest = [row["id"] for row in await store.links(town.rt.db)]
    await coordinators.revoke_link(town.rt, oldest, by="asha", because="sent to a wrong number")
    assert (await opens(town, first)).status_code == 401
    assert (await opens(town, second)).status_code == 200
    with pytest.raises(Refused, match="no link"):
        await coordinators.revoke_link(town.rt, oldest, by="asha", because="again")
    assert newest != oldest


async def joined_by_code(town, name):
    person = town.meets(name)
    await person.texts("JOIN KIBERA")
    await person.texts("YES")
    return person


async def wrong_answer(town, person):
    answer = await town.value(
        "select id from answer where worker_id = $1 limit 1", await person.id()
    )
    async with town.rt.db.transaction() as db:
        await open_adjustment(town.rt, db, answer)
    return await town.value("select ref from adjustment order by id desc limit 1")


async def test_an_appeal_of_a_worker_who_joined_by_code_reaches_the_centres_coordinator(
    town, grace
):
    await town.posts_batch("Is Toi Market next to Kibera?", "Is it open?", price="15.00")
    amina = await joined_by_code(town, "amina")
    for words in ("WORK", "1", "1"):
        await amina.texts(words)
    ref = await wrong_answer(town, amina)
    explained = await amina.texts(f"WHY {ref}")
    assert "Is it open?" in explained or "Toi Market" in explained
    assert f"{ref} is with your coordinator" in await amina.texts("APPEAL")
    await town.ticks()
    (told,) = [words for words in await grace.messages() if ref in words]
    assert amina.msisdn[-2:] in told


async def test_without_a_coordinator_the_appeal_is_with_the_office_and_she_reads_that(town, grace):
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00")
    amina = await joined_by_code(town, "amina")
    for words in ("WORK", "1", "1"):
        await amina.texts(words)
    await coordinators.disable(town.rt, COORDINATOR, by="asha", because="left")
    ref = await wrong_answer(town, amina)
    assert f"{ref} is with our office" in await amina.texts(f"APPEAL {ref}")
    await town.ticks()
    assert not [words for words in await grace.messages() if ref in words]


async def test_the_page_and_the_findings_show_the_end_of_each_number(town):
    amina = await joined_by_code(town, "amina")
    page = await opens(town, await link_for(town.rt, COORDINATOR))
    assert f"..{amina.msisdn[-2:]}" in page.text
    assert amina.msisdn not in page.text


async def test_a_coordinator_is_told_once_a_day_of_a_worker_who_is_not_understood(town, grace):
    amina = await town.enrols("amina")
    for words in ("maybe so", "what is this", "BAL", "hm hm", "eh", "so so", "how come"):
        await amina.texts(words)
    await town.answers_bells()
    assert not [words for words in await grace.messages() if "needs your help" in words], (
        "an understood text starts the count afresh"
    )
    for words in ("my PIN 482193 please", "and now"):
        await amina.texts(words)
    await town.answers_bells()
    (told,) = [words for words in await grace.messages() if "needs your help" in words]
    assert told.startswith(f"Amina (+2547..{amina.msisdn[-2:]})")
    assert "482193" not in told


async def test_why_was_she_not_paid_is_answered_from_a_number_or_a_name(town):
    (amina,) = await town.earned("amina")
    for said in (amina.msisdn, f"0{amina.msisdn[4:]}", "amin", str(await amina.id())):
        (found,) = await find_worker.find(town.rt, said)
        assert found.name == "Amina"
        assert found.balance == "KES 30"
    story = await find_worker.show(town.rt, "Amina")
    assert story.answers == ["KES 30 can be sent now: the worker has not texted PAY"]
    await amina.texts("PAY")
    story = await find_worker.show(town.rt, "Amina")
    ref = await town.value("select ref from payout")
    assert f"{ref} is under way" in story.answers[0]
    assert ref in story.sections["Payouts"][0]
    assert story.sections["Consent"][-1].endswith("invited by Wanjiku")
    await town.pays_out()
    story_paid = await find_worker.show(town.rt, "Amina")
    assert story_paid.answers[0] == "the balance is KES 0: all that was earned was sent"
    assert re.search(r"paid, receipt \w+$", story_paid.sections["Payouts"][0])
    whole = json.dumps([story.facts, story.answers, story.sections])
    assert amina.msisdn not in whole
    with pytest.raises(Refused, match="no worker"):
        await find_worker.show(town.rt, "0799999999")


async def test_several_of_one_name_are_listed_and_one_is_shown_by_id(town):
    one, _ = await town.enrols("amina"), await town.enrols("amina two")
    with pytest.raises(Refused, match="2 workers match"):
        await find_worker.show(town.rt, "amina")
    assert (await find_worker.show(town.rt, str(await one.id()))).worker == await one.id()
