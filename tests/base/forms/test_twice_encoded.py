# ruff: noqa: RUF001  letters that look alike are what is tested
"""A text that was decoded as Windows-1252 and encoded again is read as it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.forms.twice_encoded import as_typed

WORDS = ["ARRÊT", "Arrêt", "ARRÊTER", "arrêtez", "très", "Ç'EST", "À", "OÙ", "OUI, MERCI…", "cœur", "CŒUR", "n’a pas",
         "ƊINKI", "ɗinki", "ƙofa", "Ƙofar", "ɓera", "ƴan", "'yan", "Ng’ombe", "አቁም", "አቁሙ", "አዎ", "አይ", "አላውቅም", "ሰላም ነው", "👍", "Ndiyo 👍"]  # fmt: skip


def mangled(text: str, codec: str = "cp1252") -> str:
    raw = text.encode()
    return raw.decode("latin-1" if codec == "latin-1" else codec, errors="latin1_rest")


@pytest.mark.parametrize("codec", ["cp1252", "latin-1"])
@pytest.mark.parametrize("word", WORDS)
def test_a_text_that_was_encoded_twice_or_more_is_read_as_typed(word: str, codec: str) -> None:
    once = mangled(word, codec)
    assert as_typed(once) == word
    assert as_typed(mangled(once, codec)) == word
    assert as_typed(f"1 {once} ok") == f"1 {word} ok"


@pytest.mark.parametrize("word", ["አቁም", "አዎ", "አይ", "አላውቅም"])
def test_a_blank_that_does_not_break_may_have_become_a_plain_one(word: str) -> None:
    assert as_typed(mangled(word).replace("\xa0", " ")) == word
    assert as_typed(mangled("déjà à la maison").replace("\xa0 ", " ")) == "déjà à la maison"


@pytest.mark.parametrize(
    "text",
    ["CAFÉ…", "CAFÉ—BAR", "« CAFÉ»", "MANHÃ”", "MANHÃ…", "OÙ…", "OÙ”", "NÃO", "Ã", "voilà »", "voilà»", "é»", "Spaß”", "Ça “va”",
     "À»", "IRMÃ’", "áéí", "ARRÊT", "አቁም", "ɗinki", "50°", "½", "Ë“", "résumé…", "«à»", "1 €", "Â", "Ã ", "Ã©tÃ© ሰላም"],
)  # fmt: skip
def test_a_text_that_may_have_been_typed_so_is_left_alone(text: str) -> None:
    assert as_typed(text) == text


LETTERS = "abcdeghijklmnoprstuvyzàâçèéêëîïôùûüœɗɓƙƴñáíóúãõäö"
TYPED = st.text(
    st.sampled_from(LETTERS + LETTERS.upper() + "አቁምሰላነው .,!?'’“”«»…–—0123456789€°"), max_size=30
)


@given(TYPED)
def test_what_is_changed_is_what_was_encoded_twice(text: str) -> None:
    """A change is only made where a second encoding gives the very text that came."""
    found = as_typed(text)
    assert found == text or mangled(found) == text or mangled(mangled(found)) == text


@given(st.text(max_size=30))
def test_any_text_has_a_reading(text: str) -> None:
    assert isinstance(as_typed(text), str)


@given(st.text(st.sampled_from(LETTERS + LETTERS.upper() + " .,!?'0123456789"), max_size=30))
def test_letters_and_plain_signs_are_never_taken_for_another_text(text: str) -> None:
    assert as_typed(text) == text
