"""A client of another service brings its files, without a converter."""
# pyright: basic

import json
import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "clients" / "other-services.md"


async def uploads(town, draft, body, query="", kind="text/csv"):
    path = f"/batches/{draft.id}/tasks{query}"
    return await town.client.asks("POST", path, content=body, headers={"Content-Type": kind})


def shown(page: str, name: str) -> str:
    """Return the file that an example of the page shows."""
    found = re.search(rf"\$ cat {re.escape(name)}\n(.*?)\n\$ ", page, re.DOTALL)
    assert found, name
    return found[1] + "\n"


async def test_each_example_of_the_page_works_as_it_stands(town):
    page = PAGE.read_text()
    files = {name: shown(page, name) for name in ("tasks.json", "appen.csv", "archive.csv")}
    printed = re.search(r"printf '(.*)' > pool.tsv", page)
    assert printed
    files["pool.tsv"] = printed[1].replace("\\n", "\n").replace("\\t", "\t")
    calls = re.findall(
        r"""tasks(\?[^"]*)?"? -H "\$K" -H 'Content-Type: ([^']*)' --data-binary @(\S+)\n(.*)""",
        page,
    )
    assert len(calls) == len(files)
    for query, kind, name, printed_answer in calls:
        draft = await town.client.drafts(gold_rate=0.05)
        answer = await uploads(town, draft, files[name].encode(), query, kind)
        # The page leaves out what does not concern it.
        expected = json.loads(printed_answer.replace(", ...}", "}"))
        assert expected.items() <= answer.json().items(), name
    gold = await town.rt.db.rows(
        "select name, gold, gold_reason from task where gold is not null order by name"
    )
    assert [tuple(row) for row in gold] == [
        ("1", "yes", '"Duka" means shop'),
        ("1002", "no", "Shule means school"),
        ("2", "no", None),
        ("3X", "yes", None),
    ]


async def test_a_fault_is_told_by_the_clients_own_column_and_nothing_is_taken(town):
    draft = await town.client.drafts(gold_rate=0.05)
    file = "INPUT:a\tINPUT:b\tGOLDEN:label\nx\ty\tmaybe\n"
    (fault,) = (await uploads(town, draft, file)).json()["errors"]
    assert "map=text:INPUT:a" in fault["message"]
    (fault,) = (await uploads(town, draft, file, "?map=text:b")).json()["errors"]
    assert (fault["row"], fault["field"]) == (1, "GOLDEN:label")
    answer = await uploads(town, draft, file, "?shape=tolka")
    assert answer.status_code == 422
    assert "toloka" in answer.json()["detail"]
    assert await town.count("task") == 0
