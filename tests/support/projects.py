"""A project seen through the API, and workers who do its work, for stories."""

import csv
import io


class Project:
    """A client's project, seen through the API."""

    def __init__(self, client, id_):
        self.client, self.id = client, id_

    async def asks(self, method, path="", **given):
        return await self.client.asks(method, f"/projects/{self.id}{path}", **given)

    async def shows(self):
        return (await self.asks("GET")).json()

    async def states(self):
        return {stage["name"]: stage["state"] for stage in (await self.shows())["stages"]}

    async def changes(self, change):
        answer = await self.asks("POST", f"/{change}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def result(self, **parameters):
        answer = await self.asks("GET", "/result", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def rows(self, path="/result", **parameters):
        answer = await self.asks("GET", path, params={"format": "csv", **parameters})
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))


async def makes_project(client, recipe, body, price="3.00", **parameters):
    made = await client.asks(
        "POST",
        "/projects",
        json={"recipe": recipe, "name": "Our job", "price": price, "parameters": parameters},
    )
    assert made.status_code == 201, made.text
    project = Project(client, made.json()["id"])
    sent = await project.asks("PUT", "/file", content=body.encode())
    assert sent.status_code == 200, sent.text
    return project


async def held_question(town, person):
    """Return kind and text of the question that a worker holds, or None."""
    return await town.rt.db.row(
        """select b.kind, t.text from assignment a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
           join worker w on w.id = a.worker_id where w.msisdn_index = $1 and a.state = 'held'""",
        person.index,
    )


async def works(town, person, answer):
    """Let a worker answer every question that she gets, as `answer(text, kind)` says.

    A worker who is asked to let others work first comes back later.
    """
    for _ in range(50):
        if await held_question(town, person) is None:
            said = await person.texts("WORK")
            if said and "workers who earned less come first" in said:
                await town.rt.db.execute(  # The minutes are over.
                    "update worker set yields_until = now() where msisdn_index = $1", person.index
                )
                continue
        held = await held_question(town, person)
        if held is None:
            return
        await person.texts(answer(held["text"], held["kind"]))
        await town.answers_bells()
    raise AssertionError("the questions have no end")


async def round_of_work(town, people, answer):
    """Let all workers work until the stages that run have nothing left for them."""
    for _ in range(2):
        for person in people:
            await works(town, person, answer)


async def all_work(town, people, answer):
    """Let all workers work until no stage has anything left for them."""
    for _ in range(8):
        await round_of_work(town, people, answer)
        await town.ticks()
        await town.ticks()


async def crowd(town, *names):
    return [await town.enrols(name) for name in names]
