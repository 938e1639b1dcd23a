"""Sympa."""

from __future__ import annotations

from ..model import Server

__all__ = ["SERVER"]

SERVER = Server(name="sympa", title="Sympa", package="sympa", packages=("sympa", "postfix"), start="")
