"""Plain data: a shape's fields as dictionaries, checked by the same rules; for records that come by the thousand.

A model for every object costs more than reading and checking its bytes does. What is refused here is refused by the
shape too, and whoever wants to know why asks that.
"""

from functools import reduce
from inspect import isclass
from operator import or_
from types import UnionType
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

Plain = dict[str, Any]


def plain(shape: type[BaseModel]) -> TypeAdapter[Plain]:
    """Reads JSON as the shape does: unknown fields are ignored, absent ones stay absent. Raises ValidationError."""
    adapter: TypeAdapter[Plain] = TypeAdapter(_dictionary(shape))
    return adapter


def _dictionary(shape: type[BaseModel]) -> Any:  # noqa: ANN401 - a type made at run time
    fields = {name: _entry(field) for name, field in shape.model_fields.items()}
    return TypedDict(shape.__name__, fields)  # type: ignore[operator] # the checker knows only types written down


def _entry(field: FieldInfo) -> Any:  # noqa: ANN401 - a type made at run time
    checked: Any = Annotated[_within(field.annotation), *field.metadata, Field(validation_alias=field.validation_alias)]
    return Required[checked] if field.is_required() else NotRequired[checked]


def _within(annotation: Any) -> Any:  # noqa: ANN401 - a type made at run time
    """The annotation with dictionaries in the places of shapes."""
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return _dictionary(annotation)
    if get_origin(annotation) in {Union, UnionType}:
        return reduce(or_, map(_within, get_args(annotation)))
    return annotation
