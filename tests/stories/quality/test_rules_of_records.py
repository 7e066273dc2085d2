# pyright: basic
"""Another rule is tried on records, and switched on: what it is content with is decided at once."""

import pytest

from tests.stories.quality.test_records_looked_at_again import keyed
from tests.stories.quality.test_rules_switched import switches, tries


async def test_two_entries_that_agree_are_enough_after_a_switch_to_double_keying(town):
    batch, people, _ = await keyed(town, 450, 450, policy="fixed:3")
    assert (await batch.results())["t1"]["state"] == "open"
    paid = [await person.balance_minor() for person in people]
    said = await tries(town, batch, policy="double")
    assert (said["now"]["answers"], said["now"]["short"]) == (2, 1)
    assert (said["new"]["answers"], said["new"]["short"]) == (2, 0)
    assert (await batch.results())["t1"]["state"] == "open", "a trial changes nothing"
    answer = await switches(town, batch, said["version"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["moved"] == [{"task": "t1", "was": "open", "becomes": "decided"}]
    result = (await batch.results())["t1"]
    assert result["fields"]["amount"]["value"] == "450.00"
    assert [await person.balance_minor() for person in people] == paid, "no money is taken back"
    await town.has_right_books()


async def test_entries_that_differ_stay_open_after_a_switch_and_a_third_worker_settles_them(town):
    batch, _, _ = await keyed(town, 450, 540, policy="fixed:3")
    said = await tries(town, batch, policy="double")
    assert said["new"]["short"] == 1
    assert (await switches(town, batch, said["version"])).json()["moved"] == []
    chege = await town.enrols("chege")
    question = await chege.texts("WORK")
    await chege.texts("450" if "Name" not in question else "Amina Otieno; 450; 3 May 2026")
    await town.answers_bells()
    result = (await batch.results())["t1"]
    assert (result["state"], result["fields"]["amount"]["value"]) == ("decided", "450.00")


@pytest.mark.parametrize("policy", ["dynamic", "worth:5"])
async def test_a_policy_that_records_cannot_have_is_refused(town, policy):
    batch, _, _ = await keyed(town, 450, 450, policy="fixed:3")
    said = {"by": "Wanjiku", "policy": policy}
    answer = await town.client.asks("POST", f"/batches/{batch.id}/rules/trials", json=said)
    assert answer.status_code == 422
    assert "policy" in answer.text
