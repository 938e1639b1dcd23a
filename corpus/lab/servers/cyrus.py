"""Cyrus."""

from __future__ import annotations

from ..model import Server

__all__ = ["SERVER"]

SERVER = Server(name="cyrus", title="Cyrus", package="cyrus-imapd", packages=("cyrus-imapd", "postfix"), start="")
