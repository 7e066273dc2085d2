"""The model and the amount that all requests share."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from gateway.base.money import EXACT_PATTERN

# The amount is not stripped, because neither a person nor a careful program writes an amount with a
# line break behind it.
_MAJOR = Field(gt=0, lt=1_000_000_000_000)
PriceInput = (
    Annotated[
        str,
        StringConstraints(max_length=40, strip_whitespace=False),
        # The pattern is for the document only: `exact_amount` refuses with a more helpful text.
        Field(json_schema_extra={"pattern": EXACT_PATTERN}),
    ]
    | Annotated[int, _MAJOR]
    | Annotated[float, _MAJOR]
)

# A time without a zone would be another moment on another machine. JSON has no times, so a text is
# taken in spite of the strict model.
TimeInput = Annotated[AwareDatetime, Field(strict=False)]


class StrictModel(BaseModel):
    """A request of which every field has the declared type.

    Strict means that 0 is not false and 5 is not "5". A field that the schema does not define is
    refused.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, strict=True)
