"""The reader of unknown formats: what it takes for a failed address, and above all what it leaves alone."""

from __future__ import annotations

import time

import pytest

import bouncelib
from bouncelib.detectors.generic import Generic
from bouncelib.model import Kind
from bouncelib.parser import Parser
from bouncelib.registry import Registry

PARSER = Parser(Registry((Generic(),)))
DAEMON = "Return-Path: <>\nFrom: <mailer-daemon@mx.example.net>\nSubject: Undeliverable mail\nTo: sender@example.org\n"
UTF8 = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"


def parse(text: str, headers: str = DAEMON) -> bouncelib.Report:
    return PARSER.parse((headers + UTF8 + text).encode())


def found(text: str, headers: str = DAEMON) -> list[str]:
    return [recipient.address for recipient in parse(text, headers).recipients]


NAMED = {
    "listed under a heading": "We could not deliver your mail to these people:\n\n    anne@example.com\n",
    "in angle brackets": "Delivery to the following address failed:\n<anne@example.com>\n",
    "with a star": "The message was not delivered to:\n  * anne@example.com\n",
    "with its mailto": "Could not be delivered to:\nanne@example.com<mailto:anne@example.com>\n",
    "heading folded": "Your message could not be\ndelivered to the\nfollowing:\n\nanne@example.com\n",
    "code below": "anne@example.com\n550 5.1.1 no such person\n",
    "code below a blank line": "anne@example.com\n\n#5.1.1 smtp; 550\n",
    "code beside": "Host mx.example.com answered 550 5.1.1 for <anne@example.com>\n",
    "opens the line": "anne@example.com: 550 5.1.1 no such person\n",
    "opens the line, in words": "<anne@example.com> (User unknown)\n",
    "in a sentence": "Your message to anne@example.com could not be delivered.\n",
    "words below": "anne@example.com\nThe mailbox is full.\n",
    "in an unknown language, by the code": "Ujumbe wako haukufika.\n\nanne@example.com\n550 5.1.1 hakuna\n",
    "German": "Ihre Nachricht konnte nicht zugestellt werden an:\nanne@example.com\n",
    "French": "Votre message n'a pas pu être remis à :\nanne@example.com\n",
    "Spanish": "No se pudo entregar su mensaje a:\nanne@example.com\n",
    "Portuguese": "Sua mensagem não pôde ser entregue para:\nanne@example.com\n",
    "Italian": "Impossibile recapitare il messaggio a:\nanne@example.com\n",
    "Dutch": "Uw bericht kon niet worden bezorgd bij:\nanne@example.com\n",
    "Polish": "Wiadomość nie została dostarczona do:\nanne@example.com\n",
    "Czech": "Zprávu nelze doručit:\nanne@example.com\n",
    "Russian": "Письмо не может быть доставлено:\nanne@example.com\n",
    "Turkish": "İletiniz teslim edilemedi:\nanne@example.com\n",
    "Japanese": "以下のあて先に送信できませんでした。\nanne@example.com\n",
    "Chinese": "您的邮件无法投递:\nanne@example.com\n",
    "Korean": "다음 받는 사람에게 메일을 전달할 수 없습니다.\nanne@example.com\n",
}


@pytest.mark.parametrize("text", NAMED.values(), ids=NAMED)
def test_failed_address_is_found(text: str) -> None:
    report = parse(text)
    assert report.kind is Kind.BOUNCE
    assert [recipient.address for recipient in report.recipients] == ["anne@example.com"]
    assert report.recipients[0].evidence


LEFT_ALONE = {
    "the sender": "Your message could not be delivered.\nFrom: sender@example.org\nMessage from: bob@example.com\n",
    "who gets the report": "Your message could not be delivered:\n\nsender@example.org\n",
    "a postmaster": "Your message could not be delivered. For help write to postmaster@example.com\n",
    "whom to contact": "Delivery failed. If you have questions, contact admins@example.com\n",
    "whom to contact, on a line of its own": "Delivery failed.\n\nFor assistance contact:\nadmins@example.com\n",
    "a help desk under a heading": "Your mail could not be delivered.\n\nhelpdesk@example.com\n",
    "a name without a domain": "Delivery to the following failed:\nanne\n",
    "a host without a dot": "Delivery to the following failed:\nanne@localhost\n",
    "a number that is no code": "Your 550 best friends, among them anne@example.com, say hello\n",
    "a price": "Only 5.99 for anne@example.com, order 450 now\n",
    "what is returned of the message": "It failed.\n\n----- Original message -----\nanne@example.com\n550 5.1.1 x\n",
    "what the server said": ">>> DATA\n<<< 550 5.7.1 mail from bob@example.com refused\n",
}


