"""Workers who text: invited, asked, paid for each answer, and always told in one message."""


async def test_amina_is_invited_agrees_and_works(town):
    amina = town.meets("amina")
    done = await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina Wanjiru en")
    assert "Amina" in done
    await town.answers_bells()
    (invitation,) = await amina.messages()
    assert "Wanjiku invites you" in invitation

    assert "Welcome Amina" in await amina.texts("YES")
    await town.posts_batch("Is Mama Njeri Shop in Kibera?", "Is Mama Njeri Shop open on Sundays?")
    await town.answers_bells()
    question = (await amina.messages())[-1]
    assert "Mama Njeri" in question
    assert "For KES 3:" in question
    assert "1 Yes 2 No 3 Not sure" in question

    reply = await amina.texts("1")
    assert "Saved +KES 3" in reply
    assert "Mama Njeri" in reply, "thanks and the next question are one message"
    assert "Saved +KES 3. Total KES 6." in await amina.texts("no")
    assert await amina.values() == ["yes", "no"]
    assert await amina.balance_minor() == 600


async def test_no_worker_is_asked_before_she_says_yes(town):
    amina = town.meets("amina")
    await town["wanjiku"].texts(f"ADD {amina.msisdn} Amina")
    await town.posts_batch("Is it open?")
    await town.ticks()
    assert [m for m in await amina.messages() if "Is it open?" in m] == []
    assert "Is it open?" not in await amina.texts("WORK")
    assert "Is it open?" in await amina.texts("YES"), "and then she need not ask for it"


async def test_a_worker_who_says_no_is_left_alone(town):
    brian = town.meets("brian")
    await town["wanjiku"].texts(f"ADD {brian.msisdn} Brian")
    assert "will not text you" in await brian.texts("NO")
    await town.posts_batch("Is it open?")
    await town.ticks()
    assert not any("Is it open?" in m for m in await brian.messages())


async def test_a_stranger_joins_with_a_partners_code_by_sms(town):
    brian = town.meets("brian")
    assert "do not know the code MATHARE" in await brian.texts("JOIN MATHARE")
    assert "Do you agree? Reply YES" in await brian.texts("join kibera")
    assert (await brian.row())["state"] == "invited", "nothing begins before the YES"
    assert "You have joined" in await brian.texts("YES Brian Otieno")
    assert (await brian.row())["name"] == "Brian Otieno"
    assert (await brian.row())["partner_id"] is not None


async def test_a_stranger_without_a_code_is_told_first_and_asked_for_consent(town):
    chege = town.meets("chege")
    assert "To join, text JOIN" in await chege.texts("Hello?")
    assert "Do you agree? Reply YES" in await chege.texts("JOIN")
    assert (await chege.row())["state"] == "invited"
    await chege.texts("yes")
    assert (await chege.row())["state"] == "active"
    assert await town.count("consent", "worker_id = $1 and act = 'agreed'", await chege.id()) == 1


async def test_an_answer_that_cannot_be_read_is_asked_for_again_and_costs_nothing(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    assert "one number" in await amina.texts("maybe tomorrow")
    assert "one number" in await amina.texts("9")
    assert "two answers" in await amina.texts("1 2")
    assert await amina.earned_minor() == 0
    assert "Saved" in await amina.texts(" 1. ")
    assert await amina.answers() == [("t1", "yes")]


async def test_emoji_and_a_flood_of_letters_harm_no_worker(town):
    amina = await town.enrols("amina")
    await town.posts_batch(
        kind="transcription", instructions="Type it:", tasks=[{"id": "t1", "text": "Item 7"}]
    )
    await amina.texts("WORK")
    assert "too long" in await amina.texts("x" * 10_000)
    assert "no words" in await amina.texts("")
    assert "Saved" in await amina.texts("Duka la Mama \N{GRINNING FACE} \0Njeri")
    assert await amina.answers() == [("t1", "Duka la Mama \N{GRINNING FACE} Njeri")]
    assert await town.count("inbox", "state <> 'done'") == 0


async def test_a_worker_who_has_no_more_work_is_texted_when_there_is_some(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    await amina.texts("1")
    second = await town.posts_batch("Is it closed?")
    await town.ticks()
    assert "Is it closed?" in (await amina.messages())[-1]
    await town.ticks()
    await town.ticks()
    assert sum("Is it closed?" in m for m in await amina.messages()) == 1, "asked once, not nagged"
    await amina.texts("2")
    assert (await second.shows())["progress"]["answers"] == 1


async def test_a_coordinator_sees_her_workers_and_may_take_them_out(town):
    amina = await town.enrols("amina")
    await town.enrols("brian")
    town.meets("chege")
    await town["wanjiku"].texts(f"ADD {town['chege'].msisdn} Chege")
    await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    await amina.texts("1")
    status = await town["wanjiku"].texts("STATUS")
    assert "2 workers have joined. 1 invitation is open. 1 answer today." in status
    assert "is removed" in await town["wanjiku"].texts(f"REMOVE {amina.msisdn}")
    assert "not on our list" in await amina.texts("WORK")
    assert "KES 3" in await amina.texts("BAL"), "what she earned stays hers"


async def test_only_a_coordinator_can_enrol(town):
    amina, brian = await town.enrols("amina"), town.meets("brian")
    await amina.texts(f"ADD {brian.msisdn} Brian")
    assert await town.count("worker") == 1
    assert await town.count("outbox", "purpose = 'invitation'") == 1


async def test_a_number_of_another_country_is_not_enrolled(town):
    said = await town["wanjiku"].texts("ADD +14155550123 Amina en")
    assert "another country" in said
    assert await town.count("worker") == 0
    assert "not a phone number" in await town["wanjiku"].texts("ADD 12 Amina en")


async def test_a_short_code_that_texts_us_is_kept_and_not_answered(town):
    promo = town.meets("promo", "SAFARICOM")
    assert (await promo.sends("You have won")).status_code == 200
    assert await town.count("inbox", "state = 'unclear'") == 1
    assert await town.count("outbox") == 0
