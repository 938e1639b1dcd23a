"""mlmmj."""

from __future__ import annotations

from ..model import Server

__all__ = ["SERVER"]

SERVER = Server(name="mlmmj", title="mlmmj", package="mlmmj", packages=("mlmmj", "postfix"), start="")
