# pyright: basic
"""Findings of a formula are shown with their figures.

The client sees them without names, the coordinator with them.
"""

from datetime import timedelta

import pytest

from gateway.base.errors import Refused
from gateway.steps.people import api_keys, console_links, register
from gateway.steps.quality.detect_cheating import watch
from gateway.steps.quality.reestimate import relearn
from gateway.steps.quality.update_skills import score
from gateway.store.quality import findings
from tests.support.town import COORDINATOR

OPTIONS = ["shop", "house", "school", "clinic"]


async def thumbed(town):
    """A batch in which Thumb always pressed the same key."""
    people = [await town.enrols(f"p{n}") for n in range(3)]
    thumb = await town.enrols("thumb")
    batch = await town.posts_batch(
        *(f"Item {n}?" for n in range(20)), kind="categorisation", options=OPTIONS, policy="fixed:4"
    )
    for person in people:
        reply = await person.texts("WORK")
        while "Item" in (reply or ""):
            number = int(reply.partition("Item ")[2].partition("?")[0])
            reply = await person.texts(OPTIONS[number % 4])
    reply = await thumb.texts("WORK")
    while "Item" in (reply or ""):
        reply = await thumb.texts("2")
    await watch(town.rt, batch.id)
    return batch, thumb


async def opens(town, link, **given):
    return await town.http.get(link.removeprefix(town.rt.settings.public_url), **given)


async def page(town, number=COORDINATOR):
    """Return what the coordinator reads on the page of her link."""
    town.http.cookies.clear()
    moved = await opens(town, await console_links.link_for(town.rt, number))
    assert (moved.status_code, moved.headers["location"]) == (303, "/console")
    shown = await town.http.get("/console")
    town.http.cookies.clear()
    return shown


async def test_the_client_sees_in_the_batch_what_there_is_to_look_at_and_no_names(town):
    batch, thumb = await thumbed(town)
    found = (await batch.shows())["findings"]
    position = next(one for one in found if one["kind"] == "position")
    assert (position["worker"], position["state"]) == (await thumb.pseudonym(), "open")
    assert position["evidence"]["pressed"] == 20
    assert "pressed 2 20 times" in position["evidence"]["sentence"]
    assert "Thumb" not in str(found)
    other = await town.posts_batch("Else?")
    assert (await other.shows())["findings"] == []


async def test_the_coordinator_sees_which_worker_it_is_about_and_the_figures(town):
    _, thumb = await thumbed(town)
    assert "finding" in await town["wanjiku"].texts("STATUS")
    shown = (await page(town)).text
    assert "Thumb" in shown
    assert "pressed 2 20 times" in shown
    assert thumb.msisdn[-9:] not in shown, "no number is on a page"
    for row in await findings.list_findings(town.rt.db):
        await findings.close_finding(town.rt.db, row.id, "Wanjiku", "she <b>broke</b> her glasses")
    shown = (await page(town)).text
    assert "she &lt;b&gt;broke&lt;/b&gt; her glasses" in shown, "words are words, not markup"
    assert "finding" not in await town["wanjiku"].texts("STATUS")


async def test_another_coordinator_sees_her_own_workers_only(town):
    await thumbed(town)
    await register.add_partner(town.rt, "THIKA", "Thika")
    await register.add_coordinator(town.rt, "+254722000009", "Otieno", "en", "THIKA")
    shown = (await page(town, "+254722000009")).text
    assert "Otieno" in shown
    assert "Thumb" not in shown


async def test_a_link_that_is_not_ours_or_is_old_opens_nothing(town):
    link = await console_links.link_for(town.rt, COORDINATOR)
    key = link.partition("key=")[2]
    first, until, number, signature = key.split(".")
    wrong = [
        "",
        "1",
        f"{int(first) + 1}.{until}.{number}.{signature}",
        f"{first}.{int(until) + 1}.{number}.{signature}",
        f"{first}.{until}.{int(number) + 1}.{signature}",
        f"{first}.{until}.{signature}",
    ]
    wrong += [f"{first}.{until}.{number}.{signature[:-1]}", "\u0661.\u0661.\u0661.x"]
    wrong += [f"{first}.{until}.{number}.\xe9"]
    for one in wrong:
        town.http.cookies.clear()
        answer = await town.http.get("/console", params={"key": one})
        assert answer.status_code == 401, one
    town.clock.advance(seconds=(console_links.GOOD_FOR + timedelta(minutes=1)).total_seconds())
    assert (await opens(town, link)).status_code == 401
    with pytest.raises(Refused):
        await console_links.link_for(town.rt, "+254722000099")


async def test_a_worker_who_was_good_and_gets_worse_is_a_finding_and_works_on(town):
    amina = await town.enrols("amina")
    await town.rt.db.execute(
        'insert into skill (worker_id, kind, "right", wrong, trial_right) values ($1, $2, 40, 1, 40)',
        await amina.id(), "verification",
    )  # fmt: skip
    golds = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "yes"} for n in range(6)]
    batch = await town.posts_batch(
        *(f"Shop {n}?" for n in range(30)), tasks=golds, gold_rate=0.5, entry_gold=0
    )
    reply = await amina.texts("WORK")
    while "1 Yes" in (reply or ""):
        reply = await amina.texts("2")
        await score(town.rt)
    row = await town.rt.db.row("select * from finding where kind = 'drift'")
    assert row is not None
    assert row["worker_id"] == await amina.id()
    assert "wrong more often" in row["evidence"]["sentence"]
    assert await town.count("skill", "paused_until > now()") == 0, "a finding is no pause"
    await relearn(town.rt, batch.id)
    assert "drift" in [one["kind"] for one in (await batch.shows())["findings"]]


async def test_a_revoked_key_opens_nothing_and_the_others_do(town):
    second = await api_keys.add_key(town.rt, town.client.id)
    assert (await town.client.asks("GET", "/account")).status_code == 200
    await api_keys.revoke_key(town.rt, town.client.id, town.client.key[:8])
    assert (await town.client.asks("GET", "/account")).status_code == 401
    town.client.key = second
    assert (await town.client.asks("GET", "/account")).status_code == 200
    with pytest.raises(Refused):
        await api_keys.revoke_key(town.rt, town.client.id, "gw_xxxxx")