@pytest.mark.parametrize("text", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_other_addresses_are_left_alone(text: str) -> None:
    assert found(text) == []


BYSTANDERS = {
    "where the owner moved to, in the reply": "anne@example.com\n551 User not local; please try <new@example.org>\n",
    "where the owner moved to": "Failed mail:\n\nanne@example.com\n\nIt does not exist. Please use\nnew@example.org\n",
    "a new address": "Mail to anne@example.com was not delivered.\nNew address: new@example.org (no such user)\n",
    "in German": "Nicht zugestellt:\n\nanne@example.com\n551 verzogen, neue Adresse: neu@example.org\n",
    "whom to ask, in another language": "Nie została dostarczona do:\n\nanne@example.com\n550 unknown\n\n"
    "Jeśli nie została dostarczona, kontakt: bob@example.org\n",
    "whom to ask, below a sentence": "Undeliverable:\n\nanne@example.com\n550 unknown\n\n"
    "If mail could not be delivered, Bob is glad to hear from you:\nbob@example.org\n",
    "whom to ask, in the next line": "Mail to anne@example.com could not be delivered.\n\nPlease get in touch with\n"
    "bob@example.org. Mail that could not be delivered is gone.\n",
    "two to ask": "Mail to anne@example.com could not be delivered.\n\n"
    "Undelivered mail was not delivered? Contact bob@example.org or carla@example.org\n",
    "a copy": "Your message with copy to\nbob@example.org could not be delivered to\n\nanne@example.com\n550 unknown\n",
    "who got it, above": "Your message was delivered to:\n\nbob@example.org\ncarla@example.org\n\n"
    "Your message could not be delivered to:\n\nanne@example.com\n550 unknown\n",
    "who got it, below": "Your message could not be delivered to:\n\nanne@example.com\n\n"
    "Your message was delivered to:\n\nbob@example.org\ncarla@example.org\n",
    "whom the reply names": "anne@example.com\n554 5.7.1 blocked, to be removed mail bob@example.org\n",
    "a message": "Your message <4711@example.org> could not be delivered to anne@example.com: 550 unknown\n",
    "a signature": "Mail to anne@example.com could not be delivered: 550 unknown\n\n-- \nThe team\nbob@example.org\n",
    "a team below a sentence": "Your message to anne@example.com was not delivered\n\nThe team\nbob@example.org\n",
    "what is quoted in a box": "Mail to anne@example.com was not delivered\n\n| Carla, bob@example.org was not found\n",
    "on whose behalf": "Mail on behalf of bob@example.org could not be delivered to anne@example.com (550 unknown)\n",
}


@pytest.mark.parametrize("text", BYSTANDERS.values(), ids=BYSTANDERS)
def test_nobody_else_is_named(text: str) -> None:
    assert found(text) == ["anne@example.com"]


@pytest.mark.parametrize("subject", ["Your order could not be delivered", "Unknown user wants to join"])
def test_a_subject_alone_is_not_about_mail(subject: str) -> None:
    headers = f"Return-Path: <>\nFrom: shop@example.net\nSubject: {subject}\n"
    report = parse("For anne@example.com: not found, unknown user.\n", headers)
    assert (report.kind, report.recipients) == (Kind.OTHER, ())


NOTICES = {
    "a login": ("Login failed", "Login of anne@example.com failed: unknown user\n"),
    "an archive": ("Retention notice", "Messages of anne@example.com have been rejected by the archive.\n"),
    "a condition": ("Secure message", "anne@example.com has written. If it cannot be delivered, call us.\n"),
}


@pytest.mark.parametrize(("subject", "text"), NOTICES.values(), ids=NOTICES)
def test_other_notices_of_a_postmaster(subject: str, text: str) -> None:
    headers = f"Return-Path: <>\nFrom: postmaster@example.net\nSubject: {subject}\n"
    assert found(text, headers) == []
    assert found("Your message to anne@example.com could not be delivered.\n", headers) == ["anne@example.com"]


def test_dated_entry_with_a_code() -> None:
    text = "Ujumbe haukufika.\n\n  anne@example.com kwa 2026-11-23 16:47\n    Hakuna <mx.example.com #5.1.1>\n"
    assert found(text) == ["anne@example.com"]


def test_delivered_among_failed() -> None:
    text = "anne@example.com  failed  550 unknown\nbob@example.com  delivered\ncarla@example.com: relayed\n"
    assert found(text) == ["anne@example.com"]


STILL_NAMED = {
    "who could not be contacted": "Es war nicht möglich, Kontakt aufzunehmen: nicht zugestellt\n{}\n",
    "no longer in use": "The address does not exist, it is no longer in use\n{}\n",
    "words in front of the list": "We could not deliver your message\n{}\n",
    "Portuguese": "Não foi possível entregar, nem entrar em contato com\n{}\n",
    "Chinese": "邮件无法送达,无法联系下列收件人\n{}\n",
}


@pytest.mark.parametrize("text", STILL_NAMED.values(), ids=STILL_NAMED)
def test_words_of_contact_hide_nobody(text: str) -> None:
    assert found(text.format("anne@example.com\nbob@example.com")) == ["anne@example.com", "bob@example.com"]


def test_several_share_a_reply() -> None:
    text = "Undeliverable to:\nanne@example.com\nbob@example.com\n550 5.1.1 unknown\n"
    assert found(text) == ["anne@example.com", "bob@example.com"]


NOT_REPORTS = {
    "a letter": "Return-Path: <bob@example.com>\nFrom: Bob <bob@example.com>\nSubject: hello\n",
    "an answer": "From: Bob <bob@example.com>\nSubject: Re: Undeliverable mail\nIn-Reply-To: <1@example.org>\n",
    "a forwarded report": "From: Bob <bob@example.com>\nSubject: Fwd: Undelivered Mail Returned to Sender\n",
    "a list post about one": "From: Bob <bob@example.com>\nSubject: mail delivery failed?\n"
    "List-Id: <talk.example.org>\nTo: talk@example.org\n",
}


@pytest.mark.parametrize("headers", NOT_REPORTS.values(), ids=NOT_REPORTS)
def test_only_marked_messages_are_read(headers: str) -> None:
    report = parse("anne@example.com\n550 5.1.1 User unknown\n", headers)
    assert (report.kind, report.recipients) == (Kind.OTHER, ())


def test_code_beside_the_one_who_gets_the_report() -> None:
    """Who wrote to himself may fail as anybody."""
    assert found("<sender@example.org>: 552 5.2.2 mailbox is full\n") == ["sender@example.org"]


def test_each_recipient_has_its_own_diagnostic() -> None:
    report = parse(
        "The message could not be delivered to:\n\nanne@example.com\n550 5.1.1 No such user\n\n"
        "bob@example.com\n552 5.2.2 Mailbox full\n"
    )
    assert [(r.address, str(r.status), r.reply and r.reply.code) for r in report.recipients] == [
        ("anne@example.com", "5.1.1", 550),
        ("bob@example.com", "5.2.2", 552),
    ]


def test_reason_in_front_of_the_address() -> None:
    report = parse("The server answered:\n550 5.1.1 No such user\n\nIt could not be delivered to:\nanne@example.com\n")
    assert [str(r.status) for r in report.recipients] == ["5.1.1"]


@pytest.mark.parametrize(
    "text",
    [
        "Your message to anne@example.com has been delayed. We will continue to try for 3 days.\n",
        "Delivery to the following is delayed:\nanne@example.com\n",
        "Diese Nachricht wurde verzögert, sie konnte noch nicht zugestellt werden an:\nanne@example.com\n",
    ],
)
def test_delay(text: str) -> None:
    report = parse(text)
    assert report.kind is Kind.DELAY
    assert [r.address for r in report.recipients] == ["anne@example.com"]


def test_given_up_is_no_delay() -> None:
    report = parse("After being delayed your message to anne@example.com has failed permanently.\n")
    assert report.kind is Kind.BOUNCE


def test_failed_recipients_in_the_header() -> None:
    assert found("Nani?\n", DAEMON + "X-Failed-Recipients: anne@example.com, bob@example.com\n") == [
        "anne@example.com",
        "bob@example.com",
    ]


def test_a_report_that_names_nobody_is_a_report() -> None:
    report = parse("Sorry, your message could not be delivered.\n")
    assert (report.kind, report.recipients) == (Kind.BOUNCE, ())


@pytest.mark.parametrize(
    "headers", ["Return-Path: <>\nFrom: anne@example.com\nSubject: Out of office\n", "Return-Path: <>\nSubject: Hi\n"]
)
def test_a_null_sender_alone_proves_nothing(headers: str) -> None:
    assert parse("I am away; mail that could not be delivered will wait.\n", headers).kind is Kind.OTHER


def test_it_is_asked_last() -> None:
    assert Generic().fallback
    raw = (
        DAEMON + UTF8 + "Hi. This is the qmail-send program at mx.example.net.\n\n<anne@example.com>:\nNo such user.\n"
    )
    assert "generic" not in bouncelib.parse(raw.encode()).detectors


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000 + "@ could not be delivered\n",
        ("could not be delivered " + "a" * 970 + "@\n") * 500,
        "550 " * 100_000 + "anne@example.com\n",
        "could not be delivered:\n" + "".join(f"user{n}@example.com\n550 5.1.1 unknown\n" for n in range(50_000)),
        "((((" * 50_000 + "\n" + "<" * 200_000 + "anne@example.com\n",
        (" " * 999 + "@\n") * 400,
    ],
    ids=["word", "lines", "codes", "addresses", "brackets", "blanks"],
)
def test_hostile_text_costs_little(text: str) -> None:
    start = time.process_time()
    parse(text)
    assert time.process_time() - start < 2
