"""Names as workers write them: kept as they are, and the same name however it is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.qa.text.aggregate import aggregate
from gateway.qa.typed.near import says_same
from gateway.qa.typed.normalise import tag
from gateway.tasks.kinds import name

from .test_reading import read

AS_NAMES = tag("", name.COMPARED)


def test_a_name_keeps_its_letters_and_accents() -> None:
    assert (
        read(name, (), "  Je\u0301ro\u0302me   WANJIR\u0168 ").value == "J\xe9r\xf4me WANJIR\u0168"
    )
    assert read(name, (), "Mama Njeri's Shop 2").value == "Mama Njeri's Shop 2"
    assert read(name, (), "\u12a0\u1260\u1260", "am").value == "\u12a0\u1260\u1260"


@pytest.mark.parametrize("said", ["0711000031", "12", "x" * 101])
def test_what_is_no_name_is_asked_back(said: str) -> None:
    assert read(name, (), said).why == "unclear.name"
    with pytest.raises(Refused, match="letter"):
        name.check_truth(said, ())


@pytest.mark.parametrize(
    "same", ["jerome otieno", "J\xc9R\xd4ME  OTIENO", "Je\u0301ro\u0302me Otieno", "J\xe9r\xf4me-Otieno."]
)  # fmt: skip
def test_case_spaces_and_accents_make_no_other_name(same: str) -> None:
    assert says_same("J\xe9r\xf4me Otieno", same, AS_NAMES)


def test_one_letter_makes_another_person_however_long_the_name_is() -> None:
    long = "Mary Wanjiku Kamau wa Kimani"
    assert says_same(long, "Mary Wanjiru Kamau wa Kimani"), "as texts they are near"
    assert not says_same(long, "Mary Wanjiru Kamau wa Kimani", AS_NAMES)


def test_the_result_is_a_name_that_was_typed_and_never_a_mixture() -> None:
    rows = [
        ("t", "w1", "Mary Wanjiku Kamau Otieno"),
        ("t", "w2", "MARY WANJIKU KAMAU OTIENO"),
        ("t", "w3", "Mary Achieng Kamau Ouma"),
        ("t", "w4", "Mary Achieng Njoroge Ouma"),
    ]
    found = aggregate(rows, language=AS_NAMES)
    assert found.method == "medoid"
    assert found.value[0].casefold() == "mary wanjiku kamau otieno"


@given(st.text(max_size=120))
def test_no_text_upsets_it(said: str) -> None:
    reading = read(name, (), said)
    assert (reading.value is None) == (reading.why is not None)
    if reading.value:
        assert says_same(reading.value, said, AS_NAMES)
