"""Every worker is spoken to in her own language, on every screen and in every message."""


async def test_a_swahili_worker_reads_swahili(town):
    fatuma = town.meets("fatuma")
    await town["wanjiku"].texts(f"ADD {fatuma.msisdn} Fatuma sw")
    await town.answers_bells()
    assert "anakualika" in (await fatuma.messages())[0], "she is invited in Swahili"
    assert "Karibu Fatuma" in await fatuma.texts("NDIYO")
    await town.posts_batch("Duka liko wazi?", "Duka ni safi?", instructions="Ni kweli?")
    await town.answers_bells()
    question = (await fatuma.messages())[-1]
    assert "Kwa KES 3:" in question
    assert "1 Ndiyo 2 Hapana 3 Sijui" in question
    assert "Imehifadhiwa +KES 3" in await fatuma.texts("ndio")
    assert await fatuma.values() == ["yes"]
    assert "Una KES 3" in await fatuma.texts("SALIO")
    assert "Una KES 3" in await fatuma.texts("BAL"), "English words always work"
    assert "1 Endelea" in await fatuma.dials()


async def test_three_languages_one_batch_one_meaning(town):
    batch = await town.posts_batch("Duka?", policy="fixed:3")
    words = {"amina": ("en", "no"), "fatuma": ("sw", "hapana"), "grace": ("fr", "non")}
    for name, (language, word) in words.items():
        person = await town.enrols(name, language)
        await person.texts("WORK")
        await person.texts(word)
    await town.ticks()
    result = (await batch.results())["t1"]
    assert (result["value"], result["answers"]) == ("no", 3)


async def test_the_labels_of_a_categorisation_are_in_her_language(town):
    options = [
        {"id": "shop", "labels": {"en": "Shop", "sw": "Duka"}},
        {"id": "school", "labels": {"en": "School", "sw": "Shule"}},
    ]
    await town.posts_batch(
        "Mama Njeri", kind="categorisation", options=options, policy="fixed:2", rotate=False
    )
    fatuma, amina = await town.enrols("fatuma", "sw"), await town.enrols("amina")
    assert "1 Duka 2 Shule" in await fatuma.texts("WORK")
    assert "1 Shop 2 School" in await amina.texts("WORK")
    await fatuma.texts("shule")
    await amina.texts("2")
    assert await fatuma.values() == await amina.values() == ["school"]


async def test_work_for_swahili_speakers_goes_to_no_other_worker(town):
    amina, fatuma = await town.enrols("amina"), await town.enrols("fatuma", "sw")
    await town.posts_batch("Duka?", languages=["sw"])
    assert "No questions now" in await amina.texts("WORK")
    assert "Duka?" in await fatuma.texts("WORK")


async def test_lang_changes_what_she_reads_from_now_on(town):
    amina = await town.enrols("amina")
    assert "Kiswahili" in await amina.texts("LANG sw")
    assert "Sasa hakuna maswali" in await amina.texts("WORK")
    await amina.dials()
    assert "Hi" in await amina.presses("4", "1"), "and on the phone's menu back again"
    assert (await amina.row())["language"] == "en"


async def test_a_stranger_reads_the_countrys_language(town):
    grace = town.meets("grace")
    assert "To join, text JOIN" in await grace.texts("Bonjour")


async def test_amharic_and_hausa_workers_read_and_write_their_own(town):
    abebe, binta = await town.enrols("abebe", "am"), await town.enrols("binta", "ha")
    await town.posts_batch("Duka?", policy="fixed:2")
    assert "1 \u12a0\u12ce" in await abebe.texts("\u1235\u122b"), (
        "the word for work, in Ethiopic letters"
    )
    await abebe.texts("\u12a0\u12ed")
    assert "1 Eh 2 A'a 3 Ban sani ba" in await binta.texts("aiki")
    assert "An ajiye +KES 3" in await binta.texts("a\u2019a")
    assert await abebe.values() == await binta.values() == ["no"]
    screen = await abebe.dials()
    assert "1 \u1235\u122b" in screen
    assert len(screen.text) <= 80, "a screen of her letters holds no more"
    await abebe.texts("\u12a0\u1241\u121d")
    await binta.texts("TSAYA")
    assert {(await p.row())["state"] for p in (abebe, binta)} == {"stopped"}
