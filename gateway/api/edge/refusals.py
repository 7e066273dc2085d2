"""The refusals at the entrance, as a problem document, or as plain text to a provider."""

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from gateway.api.problems import problem


class DoorRefusal(HTTPException):
    """A request that ends at the entrance.

    It is an HTTPException so that every layer in between lets it through.

    `reason` is the metric's label. `setting` is named in the text when a limit is the reason.
    """

    def __init__(
        self,
        status: int,
        text: str,
        *,
        reason: str,
        setting: str = "",
        retry_after_s: int = 0,
        allow: str = "",
    ) -> None:
        self.reason = reason
        if setting:
            text = f"{text} (setting {setting_name(setting)})"
        headers: dict[str, str] = {}
        if retry_after_s:
            headers["Retry-After"] = str(retry_after_s)
        if allow:
            headers["Allow"] = allow
        super().__init__(status, text, headers)

    def answer(self, *, plain: bool) -> Response:
        """Return the response. `plain` is for a provider, which reads no documents."""
        if plain:
            return PlainTextResponse(self.detail, self.status_code, self.headers)
        return problem(self.status_code, self.detail, headers=self.headers)


def setting_name(setting: str) -> str:
    """Return the setting as an operator writes it in the environment.

    >>> setting_name("limits.body_bytes")
    'GATEWAY_LIMITS__BODY_BYTES'
    """
    return f"GATEWAY_{setting.replace('.', '__').upper()}"


_CURES = {
    "limits.upload_bytes": "; send it as an import (POST /imports), or as several uploads",
    "limits.import_bytes": "; send it as several imports or batches",
}


def too_large(most: int, setting: str, what: str = "the body") -> DoorRefusal:
    """Return the refusal of a body that is over its limit."""
    told = f"{most // 2**20} MB" if most >= 2**20 and most % 2**20 == 0 else f"{most} bytes"
    cure = _CURES.get(setting, "")
    return DoorRefusal(
        413, f"{what} is larger than {told}{cure}", reason="too large", setting=setting
    )


def too_slow(limit_s: float, setting: str) -> DoorRefusal:
    """Return the refusal of a body that did not arrive in time."""
    return DoorRefusal(
        408, f"the body did not arrive within {limit_s:g} s", reason="too slow", setting=setting
    )


def too_many(what: str, most: int, setting: str, again_s: int) -> DoorRefusal:
    """Return the refusal of a request that finds all places taken."""
    return DoorRefusal(
        503,
        f"{most} {what} are already in progress; try again in {again_s} s",
        reason="too many",
        setting=setting,
        retry_after_s=again_s,
    )
