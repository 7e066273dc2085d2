"""The limits of a session on each network: those of `networks.toml` and the operator's own."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Network:
    """The limits of one network; `networks.toml` explains each of them."""

    screen_septets: int
    input_characters: int
    idle_s: int
    total_s: int

    @property
    def last_question_s(self) -> int:
        """Return the age of a session from which no new question is shown.

        A worker could not finish reading and answering such a question.
        """
        return self.total_s - self.idle_s


@cache
def known() -> Mapping[str, Network]:
    """Return the limits in the package, by network code."""
    text = resources.files("gateway.ussd").joinpath("networks.toml").read_text()
    return {code: Network(**limits) for code, limits in tomllib.loads(text).items()}


def network(code: str | None, own: Mapping[str, Mapping[str, int]]) -> Network:
    """Return the limits on the network `code`.

    `own` holds the operator's limits, by network code or `default`; each entry may name only some
    of them.

    >>> network("63902", {}).input_characters, network("63902", {"63902": {"idle_s": 20}}).idle_s
    (80, 20)
    >>> network("99999", {"default": {"total_s": 120}}).total_s
    120
    """
    listed = known()
    if code and code in listed:
        return replace(listed[code], **own.get(code, {}))
    return replace(replace(listed[DEFAULT], **own.get(DEFAULT, {})), **own.get(code or "", {}))
