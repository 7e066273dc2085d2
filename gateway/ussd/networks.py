"""What a session may be on each network: `networks.toml`, and what an operator knows better."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Network:
    """Limits of one network; see `networks.toml` for what each means."""

    screen_septets: int
    input_characters: int
    idle_s: int
    total_s: int

    @property
    def last_question_s(self) -> int:
        """From this age of a session on no new question is shown: she could not finish reading and answering it."""
        return self.total_s - self.idle_s


@cache
def known() -> Mapping[str, Network]:
    """The list in the package, by network code."""
    text = resources.files("gateway.ussd").joinpath("networks.toml").read_text()
    return {code: Network(**limits) for code, limits in tomllib.loads(text).items()}


def network(code: str | None, own: Mapping[str, Mapping[str, int]]) -> Network:
    """The limits on the network `code`.

    `own`: the operator's, by network code or `default`; each may name some only.

    >>> network("63902", {}).input_characters, network("63902", {"63902": {"idle_s": 20}}).idle_s
    (80, 20)
    >>> network("99999", {"default": {"total_s": 120}}).total_s
    120
    """
    listed = known()
    if code and code in listed:
        return replace(listed[code], **own.get(code, {}))
    return replace(replace(listed[DEFAULT], **own.get(DEFAULT, {})), **own.get(code or "", {}))
