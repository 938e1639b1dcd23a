"""The detectors that come with the library, in the order in which a report names them."""

from __future__ import annotations

from ..detector import Detector
from .communigate import COMMUNIGATE
from .courier import COURIER
from .dma import DMA
from .exim import EXIM
from .haraka import HARAKA
from .imail import IMAIL
from .nullmailer import NULLMAILER
from .opensmtpd import OPENSMTPD
from .postfix import POSTFIX
from .powermta import POWERMTA
from .qmail import QMAIL, QSBMF
from .rfc3464 import Rfc3464
from .smail import SMAIL
from .transcript import Sendmail, Transcript
from .zmailer import ZMAILER

__all__ = ["BUILTIN"]

BUILTIN: tuple[Detector, ...] = (
    Rfc3464(),
    # MTAs
    POSTFIX,
    EXIM,
    Sendmail(),
    QMAIL,
    QSBMF,
    COURIER,
    OPENSMTPD,
    DMA,
    NULLMAILER,
    HARAKA,
    POWERMTA,
    COMMUNIGATE,
    SMAIL,
    ZMAILER,
    IMAIL,
    Transcript(),
)
