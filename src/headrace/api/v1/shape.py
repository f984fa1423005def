"""What all bodies of `/api/v1` have in common."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from headrace.api.failures import ApiError, invalid
from headrace.runs.errors import Invalid

T = TypeVar("T")


class Answer(BaseModel):
    """Something that is answered. It may be read from a value of `runs/` or `results/` with members of the same names."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True, frozen=True)


class Question(BaseModel):
    """Something that is asked: a member that is not known is an error, so that no typing error passes for a wish."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Page(Answer, Generic[T]):
    """A part of a list. `nextCursor` asks for the part after it, as the parameter `cursor`; null where this is the last."""

    items: list[T]
    next_cursor: str | None


Cursor = Annotated[str | None, Field(max_length=4096, description="The `nextCursor` of the page before.")]

Percentiles = Annotated[
    dict[str, float],
    BeforeValidator(lambda value: {str(percent): seconds for percent, seconds in value}),
    Field(description="Seconds by percentile.", examples=[{"50": 0.021, "75": 0.03, "90": 0.05, "95": 0.071, "99": 0.2}]),
]


def explain_invalid(error: Invalid) -> ApiError:
    """What `runs/` refused, under the name of the member or the parameter."""
    return invalid(to_camel(error.field.removeprefix("details.")), f"{error.message}.")
