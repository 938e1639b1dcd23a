"""The detectors that come with the library, in the order in which a report names them."""

from __future__ import annotations

from ..detector import Detector
from .amazonses import AmazonSes
from .arf import Arf
from .challenge import Challenge
from .chasquid import CHASQUID
from .communigate import COMMUNIGATE
from .courier import COURIER
from .dma import DMA
from .domino import DOMINO, NOTES
from .exchange import EXCHANGE, EXCHANGE_2007, OFFICE_365, WINDOWS_SMTP
from .exim import EXIM
from .filters import FILTERS
from .flufl import Flufl
from .generic import Generic
from .gmail import GMAIL, GOOGLE
from .groupwise import GROUPWISE
from .haraka import HARAKA
from .imail import IMAIL
from .james import JAMES, JAMES_DETAILS
from .japan import JAPAN
from .mdaemon import MDAEMON, MDAEMON_LOCAL
from .mdn import Mdn, SieveReject
from .messagingserver import MessagingServer
from .mms import MmsGateway
from .nullmailer import NULLMAILER
from .opensmtpd import OPENSMTPD
from .postal import POSTAL
from .postfix import POSTFIX
from .powermta import POWERMTA
from .providers import PROVIDERS
from .qmail import QMAIL, QSBMF
from .rfc3464 import Rfc3464
from .rfc3834 import AutoReply
from .smail import SMAIL
from .transcript import Sendmail, Transcript
from .unnamed import UNNAMED
from .windows import WINDOWS
from .zmailer import ZMAILER

__all__ = ["BUILTIN"]

BUILTIN: tuple[Detector, ...] = (
    Rfc3464(),
    Arf(),
    Mdn(),
    SieveReject(),
    Challenge(),
    AutoReply(),
    # MTAs
    POSTFIX,
    EXIM,
    Sendmail(),
    QMAIL,
    QSBMF,
    COURIER,
    OPENSMTPD,
    CHASQUID,
    DMA,
    NULLMAILER,
    HARAKA,
    POWERMTA,
    POSTAL,
    COMMUNIGATE,
    SMAIL,
    ZMAILER,
    IMAIL,
    *UNNAMED,
    # Commercial servers
    EXCHANGE,
    EXCHANGE_2007,
    OFFICE_365,
    WINDOWS_SMTP,
    DOMINO,
    NOTES,
    GROUPWISE,
    MDAEMON,
    MDAEMON_LOCAL,
    *WINDOWS,
    JAMES,
    JAMES_DETAILS,
    MessagingServer(),
    # Providers and filters
    AmazonSes(),
    GMAIL,
    GOOGLE,
    *PROVIDERS,
    *JAPAN,
    MmsGateway(),
    *FILTERS,
    Transcript(),
    # Where the others find nobody
    Generic(),
    Flufl(),
)
