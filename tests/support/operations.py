"""Every operation of the client API, as its own document lists them."""

import re
from dataclasses import dataclass
from typing import Any

from tests.support.town import Town

# Values of the form that the document asks for. None of them exists.
_VALUES = {"delivery": "987654321", "number": "1"}
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
        filled = {name: ids.get(name, _VALUES.get(name, "x_nothing")) for name in self.names}
        return self.template.format(**filled)


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
