"""The contents that `gateway up` puts into an empty gateway."""
# pyright: basic

from gateway.cli.run.tryout import add_tryout
from gateway.simulator.operators.books import FLOAT_MINOR
from gateway.store.payouts import floats


async def test_a_newcomers_books_know_what_the_simulated_operator_holds(town):
    """Else the first thing she reads is a warning that the float differs."""
    await add_tryout(town.rt, key_wanted=False)
    await add_tryout(town.rt, key_wanted=False)  # started again
    assert await floats.float_of(town.rt.db, "mpesa") == FLOAT_MINOR
    await town.has_right_books()
