"""The detectors that come with the library, in the order in which a report names them."""

from __future__ import annotations

from ..detector import Detector
from .rfc3464 import Rfc3464

__all__ = ["BUILTIN"]

BUILTIN: tuple[Detector, ...] = (Rfc3464(),)
