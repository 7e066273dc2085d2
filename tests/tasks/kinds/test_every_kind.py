"""The rules for every task kind. A file in the folder is tested by being there."""
# pyright: basic

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.base.ids import BatchId, TaskId
from gateway.phrases import book_in, books
from gateway.tasks import kinds
from gateway.tasks.port import Reading
from gateway.tasks.question import Field, Option, Question
from gateway.tasks.values import as_asked, kind_asked, kinds_asked

KINDS = plugins.kinds(kinds)
FIELDS = (Field("owner", "name", 1), Field("note", "text", 2, optional=True))
BOOKS = books()
OFFERED = [Option("mango", {"en": "Mango"}), Option("none", {"en": "None of these"})]
said = st.text(max_size=20) | st.sampled_from(
    ["1", "2", "0", " ", "yes", "mango", "1 or 2", "31/12/2026", "3,500", "Amina Otieno", "\ud800", "x" * 700]
)  # fmt: skip


def module(kind):
    return plugins.load(kinds, kind)


def question(kind):
    """A question of this kind, with a client's options where the kind takes them."""
    try:
        options = module(kind).options(OFFERED)
    except Refused:
        options = module(kind).options(())
    given = Question(TaskId(1), BatchId("b"), kind, "Which?", "", tuple(options), 300, "KES")
    return replace(given, fields=FIELDS) if module(kind).FIELDS else given


def read(kind, text, language="en"):
    return module(kind).read(text, question(kind), language, book_in(language, BOOKS).answers)


@pytest.mark.parametrize("kind", KINDS)
def test_it_fulfils_the_port(kind):
    one = module(kind)
    assert isinstance(one.PACKS, bool)
    typed = one.TAKES_WORDS and not one.FIELDS
    assert bool(one.VALUE) == bool(one.SCREEN_HINT) == typed, (
        "a kind whose answers are typed has VALUE and SCREEN_HINT, and every other kind leaves both empty"
    )
    assert one.COMPARED in ("", "exact", "name"), "COMPARED has one of the three values of the port"
    for language, book in BOOKS.items():
        for key in filter(None, (one.hint_key(), one.SCREEN_HINT)):
            assert key in book.keys, f"hint_key() or SCREEN_HINT is not in the catalogue {language}"
            assert book.say(key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_can_ask_for_it(kind):
    asked, value = as_asked(kind)
    assert kind_asked(asked, value or "text") == kind
    assert asked in kinds_asked()


@pytest.mark.parametrize("kind", KINDS)
@given(text=said)
def test_every_reply_is_read_or_the_worker_is_told_what_to_do(kind, text):
    for language, book in BOOKS.items():
        found = read(kind, text, language)
        assert isinstance(found, Reading)
        if found.value is None:
            assert found.why, "a reply that is not understood has the key of a phrase (`why`)"
            assert found.why in book.keys, f"`why` is not in the catalogue {language}: {found.why}"
        else:
            assert isinstance(module(kind).echo(found.value, text, language), str)


@pytest.mark.parametrize("kind", KINDS)
@given(text=said)
def test_an_answer_that_was_read_is_a_truth_that_gold_may_have(kind, text):
    found = read(kind, text)
    if found.value is not None:
        asked = question(kind)
        truth = module(kind).check_truth(found.value, asked.options, asked.fields)
        assert truth == found.value, "`check_truth` changes or refuses what `read` returned"


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_reply_is_no_answer(kind):
    assert read(kind, " ").value is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_recorded_crowd_has_stored_forms_for_options_and_none_for_text(kind):
    known = module(kind).recorded(["no", "yes"])
    typed = module(kind).VALUE or module(kind).FIELDS
    assert known == ({} if typed else {"no": "no", "yes": "yes"}), (
        "`recorded` returns {} where answers are typed, and each option by its id elsewhere"
    )
