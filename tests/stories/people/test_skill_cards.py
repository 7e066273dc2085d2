"""A worker takes her skill to another gateway: a code by SMS, for her number alone."""

from dataclasses import replace

import pytest

from gateway.base.errors import Refused
from gateway.cli.people.cards import page
from gateway.qa.skills.card import claim, code_of, digest
from gateway.qa.skills.card_trust import TrustFile, verify_card
from gateway.qa.skills.skill import Skill
from gateway.steps.people import skill_cards
from tests.stories.quality.test_gold import golds
from tests.support.town import Town

FAR = TrustFile("mathare", b"m" * 32)


def far_code(town: Town, msisdn: str, accepted: int = 100, *, kind: str = "verification") -> str:
    """The code that another gateway gave for a number."""
    card = claim(kind, Skill(45, 5), learned=True, accepted=accepted, today=town.clock.now().date())
    return code_of(card, msisdn, FAR.key)


async def test_a_worker_gets_her_card_and_another_gateway_verifies_it_offline(town: Town):
    amina = await town.enrols("amina")
    assert "You have no skill card yet" in (await amina.texts("CARD") or "")
    await town.posts_batch(*(f"Task {n}?" for n in range(25)))
    reply = await amina.texts("WORK")
    for _ in range(25):
        await town.answers_bells()
        reply = await amina.texts("1")
    await town.ticks()
    assert await town.value("select accepted from skill") == 25
    assert await town.value("select what from credential") == "ACCEPTED_25"
    reply = await amina.texts("CARD")
    assert reply is not None
    assert "for this phone number only" in reply
    code = reply.rpartition(": ")[2]
    file = await skill_cards.own_trust(town.rt)
    issuer, found = verify_card(code, amina.msisdn, [file], town.clock.now().date())
    assert (issuer, found.kind, found.accepted) == ("gateway", "verification", 25)
    with pytest.raises(Refused, match="to this phone number"):
        verify_card(code, "+254712009999", [file], town.clock.now().date())
    assert await town.count("skill_card", "digest = $1", digest(code)) == 1
    assert "This card is from here" in (await amina.texts(f"CARD {code}") or "")
    brian = await town.enrols("brian")
    await brian.dials("5", "1")
    assert "You have no skill card yet" in await brian.presses("3")
    await town.rt.db.execute("delete from skill_card")
    await amina.dials("5", "1")
    screen = await amina.presses("3")
    assert "for this phone number only" in screen
    assert code in screen, "a screen shows the same card"
    assert await town.count("skill_card", "digest = $1", digest(code)) == 1, "it is recorded"
    assert "Work" in await amina.presses("00")


