"""Mailman."""

from __future__ import annotations

from ..model import Server

__all__ = ["SERVER"]

SERVER = Server(name="mailman", title="Mailman", package="mailman3", packages=("mailman3", "postfix"), start="")
