"""Every operation of the client API, as its own document lists them."""

import re
from dataclasses import dataclass
from typing import Any

from tests.support.town import Town

# There is nothing with these ids.
_NUMBER, _NAME = "987654321", "x_nothing"
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Operation:
    """A method and an address of the client API, with its part of the document."""

    method: str
    template: str
    said: dict[str, Any]

    @property
    def id(self) -> str:
        return self.said["operationId"]

    @property
    def names(self) -> list[str]:
        """Return the names of the parameters in the address."""
        return re.findall(r"{(\w+)}", self.template)

    def path(self, **ids: str) -> str:
        """Return the address with these ids, and for others with ids that do not exist."""
        filled = {name: ids.get(name, self.unknown(name)) for name in self.names}
        return self.template.format(**filled)

    def unknown(self, name: str) -> str:
        """Return an id of the parameter's type, of which there is nothing."""
        return _NUMBER if self.is_number(name) else _NAME

    def is_number(self, name: str) -> bool:
        """Return whether a parameter of the address is a whole number."""
        given = {one["name"]: one for one in self.said.get("parameters", [])}
        return given[name]["schema"].get("type") == "integer"


async def document_of(town: Town) -> dict[str, Any]:
    answer = await town.http.get("/openapi.json")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def operations_of(town: Town) -> list[Operation]:
    return operations_in(await document_of(town))


def operations_in(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(method.upper(), path, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if "responses" in said
    ]
