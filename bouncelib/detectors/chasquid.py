"""chasquid: the address that was used, then under "Technical details" each one that failed for it."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["CHASQUID"]

# internal/queue/dsn.go:
#     - "anne@example.com" (EMAIL) failed permanently with error:
#         MAIL+RCPT 550 5.1.1 User unknown
CHASQUID = TextFormat(
    name="chasquid",
    start=("delivery of your message to the following recipient(s) failed permanently",),
    recipient=(r"^- \"(?P<address>[^\"]{1,320})\" \([A-Z]{1,10}\) failed (?:permanently|temporarily)",),
    fields=(r"^\s+(?P<diagnostic>(?:(?P<command>(?:MAIL|RCPT|DATA)(?:\+[A-Z]{4})?) )?\S.*)",),
    reports_only=True,
    trusted=True,
)
