"""A worker changes her number with her PIN.

Her work and money go along, and the old number may say that it was not her.
"""
# pyright: basic

import asyncio

import pytest

from gateway.base.errors import Conflict, Refused
from gateway.steps.payouts import adjust, controls
from gateway.steps.people import find_worker, register
from gateway.store.messages import outbox
from gateway.store.people import number_moves
from gateway.store.turns import turns
from tests.support.town import PARTNER

PIN, OTHER = "4826", "9371"


async def chooses_pin(person, pin=PIN):
    await person.dials()
    await person.presses("2", "3")
    assert "Your PIN is set" in await person.presses(pin, pin)


@pytest.fixture
async def amina(town):
    """Amina has earned KES 30 and chosen a PIN."""
    (amina,) = await town.earned("amina")
    await chooses_pin(amina)
    return amina


@pytest.fixture
def new(town, amina):
    """Her new SIM."""
    return town.meets("amina's new number")


async def moves(amina, new):
    """Move by SMS, the whole way."""
    assert "ending in" in await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    return await new.texts("YES")


async def day(town, **later):
    town.clock.advance(**later)


async def test_move_with_her_pin_takes_work_money_and_history_along(town, amina, new):
    before = await amina.row()
    skill = await town.rt.db.rows("select * from skill where worker_id = $1", before["id"])
    reply = await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert f"ending in {new.msisdn[-2:]}" in reply
    assert "NOTME" in reply
    assert (await amina.row())["msisdn_index"] == amina.index, "nothing moves without the YES"
    await town.answers_bells()
    (asked,) = await new.messages()
    assert "Reply YES" in asked
    assert "Amina" not in asked, "it may be a stranger's number by a mistake"
    done = await new.texts("YES")
    assert "on this number now" in done
    after = await new.row()
    same = (
        "id",
        "name",
        "language",
        "state",
        "account_id",
        "coordinator_id",
        "partner_id",
        "currency",
    )
    assert [after[key] for key in same] == [before[key] for key in same]
    assert await new.balance_minor() == 3000
    assert "KES 30" in await new.texts("BAL")
    assert await town.rt.db.rows("select * from skill where worker_id = $1", before["id"]) == skill
    acts = await town.rt.db.rows(
        "select act, said from consent where worker_id = $1 order by id", before["id"]
    )
    assert [row["act"] for row in acts] == ["invited", "agreed", "moved"]
    assert acts[-1]["said"] == "YES"
    await town.answers_bells()
    assert "moved to your new number" in (await amina.messages())[-1], "the old number is told"
    await town.has_right_books()


async def test_move_on_the_menu_asks_for_the_pin_and_then_for_the_number(town, amina, new):
    await amina.dials()
    assert "5 New number" in await amina.presses("2")
    assert "Type your PIN" in await amina.presses("5")
    assert "not your PIN. Tries left: 2" in await amina.presses(OTHER)
    assert "Type your new number" in await amina.presses(PIN)
    assert "not another mobile number" in await amina.presses("12345")
    assert "ending in" in await amina.presses("0" + new.msisdn[4:])
    screen = await new.dials()
    assert "Is this your new number" in screen
    assert "Amina" not in screen
    last = await new.presses("1")
    assert "on this number now" in last
    assert not last.open
    assert "KES 30" in await new.dials()


