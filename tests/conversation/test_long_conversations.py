"""Days of texting and dialling at random: each question is answered once, and the money adds up."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.conversation.facts import (
    Answered,
    Asked,
    Joined,
    PayAsked,
    Restarted,
    Skipped,
    Stopped,
)

from .people import Person, question

SAYS = ["1", "2", "3", "yes", "hapana", "skip", "work", "bal", "pay", "pay 10", "stop", "start", "lang sw", "hello",
        "Mama Njeri", "", "join kibera", "help"]  # fmt: skip
KEYS = ["0", "00", "1", "2", "3", "4", "5", "6", "Mama Njeri", "stop", "x", ""]
STEPS = st.lists(
    st.tuples(st.just("texts"), st.sampled_from(SAYS))
    | st.tuples(st.just("presses"), st.sampled_from(KEYS))
    | st.tuples(st.just("dials"), st.just("")),
    max_size=40,
)
KINDS = st.lists(st.sampled_from(["verification", "transcription"]), max_size=12)


@settings(max_examples=200)
@given(STEPS, KINDS, st.sampled_from(["invited", "active", "stopped"]))
def test_nothing_is_counted_twice(
    steps: list[tuple[str, str]], kinds: list[str], state: str
) -> None:
    amina = Person(state=state, balance_minor=5000, queue=[question(kind=k) for k in kinds])  # pyright: ignore[reportArgumentType]
    working = state == "active"
    for how, said in steps:
        before = len(amina.facts)
        match how:
            case "texts":
                assert amina.texts(said)
            case "presses":
                assert amina.presses(said)
            case _:
                assert amina.dials()
        for fact in amina.facts[before:]:
            match fact:
                case Stopped():
                    working = False
                case Answered() | Skipped() | Asked():
                    assert working
                case Joined() | Restarted():
                    working = True
                case _:
                    working = working or type(fact).__name__ == "Agreed"
    answered = [f for f in amina.facts if isinstance(f, Answered)]
    done = [f.assignment for f in amina.facts if isinstance(f, Answered | Skipped)]
    asked = [f.task for f in amina.facts if isinstance(f, Asked)]
    assert len(done) == len(set(done))
    assert len(asked) == len(set(asked)) <= len(kinds)
    assert {f.task for f in answered} <= set(asked)
    paid = sum(f.amount_minor for f in amina.facts if isinstance(f, PayAsked))
    assert amina.worker.balance_minor == 5000 + 300 * len(answered) - paid >= 0
