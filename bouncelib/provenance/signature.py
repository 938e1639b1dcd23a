"""The signatures of tags: HMAC (RFC 2104), whose modules, OpenSSL among them, are imported with the first signature."""

from __future__ import annotations

__all__ = ["digest", "is_same"]


def digest(key: bytes, text: bytes, algorithm: str) -> bytes:
    """The HMAC of `text` with `algorithm`, a name that `hashlib` knows."""
    import hmac

    return hmac.digest(key, text, algorithm)


def is_same(one: str, other: str) -> bool:
    """Whether two signatures, ASCII both, are the same; takes as long whatever they differ in."""
    import hmac

    return hmac.compare_digest(one, other)
