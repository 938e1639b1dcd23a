"""The servers, one file each: packages, configuration, and what each cannot show. A new one is a new line here."""

from __future__ import annotations

from ..model import Server
from . import (
    chasquid,
    courier,
    cyrus,
    dma,
    dovecot,
    exim,
    haraka,
    mailman,
    mlmmj,
    nullmailer,
    opensmtpd,
    postfix,
    postsrsd,
    sendmail,
    sympa,
)

__all__ = ["SERVERS"]

SERVERS: tuple[Server, ...] = (
    postfix.SERVER,
    exim.SERVER,
    sendmail.SERVER,
    opensmtpd.SERVER,
    courier.SERVER,
    chasquid.SERVER,
    haraka.SERVER,
    dma.SERVER,
    nullmailer.SERVER,
    dovecot.SERVER,
    cyrus.SERVER,
    postsrsd.SERVER,
    mailman.SERVER,
    mlmmj.SERVER,
    sympa.SERVER,
)
