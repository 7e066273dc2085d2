"""Files with mistakes are refused by row and field, and never read as something else."""
# pyright: basic

import json

import pytest

from gateway.base.errors import Refused
from tests.tasks.shapes.test_reading import tasks_of

YES = {"from_name": "label", "type": "choices", "value": {"choices": ["Yes"]}}


def labelled(**annotation):
    return json.dumps([{"id": 1, "data": {"text": "A?"}, "annotations": [annotation]}])


ODD = {
    "a header twice": ("id,text\nID,Text\n1,Is it open?\n", 1, "id", "repeats the header"),
    "a header in the middle": (
        "INPUT:text,INPUT:ward\nA?,K\nINPUT:text,INPUT:ward\nB?,K\n", 2, "input:text", "repeats the header",
    ),
    "a title above the header": ("My survey\n\nid,text\n1,A?\n", 0, "id", "without a title above it"),
    "another separator": ("id|text\n1|A?\n", 0, "id", "commas, semicolons or tabs"),
    "golden neither true nor false": (
        "_unit_id,_golden,text,label_gold\n1,perhaps,A?,yes\n", 1, "_golden", "TRUE or FALSE, not 'perhaps'",
    ),
    "one HIT, two questions": (
        "HITId,AssignmentId,Input.text,Answer.label\nx,1,A?,Yes\nx,2,B?,Yes\n",
        1, "Input.text", "row 2 has the same id and another question",
    ),
    "input values that are no object": ('[{"input_values": "A?"}]', 1, "input_values", "an object"),
    "data that is no object": ('[{"id": 1, "data": "A?"}]', 1, "data", "an object"),
    "a ground truth in words": (
        labelled(ground_truth="yes", result=[YES]), 1, "annotations", "true or false, not 'yes'",
    ),
    "a ground truth of nothing": (
        labelled(ground_truth=True, result=[]), 1, "annotations", "its result is empty",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_a_mistake_is_told_by_row_and_field(what):
    file, row, field, message = ODD[what]
    with pytest.raises(Refused) as refused:
        tasks_of(file)
    (fault,) = refused.value.faults
    assert (fault.row, fault.field) == (row, field)
    assert message in fault.message


def test_a_word_that_is_also_a_column_is_no_header():
    (task,) = tasks_of("id,text\nid,Is it open?\n")
    assert (task.name, task.text) == ("id", "Is it open?")


def test_golden_may_be_empty_or_false():
    file = "_unit_id,_golden,text,label_gold\n1,,A?,\n2,FALSE,B?,\n3,true,C?,yes\n"
    assert [task.gold for task in tasks_of(file)] == [None, None, "yes"]
