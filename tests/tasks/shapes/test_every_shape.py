"""The rules for every shape of files. A file in the folder is tested by being there."""
# pyright: basic

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.tasks import shapes
from gateway.tasks.shaping.rows import GivenRow, ReadingAsked
from gateway.tasks.uploaded import read_rows, shape_names, shape_of

SHAPES = plugins.kinds(shapes)
FILES = {
    "appen": ["_golden", "text", "label_gold"],
    "labelstudio": ["annotation_id", "annotator", "id", "text", "label"],
    "mturk": ["HITId", "AssignmentId", "Input.text", "Answer.label"],
    "toloka": ["INPUT:text", "GOLDEN:label", "HINT:text"],
}
"""A header of each shape. A new shape adds its own."""
cells = st.text(max_size=12) | st.sampled_from(["=1+1", "\tx", "a;b", '"', "\n", "yes", "TRUE"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | cells,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
keys = st.sampled_from(
    ["data", "annotations", "id", "input_values", "known_solutions", "message_on_unknown_solution",
     "_golden", "label_gold", "text", "Input.text", "HITId", "annotation_id", "INPUT:text"]
)  # fmt: skip


def test_each_shape_has_a_header_here():
    assert sorted(FILES) == SHAPES
    assert shape_names() == ("auto", "plain", *SHAPES)


@pytest.mark.parametrize("kind", SHAPES)
def test_each_header_is_recognised_as_its_shape_alone(kind):
    names = FILES[kind]
    assert [one for one in SHAPES if plugins.load(shapes, one).recognised(names)] == [kind]
    assert shape_of([name.upper() for name in names], "auto") is plugins.load(shapes, kind)


@pytest.mark.parametrize(
    "names", [["id", "text"], ["id", "text", "gold", "note"], ["question", "label_gold"], ["id", "text", "INPUT:image"], []]
)  # fmt: skip
def test_our_own_table_is_no_shape(names):
    assert shape_of(names, "auto") is None


def test_an_unknown_shape_is_refused_with_the_known_ones():
    with pytest.raises(Refused, match="there is no shape 'tolka'; there is: auto, plain, appen"):
        list(read_rows(b"id,text\n1,a\n", "", ReadingAsked(shape="tolka")))


@pytest.mark.parametrize("kind", SHAPES)
@given(rows=st.lists(st.dictionaries(keys, values, max_size=6), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_whatever_json_holds_gives_tasks_or_a_refusal(kind, rows):
    body = json.dumps(rows).encode()
    try:
        tasks = list(read_rows(body, "application/json", ReadingAsked(shape=kind)))
    except Refused:
        return
    assert 1 <= len(tasks) <= len(rows)
    for task in tasks:
        assert task.number >= 1
        assert task.problem is not None or {"id", "text"} <= task.keys()


@pytest.mark.parametrize("kind", SHAPES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_hostile_cells_change_no_other_cell(kind, data):
    names = FILES[kind]
    rows = [GivenRow(n, {name: data.draw(cells) for name in names}) for n in (1, 2)]
    tasks = list(plugins.load(shapes, kind).read(names, rows, ReadingAsked()))
    text = next(name for name in names if name.casefold().endswith("text"))
    assert {task["text"] for task in tasks} <= {row.cells[text] for row in rows}
