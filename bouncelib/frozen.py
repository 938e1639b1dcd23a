"""Frozen dataclasses with slots that are as cheap to make as any other object.

`dataclasses.dataclass(frozen=True, slots=True)` writes every field through `object.__setattr__`, which makes a value of
sixteen fields four times as dear as one that may change, and a report consists of fifty of them. Here a value is filled
while it is still an instance of its base, which has the slots and may be written to; then it gets its real class.
"""

from __future__ import annotations

import copyreg
import dataclasses
import types
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, dataclass_transform

__all__ = ["frozen", "maker"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def frozen(cls: type[_T], /) -> type[_T]:
    """`dataclass(frozen=True, slots=True)`, for a class whose defaults are values and which nobody derives from."""
    base = type(cls.__name__, (), {"__slots__": tuple(cls.__annotations__)})
    body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    made: Any = dataclasses.dataclass(frozen=True, slots=True, init=False)(type(cls.__name__, (base,), body))
    fields = dataclasses.fields(made)
    names: dict[str, object] = {"cls": made, "_base": base, "_new": vars(copyreg)["__newobj__"]}
    arguments = ["cls"]
    for field in fields:
        if field.default is dataclasses.MISSING:
            arguments.append(field.name)
        else:
            names[f"_default_{field.name}"] = field.default
            arguments.append(f"{field.name}=_default_{field.name}")
    written = "".join(f"    self.{field.name} = {field.name}\n" for field in fields)
    values = "".join(f"self.{field.name}, " for field in fields)
    source = f"""
def __new__({", ".join(arguments)}):
    self = _base()
{written}    self.__class__ = cls
    return self

def __reduce__(self):
    return _new, (cls, {values})
"""
    exec(source, names)  # noqa: S102 - as the standard library makes the methods of a dataclass
    made.__new__ = names["__new__"]
    made.__reduce__ = names["__reduce__"]
    return made  # type: ignore[no-any-return]


def maker(cls: Callable[_P, _T]) -> Callable[_P, _T]:
    """What calling the frozen class `cls` comes down to, for two thirds of the cost: for values made by the dozen."""
    made: Any = cls
    return types.MethodType(made.__new__, made)
