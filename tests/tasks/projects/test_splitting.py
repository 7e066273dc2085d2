"""Splitting and reassembly: perfect answers give the source again, and nothing is lost."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.base.tabular import CsvWriter
from gateway.tasks.projects.assemble import assemble
from gateway.tasks.projects.duplicates import find_duplicates
from gateway.tasks.projects.merge import merge_rows
from gateway.tasks.projects.outcomes import FieldOutcome, StageOutcome, part_outcomes, stage_tasks
from gateway.tasks.projects.overlap import aligned, join_text
from gateway.tasks.projects.parameters import checked_parameters
from gateway.tasks.projects.parts import ProjectLimits, split_source
from gateway.tasks.projects.pieces import bare, sentences, split_text
from gateway.tasks.projects.plan import AnswerPay, make_plan
from gateway.tasks.projects.quality import part_line
from gateway.tasks.projects.recipe import read_recipe

RECIPES = Path(__file__).parents[3] / "config" / "recipes"
LIMITS = ProjectLimits(parts=1000, characters=1_000_000)
WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs")), min_size=1, max_size=60
)
BLANKS = st.sampled_from(
    [" ", "  ", "\n", "\r\n", "\n\n", " \n \n", ". ", "! ", "? ", "... ", ".\n\n"]
)
TEXTS = st.lists(st.tuples(WORDS, BLANKS), min_size=1, max_size=60).map(
    lambda parts: "".join(word + blank for word, blank in parts)
)


def recipe(name):
    return read_recipe(name, (RECIPES / f"{name}.toml").read_text())


def project(name, body, price_minor=300, **parameters):
    """Return everything that is known of a project before it starts."""
    found = recipe(name)
    checked = checked_parameters(found.parameters, parameters)
    split = split_source(found, checked, body, LIMITS)
    return found, split, make_plan(found, checked, split, AnswerPay(price_minor))


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(40, 300), st.integers(0, 100))
@example("Ha. Ha. Ha. Ha. Ha. Ha. Ha. Ha. Ha. Ha. Ha. Ha. Ha. Ha.", 40, 20)
@example("  x" + "y" * 500 + " \n\n z", 40, 20)
def test_a_text_whose_pieces_are_typed_perfectly_comes_back_exactly(text, characters, overlap):
    pieces = split_text(text, characters, min(overlap, characters // 2))
    assert "".join([pieces[0].lead, *(piece.core for piece in pieces)]) == text
    assert all(len(piece.text) <= characters for piece in pieces)
    assert join_text(pieces, [piece.text for piece in pieces]).text == text


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["nyumba", "kubwa", "iko", "hapa", "sana", "leo"]),
            min_size=2,
            max_size=9,
        ),
        min_size=1,
        max_size=25,
    ),
    st.integers(60, 200),
)
def test_translations_sentence_by_sentence_are_joined_without_loss(words, characters):
    """Each sentence has a word of its own, so a lost or doubled one would be seen."""
    text = " ".join(f"Nr{n} {' '.join(each)}." for n, each in enumerate(words))
    pieces = split_text(text, characters, characters // 2)
    translated = [piece.text.upper().replace("NYUMBA", "HOUSE") for piece in pieces]
    assert join_text(pieces, translated).text == text.upper().replace("NYUMBA", "HOUSE")


def test_two_translations_of_the_shared_sentence_are_joined_once():
    text = (
        "The market opens at six in the morning. Traders bring maize and beans from home. "
        "By noon most of the stalls are empty. The rest is sold at half the price."
    )
    pieces = split_text(text, 110, 50)
    assert [len(piece.head) for piece in pieces] == [0, 1, 1]
    answers = [
        "Soko hufunguliwa saa kumi na mbili asubuhi. Wauzaji huleta mahindi na maharagwe kutoka vijijini.",
        "Wauzaji wanaleta mahindi na maharagwe toka vijijini. Kufikia adhuhuri vibanda vingi ni vitupu.",
        "Kufikia saa sita vibanda vingi ni vitupu. Kinachobaki huuzwa nusu bei.",
    ]
    joined = join_text(pieces[: len(answers)], answers)
    assert joined.text.count("mahindi") == 1
    assert joined.text.count("vitupu") == 1
    assert joined.text.endswith("Kinachobaki huuzwa nusu bei.")
    assert joined.seams[0] is None
    assert all(seam > 0.6 for seam in joined.seams[1:])


def test_a_shared_sentence_that_is_not_found_stays_twice_and_is_marked():
    pieces = split_text("One two three four. Five six seven eight. Nine ten eleven.", 45, 22)
    joined = join_text(pieces, ["aaaa bbbb cccc. dddd eeee ffff.", "zzzz yyyy xxxx wwww vvvv"])
    assert joined.text == "aaaa bbbb cccc. dddd eeee ffff. zzzz yyyy xxxx wwww vvvv"
    assert joined.seams == (None, 0.0)


def test_a_piece_without_an_answer_leaves_a_mark():
    pieces = split_text("One is here.\n\nTwo is there.", 60, 0)
    assert join_text(pieces, ["Moja.", None]).text == "Moja.\n\n[...]"


def test_a_long_word_is_cut_and_marks_stay_on_their_letters():
    text = "e\u0301" * 200
    pieces = split_text(text, 41, 0)
    assert not any(piece.core.startswith("\u0301") for piece in pieces)
    assert join_text(pieces, [piece.text for piece in pieces]).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Otieno came. He left.", ["Dr. Otieno came. ", "He left."]),
        ("It costs 3.50 now. Yes!", ["It costs 3.50 now. ", "Yes!"]),
        ("\u4f60\u597d\u3002\u518d\u89c1\u3002", ["\u4f60\u597d\u3002", "\u518d\u89c1\u3002"]),
        ("e.g. this one. That.", ["e.g. this one. ", "That."]),
        ("", [""][:0]),
    ],
)
def test_sentences_end_where_a_reader_would_say(text, expected):
    assert sentences(text) == expected


def test_an_alignment_far_from_the_expected_length_must_be_better():
    before, after = list("abcdef"), list("efghij")
    assert aligned(before, after, 2) == (2, 1.0)
    assert aligned(before, after, 5) == (2, 1.0)
    assert aligned(["ha"] * 6, ["ha"] * 5, 4) == (4, 1.0)


# --- tables ---

CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), max_size=30).map(
    str.strip
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=30))
def test_a_table_comes_back_in_order_with_no_row_lost_or_doubled(rows):
    if not any(name for name, _ in rows):
        rows = [*rows, ("x", "")]
    body = CsvWriter(raw=True).text([("name", "town"), *rows]).encode()
    found, split, plan = project("check-list", body, question="Is {name} open?")
    (stage,) = plan.stages
    tasks = stage_tasks(stage, plan, split, {})
    assert len({task.name for task in tasks}) == len(tasks)
    outcomes = {
        stage.name: {
            task.name: StageOutcome("yes", 0.9, "decided", ("yes", "yes")) for task in tasks
        }
    }
    parts = list(part_outcomes(stage.name, plan, split, outcomes))
    result = assemble(found, plan, split, {stage.name: parts})
    assert result.header == ("name", "town", "result", "confidence", "state", "answers")
    kept = [tuple(row[:2]) for row in result.rows]
    last = max(n for n, row in enumerate(rows) if any(row))
    assert kept == rows[: last + 1]
    for name, _, value, _, state, _ in result.rows:
        assert (value, state) == (("yes", "decided") if name else (None, "not asked"))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.dictionaries(
                st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)),
                st.floats(0.5, 1),
                max_size=20,
            ),
            st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=20),
        )
    )
)
def test_every_row_is_in_exactly_one_group_in_order(case):
    count, accepted, rejected = case
    groups = merge_rows(count, [], accepted, rejected)
    assert sorted(place for group in groups for place in group.places) == list(range(count))
    assert [group.places[0] for group in groups] == sorted(group.places[0] for group in groups)


def test_pairs_are_rows_that_share_words_and_look_alike():
    rows = [
        ("Mama Njeri Shop", "Kibera"),
        ("MAMA NJERI SHOP", "Kibera"),
        ("Mama Njery Shop", "Kibera"),
        ("Otieno Hardware", "Kisumu"),
        ("", ""),
    ]
    found = find_duplicates(rows, 0.8, 50, 100)
    assert found.same == ((0, 1),)
    assert [(pair.first, pair.second) for pair in found.pairs] == [(0, 2)]


def test_more_pairs_than_fit_are_refused_with_the_cure():
    rows = [(f"Shop number {n}",) for n in range(30)]
    with pytest.raises(Refused, match=r"at most 5 .*parameters.compare"):
        find_duplicates(rows, 0.5, 50, 5)


def test_a_merge_through_a_third_row_that_workers_denied_is_disputed():
    (group,) = merge_rows(3, [], {(0, 1): 0.9, (1, 2): 0.8}, [(0, 2)])
    assert (group.places, group.confidence, group.disputed) == ((0, 1, 2), 0.8, True)


# --- the chain ---


def test_one_answer_is_checked_where_that_is_cheaper_and_the_quote_says_so():
    body = b"Habari ya asubuhi. Karibu sana nyumbani."
    _, _, plan = project("translate-text", body, language="English")
    assert [stage.role for stage in plan.stages] == ["ask", "check", "again"]
    (choice,) = plan.choices
    # 3 * 300 against 300 + 2.8 * 120 + 0.2 * 3 * 300
    assert (choice.several_minor, choice.checked_minor) == (900, 816)
    assert plan.expected_minor(0) == 816, "the quote and the choice tell one price"
    assert (
        sum(stage.slots(0) * stage.cost_minor for stage in plan.stages) == 300 + 7 * 120 + 3 * 300
    )
    _, _, plan = project("translate-text", body, language="English", check="never")
    assert [stage.role for stage in plan.stages] == ["ask"]
    assert plan.stages[0].slots(0) * 300 == plan.expected_minor(0) == 900
    _, _, plan = project("translate-text", body, language="English", policy="fixed:2")
    assert [stage.role for stage in plan.stages] == ["ask"], (
        "two translations cost less than checks"
    )


def test_what_does_not_pass_the_check_is_asked_again():
    body = b"First one.\n\nSecond one.\n\nThird one."
    _, split, plan = project("translate-text", body, language="English")
    ask, check, again = plan.stages
    typed = {
        name: StageOutcome(f"typed {name}", 0.75, "decided", (f"typed {name}",)) for name in "123"
    }
    outcomes = {ask.name: typed}
    tasks = stage_tasks(check, plan, split, outcomes)
    assert tasks[1].text == "Second one.\n= typed 2"
    outcomes[check.name] = {
        "1": StageOutcome("yes", 0.94, "decided", ("yes", "yes")),
        "2": StageOutcome("no", 0.91, "decided", ("no", "no")),
        "3": StageOutcome("yes", 0.6, "review", ("yes", "no")),
    }
    assert [task.name for task in stage_tasks(again, plan, split, outcomes)] == ["2", "3"]
    outcomes[again.name] = {
        "2": StageOutcome("anew", 0.9, "decided", ("anew", "anew", "anew")),
        "3": StageOutcome("hm", 0.5, "review", ("hm", "so", "ah")),
    }
    found = list(part_outcomes(ask.name, plan, split, outcomes))
    assert [(one.value, one.confidence, one.state) for one in found] == [
        ("typed 1", 0.94, "checked"),
        ("anew", 0.9, "asked again"),
        ("hm", 0.5, "review"),
    ]
    assert [part_line("?", one).earlier for one in found] == [
        "translate: typed 1 (1)",
        "translate: typed 2 (1) | translate-check: no (2)",
        "translate: typed 3 (1) | translate-check: yes (1); no (1)",
    ]


def test_fields_of_records_become_columns():
    body = b"scan\nAmina Otieno born 3 May 1990\nBrian born 4 June 1991\n"
    fields = [{"id": f"f{n}", "type": "text", "min": None} for n in range(11)]
    found, split, plan = project("digitise-records", body, record="{scan}", fields=fields)
    assert [(stage.name, stage.kind, len(stage.fields)) for stage in plan.stages] == [
        ("key", "entry", 9),
        ("key-2", "entry", 2),
    ]
    tasks = stage_tasks(plan.stages[1], plan, split, {})
    assert tasks[0].text == "Amina Otieno born 3 May 1990"
    outcomes = {
        "key": {
            "2": StageOutcome("{}", 0.9, "decided", (), {"f0": FieldOutcome("x", 0.8, "agreed")})
        },
    }
    each = {main: list(part_outcomes(main, plan, split, outcomes)) for main in plan.mains}
    result = assemble(found, plan, split, each)
    assert result.header[:3] == ("scan", "f0", "f0 confidence")
    assert result.header[-2:] == ("state", "state 2")
    assert result.rows[1][1:4] == ("x", 0.8, None)
    assert [row[-2:] for row in result.rows] == [("open", "open"), ("decided", "open")]


def test_known_rows_are_hidden_gold_and_come_back_with_their_truth():
    body = b"text,gold\nIs A open?,yes\nIs B open?,\n"
    found, split, plan = project("check-list", body)
    (stage,) = plan.stages
    assert (stage.gold, stage.gold_rate) == (1, 0.1)
    assert [task.gold for task in stage_tasks(stage, plan, split, {})] == ["yes", None]
    outcomes = {stage.name: {"2": StageOutcome("no", 0.9, "decided", ("no", "no"))}}
    parts = list(part_outcomes(stage.name, plan, split, outcomes))
    assert [row[2:5] for row in assemble(found, plan, split, {"check": parts}).rows] == [
        ("yes", 1.0, "known"),
        ("no", 0.9, "decided"),
    ]


def test_blank_rows_in_the_middle_keep_their_place():
    _, split, plan = project("check-list", b"text\nA?\n\nB?\n")
    assert [part.name for part in split.parts] == ["1", "2", "3"]
    assert [task.name for task in stage_tasks(plan.stages[0], plan, split, {})] == ["1", "3"]


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_that_is_shipped_is_right(path):
    assert read_recipe(path.stem, path.read_text()).name == path.stem


def test_bare_texts_have_single_blanks():
    assert bare("a\r\n b") == "a b"