async def test_a_card_of_another_gateway_replaces_most_entry_gold(town: Town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    await skill_cards.trust(town.rt, FAR, "Asha")
    code = far_code(town, amina.msisdn)
    said = await amina.texts(f"CARD {code}")
    assert said == (
        "Your skill card is accepted: you start here with fewer check questions. Text WORK."
    )
    row = await town.rt.db.row('select "right", wrong, carded, lesson_passed_at from skill')
    assert row is not None
    assert row["carded"]
    assert row["lesson_passed_at"], "the lesson counts here too"
    kept = Skill(row["right"], row["wrong"])
    assert abs(kept.mean - Skill(45, 5).mean) < 1 / 32
    assert {one["what"] for one in await town.rt.db.rows("select what from credential")} == {
        "LEARN_PASSED",
        "ACCEPTED_100",
    }

    await town.posts_batch(
        *(f"Task {n}?" for n in range(12)), tasks=golds(8), gold_rate=0.02, policy="fixed:2"
    )
    asked = {}
    for person in (amina, brian):
        reply, asked[person.name] = await person.texts("WORK"), []
        for _ in range(6):
            asked[person.name].append("Gold" in (reply or ""))
            await town.answers_bells()
            reply = await person.texts("1")
    assert asked["brian"][:5] == [True] * 5
    assert sum(asked["amina"]) == 1, "a fifth of the entry gold"
    assert "your work is known here already" in (await amina.texts(f"CARD {code}") or "")


async def test_a_stolen_guessed_or_untrusted_code_is_refused_and_tries_are_limited(town: Town):
    amina = await town.enrols("amina")
    code = far_code(town, amina.msisdn)
    assert "not valid here" in (await amina.texts(f"CARD {code}") or ""), "not trusted yet"
    await skill_cards.trust(town.rt, FAR, "Asha")
    stolen = far_code(town, "+254712345678")
    for said in (stolen, "2Y3Q-HJES-GVF3", "hello", "7" * 12):
        assert "not valid here" in (await amina.texts(f"CARD {said}") or "")
    limited = await amina.texts(f"CARD {code}")
    assert limited is not None
    assert limited.startswith("Too many codes for today."), "her own code has to wait, too"
    assert await town.count("skill") == 0
    await town.rt.db.execute("update card_try set created_at = now() - interval '25 hours'")
    assert "is accepted" in (await amina.texts(f"CARD {code}") or "")


async def test_a_revoked_or_old_card_is_refused_with_the_reason(town: Town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    code = far_code(town, amina.msisdn)
    await skill_cards.trust(town.rt, replace(FAR, revoked=frozenset({digest(code)})), "Asha")
    assert "withdrawn" in (await amina.texts(f"CARD {code}") or "")
    await skill_cards.trust(town.rt, FAR, "Asha")
    assert "withdrawn" in (await amina.texts(f"CARD {code}") or ""), "an older list undoes nothing"
    old = far_code(town, brian.msisdn)
    town.clock.advance(days=400)
    assert "more than a year old" in (await brian.texts(f"CARD {old}") or "")
    assert await town.count("skill") == 0


async def test_an_operator_prints_and_revokes_cards(town: Town):
    amina = await town.enrols("amina")
    await town.rt.db.execute(
        "insert into skill (worker_id, kind, lesson_passed_at) values ($1, 'verification', now())",
        await amina.id(),
    )
    printed = await skill_cards.print_cards(town.rt, amina.msisdn)
    code = printed.cards[0].code
    assert printed.cards[0].claim.learned
    html = page(replace(printed, name="<Amina>"))
    assert code in html
    assert "&lt;Amina&gt; .." in html, "a name is no markup, and the number is masked"
    assert "lesson passed" in html
    assert await skill_cards.revoke_cards(town.rt, code, "Asha", "a mistake") == 1
    file = await skill_cards.own_trust(town.rt)
    assert digest(code) in file.revoked
    with pytest.raises(Refused, match="revoked"):
        verify_card(code, amina.msisdn, [file], town.clock.now().date())
    with pytest.raises(Refused, match="this very gateway"):
        await skill_cards.trust(town.rt, file, "Asha")


async def test_a_card_ends_with_the_number_that_it_is_bound_to(town: Town):
    amina = await town.enrols("amina")
    await town.rt.db.execute(
        "insert into skill (worker_id, kind, lesson_passed_at) values ($1, 'verification', now())",
        await amina.id(),
    )
    reply = await amina.texts("CARD")
    assert reply is not None
    code = reply.rpartition(": ")[2]
    await town.rt.db.execute(
        "update worker set msisdn_index = $1 where id = $2",
        town.rt.vault.index("+254712009998"),
        await amina.id(),
    )
    assert digest(code) in (await skill_cards.own_trust(town.rt)).revoked


async def test_a_lesson_alone_opens_work_but_replaces_no_gold(town: Town):
    amina = await town.enrols("amina")
    await skill_cards.trust(town.rt, FAR, "Asha")
    assert "is accepted" in (await amina.texts(f"CARD {far_code(town, amina.msisdn, 0)}") or "")
    assert await town.value("select carded from skill") is False
    await town.posts_batch("Is it open?", needs_lesson=True)
    assert "Is it open?" in (await amina.texts("WORK") or "")