async def test_neither_pin_nor_number_is_kept_in_words(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    await amina.texts(f"move {new.msisdn} {PIN}")
    await amina.dials()
    await amina.presses("2", "5", PIN, "0" + new.msisdn[4:])
    found = []
    for table in await town.rt.db.rows(
        "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    ):
        rows = await town.rt.db.rows(f"select to_jsonb(x)::text as t from {table['name']} x")  # noqa: S608
        found += [
            row["t"]
            for row in rows
            if f'"{PIN}"' in row["t"] or f" {PIN}" in row["t"] or new.msisdn[4:] in row["t"]
        ]
    assert found == []
    bodies = await town.rt.db.rows("select body_sealed from inbox where body_sealed is not null")
    opened = [town.rt.vault.open(row["body_sealed"]) for row in bodies]
    assert not [body for body in opened if "MOVE" in body.upper() and PIN in body]


async def test_a_wrong_pin_counts_with_all_other_tries(town, amina, new):
    assert "Tries left: 2" in await amina.texts(f"MOVE {new.msisdn} PIN {OTHER}")
    assert "Tries left: 1" in await amina.texts(f"MOVE {new.msisdn} {OTHER}")
    assert "locked" in await amina.texts(f"MOVE {new.msisdn} PIN {OTHER}")
    assert "locked" in await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert await town.count("number_move") == 0
    await town.answers_bells()
    assert await new.messages() == []


async def test_a_worker_who_has_no_pin_is_told_how_it_goes(town, new):
    brian = await town.enrols("brian")
    assert "You have no PIN" in await brian.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert "dial *384*20#" in await brian.texts("MOVE")
    await brian.dials()
    assert "choose a PIN first" in await brian.presses("2", "5")
    assert await town.count("number_move") == 0


async def test_a_move_without_the_pin_says_how(town, amina, new):
    assert "the word PIN and your PIN" in await amina.texts(f"MOVE {new.msisdn}")
    assert await town.count("number_move") == 0


@pytest.mark.parametrize("words", ["NO", "NOTME", "Not me!", "HAPANA", "STOP"])
async def test_the_new_number_says_no(town, amina, new, words):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert "Nothing changes" in await new.texts(words)
    assert await town.value("select state from number_move") == "refused"
    assert "join" in (await new.texts("YES")).lower(), "the YES comes too late"
    assert await amina.balance_minor() == 3000
    if words == "STOP":
        assert "cannot be used" in await amina.texts(f"MOVE {new.msisdn} PIN {PIN}"), (
            "never asked again"
        )


async def test_what_the_new_number_says_otherwise_is_no_yes(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    for words in ("JOIN", "WORK", "1", "yes please", "BAL", f"JOIN {PARTNER}"):
        assert "Reply YES" in await new.texts(words)
    assert await town.count("worker") == 1
    assert "on this number now" in await new.texts("yes")


async def test_payouts_wait_after_the_change_and_then_go_to_the_new_number(town, amina, new):
    await moves(amina, new)
    assert "You asked for KES 30" in await new.texts("PAY")
    await town.ticks()
    await town.ticks(hours=47)
    assert await town.value("select reason from payout") == "waits: moved"
    ref = await town.value("select ref from payout")
    with pytest.raises(Refused, match="changed her number"):
        await controls.release(town.rt, ref, "one person")
    assert "changed a short time ago" in await new.texts("PAY")
    assert "changed a short time ago" in (await new.messages())[-1]
    await town.ticks(hours=2)
    await town.pays_out()
    assert await town.value("select to_tail from payout where state = 'paid'") == new.msisdn[-3:]
    assert town.operator_books()["paid_minor"] == 3000
    await town.has_right_books()


async def test_an_operator_learns_that_a_released_payout_still_waits(town, amina, new):
    await moves(amina, new)
    await new.texts("PAY")
    await town.ticks()
    ref = await town.value("select ref from payout")
    await town.rt.db.execute(
        """insert into payout_hold (payout_id, control, until, ends)
           select id, 'crowding', now() + interval '1 day', true from payout"""
    )
    released = await controls.release(town.rt, ref, "Wanjiku")
    assert released.ended == 1
    assert "changed her number" in released.still
    await town.ticks()
    assert await town.value("select state from payout") == "queued"


async def test_while_a_payment_is_on_its_way_the_number_stays(town, amina, new):
    assert "You asked for" in await amina.texts("PAY")
    assert "still on its way" in await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert await town.count("number_move") == 0
    await town.pays_out()
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    batch = await town.posts_batch("Is it big?", price="30.00")
    await amina.texts("WORK")
    assert "You asked for" in await amina.texts("1 PAY")
    assert "still on its way" in await new.texts("YES"), "asked for since"
    await town.pays_out()
    assert "on this number now" in await new.texts("YES")
    assert await town.value("select count(distinct to_tail) from payout") == 1, (
        "both went where they were asked"
    )
    assert batch


async def test_a_yes_and_a_pay_at_the_same_moment(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    await asyncio.gather(amina.sends("PAY"), new.sends("YES"))
    tails = await town.rt.db.rows("select to_tail from payout")
    moved = await town.value("select state from number_move") == "done"
    assert len(tails) + moved == 1, "one of them came first, and the other one saw it"
    await town.has_right_books()


async def test_the_database_itself_swaps_nothing_while_a_payout_is_open(town, amina, new):
    """Two turns that read at the same moment write one after the other."""
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    move = await town.value("select id from number_move")
    now = town.clock.now()

    def swaps():
        return number_moves.swap(
            move, via="sms", channel="phone", said="YES", no_number=b"-", screen="-",
            hold_until=now, now=now,
        )  # fmt: skip

    await amina.texts("PAY")
    with pytest.raises(Conflict, match="cannot be done now"):
        await town.rt.db.write([swaps()])
    await town.pays_out()
    worker = await amina.id()
    await town.rt.db.write([swaps()])
    with pytest.raises(Conflict, match="has changed her number"):
        await town.rt.db.write([turns.still_hers(worker, amina.index)])
    await town.rt.db.write([turns.still_hers(worker, new.index)])


async def test_the_old_number_objects_and_nothing_is_paid(town, amina, new):
    await moves(amina, new)
    await new.texts("PAY")
    await town.ticks()
    assert "no money goes" in await amina.texts("NOTME")
    assert await town.value("select state from number_move") == "objected"
    await town.ticks(hours=49)
    await town.ticks(hours=7)
    await town.ticks(hours=7)
    assert await town.value("select reason from payout") == "waits: objected", (
        "the end of the hold ends only the hold"
    )
    assert "old number says the change was not you" in await new.texts("PAY")
    assert "no money goes" in await amina.texts("JOIN"), (
        "told again, and it does not join meanwhile"
    )
    assert await town.count("worker") == 1


async def test_no_alone_objects_too_but_not_after_the_hold(town, amina, new):
    await moves(amina, new)
    await day(town, hours=49)
    assert "text join" in (await amina.texts("NO")).lower()
    assert await town.value("select state from number_move") == "done"


async def test_before_the_yes_the_old_number_ends_it_at_once(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert "Your number stays" in await amina.texts("NOTME")
    assert "To join" in await new.texts("YES"), "nobody asks for a yes any more"
    assert (await amina.row())["msisdn_index"] == amina.index


async def test_no_to_an_open_question_is_an_answer_and_no_objection(town, amina, new):
    await town.posts_batch("Is it big?", price="2.00")
    await amina.texts("WORK")
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert "Saved" in await amina.texts("NO")
    assert await town.value("select state from number_move") == "invited"
    assert "Your number stays" in await amina.texts("NO"), "with nothing to answer it objects"


async def test_what_the_old_number_texts_afterwards(town, amina, new):
    batch = await town.posts_batch("Is it big?", price="2.00")
    await amina.texts("WORK")
    await moves(amina, new)
    for words in ("1", "BAL", "PAY", "WORK", "JOIN", "HELP"):
        reply = await amina.texts(words)
        assert "have moved to another number" in reply
        assert "Amina" not in reply
        assert "KES" not in reply
    assert await town.count("answer") == 2, "it is nobody's answer"
    assert "Saved" in await new.texts("1"), "the question she held is still hers"
    assert await town.count("payout") == 0
    await day(town, hours=49)
    assert "Text JOIN" in await amina.texts("BAL")
    assert "do you agree" in (await amina.texts("JOIN")).lower(), (
        "whoever has that SIM by then may join"
    )
    assert "Welcome" in await amina.texts("YES")
    assert await amina.balance_minor() == 0
    assert await amina.id() != await new.id()
    assert await new.balance_minor() == 3200
    assert batch


async def test_no_worker_is_taken_in_on_a_number_that_may_be_given_back(town, amina, new):
    await moves(amina, new)
    wanjiku = town["wanjiku"]
    assert "Nobody was invited" in await wanjiku.texts(f"ADD {amina.msisdn} Njeri en")
    with pytest.raises(Refused, match="may be given back"):
        await register.expect_worker(town.rt, amina.msisdn, "phone")
    assert await town.count("worker") == 1
    await day(town, hours=49)
    assert "Njeri" in await wanjiku.texts(f"ADD {amina.msisdn} Njeri en")


async def test_open_sessions_of_the_old_number_end(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    await amina.dials()
    await amina.presses("2")
    await new.texts("YES")
    screen = await amina.presses("1")
    assert "has moved to another number" in screen
    assert not screen.open
    assert await town.count("payout") == 0
    screen = await amina.dials()
    assert "have moved to another number" in screen
    assert "KES" not in screen
    assert "no money goes" in await amina.presses("1"), "it may object on the menu too"
    assert await town.value("select state from number_move") == "objected"


async def test_stop_from_the_old_number_does_not_silence_the_new_one(town, amina, new):
    await moves(amina, new)
    assert await amina.texts("STOP") is None
    assert (await new.row())["state"] == "active"
    await town.rt.db.execute("update worker set reach = 'sms'")
    await town.posts_batch("Is it big?", price="2.00")
    await town.ticks()
    assert any("Is it big?" in text for text in await new.messages())
    await town.answers_bells()
    assert (
        await town.value("select count(*) from opt_out where msisdn_index = $1", amina.index) == 1
    )


async def test_the_carriers_word_about_the_old_number_is_not_about_her(town, amina, new):
    await moves(amina, new)
    await outbox.opt_out(town.rt.db, amina.index, "phone", "carrier")
    assert (await new.row())["state"] == "active"


async def test_stop_from_the_new_number_holds(town, amina, new):
    await moves(amina, new)
    assert "no more questions" in await new.texts("STOP")
    assert (await new.row())["state"] == "stopped"
    assert "no money goes" in await amina.texts("NOTME")
    assert (await new.row())["state"] == "stopped"


async def test_a_worker_who_stopped_moves_her_money_and_stays_stopped(town, amina, new):
    await amina.texts("STOP")
    await moves(amina, new)
    assert (await new.row())["state"] == "stopped"
    assert "KES 30" in await new.texts("BAL")


async def test_a_number_with_a_history_of_its_own_is_refused(town, amina, new):
    worked, left = await town.enrols("brian"), await town.enrols("chege")
    await town.posts_batch("Is it big?", price="2.00")
    await worked.texts("WORK")
    await worked.texts("1")
    await left.texts("STOP")
    for person in (worked, left, town["wanjiku"]):
        assert "cannot be used" in await amina.texts(f"MOVE {person.msisdn} PIN {PIN}")
    await town.answers_bells()
    assert await town.count("number_move") == 0
    stranger = town.meets("stranger")
    await outbox.opt_out(town.rt.db, stranger.index, "phone", "carrier")
    assert "cannot be used" in await amina.texts(f"MOVE {stranger.msisdn} PIN {PIN}")


async def test_a_new_number_that_only_asked_to_join_is_taken_over(town, amina, new):
    await new.texts("JOIN")
    await new.texts("YES")
    assert await town.count("worker") == 2
    await moves(amina, new)
    assert await new.balance_minor() == 3000
    assert await town.count("worker", "number_lost_at is not null and state = 'removed'") == 1
    assert "KES 30" in await new.texts("BAL")


async def test_a_new_number_that_worked_since_is_refused_at_the_yes(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    await town.rt.db.execute("update number_move set expires_at = now() - interval '1 hour'")
    await new.joins("JOIN")
    await town.posts_batch("Is it big?", price="2.00")
    await new.texts("WORK")
    await new.texts("1")
    await town.rt.db.execute("update number_move set expires_at = now() + interval '1 hour'")
    assert "cannot be used" in await new.texts("YES")
    assert await amina.balance_minor() == 3000


async def test_what_waits_to_be_sent_goes_to_the_new_number(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    await town.answers_bells()
    await amina.texts("BAL")
    await new.texts("YES")
    await town.answers_bells()
    texts = await new.messages()
    assert any("You have KES 30" in text for text in texts)
    assert not any("You have KES 30" in text for text in await amina.messages())


async def test_her_appeal_and_the_gold_she_has_seen_follow_her(town, amina, new):
    async with town.rt.db.transaction() as db:
        ref = await adjust.open_adjustment(
            town.rt, db, await town.value("select min(id) from answer")
        )
    gold = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "yes"} for n in range(2)]
    await town.posts_batch("Task?", tasks=gold, gold_rate=0.5, entry_gold=2, price="1.00")
    await amina.texts("WORK")
    await amina.texts("1")
    seen = await town.rt.db.rows("select digest from gold_seen order by 1")
    await moves(amina, new)
    assert ref not in (await amina.texts(f"APPEAL {ref}") or ""), "the old number appeals nothing"
    assert ref in await new.texts(f"WHY {ref}")
    assert ref in await new.texts(f"APPEAL {ref}")
    assert await town.value("select state from adjustment where ref = $1", ref) == "disputed"
    assert await town.rt.db.rows("select digest from gold_seen order by 1") == seen
    await new.texts("1")
    golds = await town.rt.db.row("select sum(gold_right) as golds from skill")
    assert golds["golds"] == 2, "her gold goes on where it was"


async def test_the_operator_finds_her_by_the_number_she_had(town, amina, new):
    await moves(amina, new)
    story = await find_worker.show(town.rt, amina.msisdn)
    assert story.worker == await new.id()
    (line,) = story.sections["Changes of number"]
    assert f"..{amina.msisdn[-2:]} to ..{new.msisdn[-2:]}, done, done by the new number" in line


async def test_asking_too_often_and_too_soon(town, amina, new):
    for _ in range(3):
        await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert "asked for too often" in await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    assert await town.count("number_move", "state = 'invited'") == 1
    await new.texts("YES")
    third = town.meets("third")
    assert "has just changed" in await new.texts(f"MOVE {third.msisdn} PIN {PIN}")
    await day(town, hours=49)
    assert "ending in" in await new.texts(f"MOVE {third.msisdn} PIN {PIN}")


async def test_a_yes_after_three_days_is_too_late(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    await day(town, hours=73)
    assert "join" in (await new.texts("YES")).lower()
    assert (await amina.row())["msisdn_index"] == amina.index


async def test_the_same_yes_twice_moves_once(town, amina, new):
    await amina.texts(f"MOVE {new.msisdn} PIN {PIN}")
    first = await new.texts("YES", event="yes-1")
    again = await new.texts("YES", event="yes-1")
    assert "on this number now" in first
    assert again is None
    assert await town.count("consent", "act = 'moved'") == 1


async def test_a_typed_answer_may_begin_with_the_word_move(town, amina, new):
    await town.posts_batch("Write what you hear", kind="transcription", price="2.00")
    await amina.texts("WORK")
    assert "Saved" in await amina.texts("move the chair to the door")
    assert (await amina.values())[-1] == "move the chair to the door"
