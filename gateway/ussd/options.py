"""The options that every USSD channel has beside its own."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from gateway.base.options import Options
from gateway.ussd import networks
from gateway.ussd.networks import DEFAULT, Network

# A USSD string holds 182 septets. Below 120 a screen of UCS-2 has no space for text beside its
# navigation.
Septets = Annotated[int, Field(ge=120, le=182)]


class NetworkOptions(BaseModel):
    """The operator's own limits of one network; see `networks.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    screen_septets: Septets | None = None
    input_characters: Annotated[int, Field(ge=10, le=182)] | None = None
    idle_s: Annotated[int, Field(ge=5)] | None = None
    total_s: Annotated[int, Field(ge=30)] | None = None


class UssdOptions(Options):
    """The options that every USSD channel has.

    `networks` holds limits by network code, or `default`, where the list in `ussd/networks.toml` is
    wrong or silent. `budget_septets` and `budgets_septets` set only the length of screens.
    """

    service_code: str = Field(min_length=1)
    budget_septets: Septets = 160
    budgets_septets: dict[str, Septets] = Field(default_factory=dict[str, int])
    networks: dict[str, NetworkOptions] = Field(default_factory=dict[str, NetworkOptions])
    _found: dict[str | None, Network] = PrivateAttr(default_factory=dict[str | None, Network])

    @model_validator(mode="after")
    def _sessions_outlast_a_screen(self) -> "UssdOptions":
        for code in {*self.networks, DEFAULT}:
            found = self.network(code)
            if found.total_s <= found.idle_s:
                raise ValueError(f"networks.{code}: total_s must be more than idle_s")
        return self

    def network(self, code: str | None) -> Network:
        """Return the limits that hold on the network `code`. Those of a known one are kept."""
        found = self._found.get(code)
        if found is None:
            found = self._network(code)
            if code is None or code in networks.known() or code in self.networks:
                self._found[code] = found
        return found

    def _network(self, code: str | None) -> Network:
        own: dict[str, dict[str, int]] = {DEFAULT: {"screen_septets": self.budget_septets}}
        for each, septets in self.budgets_septets.items():
            own.setdefault(each, {})["screen_septets"] = septets
        for each, limits in self.networks.items():
            own.setdefault(each, {}).update(limits.model_dump(exclude_none=True))
        return networks.network(code, own)
