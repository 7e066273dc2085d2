"""Errors that a helper process returns to the process that asked."""

import pickle

import pytest

from gateway.base.errors import Conflict, Failed, Fault, Refused


@pytest.mark.parametrize(
    "error",
    [
        Failed("the disk is full", retryable=True),
        Refused("no such task", status=404, field="task", row=3),
        Refused("two faults", faults=(Fault("bad", "id", 1), Fault("worse", "text", 2)), wrong=9),
        Conflict("the batch was closed meanwhile"),
    ],
    ids=str,
)
def test_an_error_is_the_same_on_the_other_side(error):
    there = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(there), str(there), vars(there)) == (type(error), str(error), vars(error))
