"""Words that send the reader to an address, and words that only seem to."""

from __future__ import annotations

import pytest

import bouncelib
from bouncelib import mentions

HEAD = "Return-Path: <>\nFrom: <mailer-daemon@mx.example.net>\nSubject: Undeliverable mail\n\n"

SENT = (
    "If you need help, ask", "Please write to:", "Need help?", "Try the new address:", "Please contact our team:",
    "Anne has moved, please use", "Bitte wenden Sie sich an", "Bitte schreiben Sie an:", "Neue Adresse:",
    "Contactez l'administrateur :", "Veuillez écrire à", "Escriba a", "Entre em contato com", "Scrivere a",
    "Nieuw adres:", "Skriv til", "Napište na", "Пишите на", "Обращайтесь к администратору", "お問い合わせ:",
    "请联系", "문의:",
)  # fmt: skip
NOT_SENT = (
    "Your message could not be delivered to the following recipients:", "The following address failed:",
    "We could not contact the server of", "For help see above.", "User unknown:", "because:", "in use",
    "Folgende Empfänger konnten nicht kontaktiert werden:", "Les destinataires suivants n'ont pas pu être contactés :",
    "Følgende modtagere kunne ikke kontaktes:", "Seuraaviin vastaanottajiin ei saatu yhteyttä:", "无法联系下列收件人:",
    "Não foi possível entrar em contato com os seguintes destinatários:", "связаться со следующими получателями:",
)  # fmt: skip


@pytest.mark.parametrize("line", SENT)
def test_line_that_sends_the_reader_on(line: str) -> None:
    assert mentions.may_introduce(line)


@pytest.mark.parametrize("line", NOT_SENT)
def test_line_that_does_not(line: str) -> None:
    assert not mentions.may_introduce(line)


TABLES = {
    "domino": "Your message\n\nwas not delivered to:\n\n  anne@example.com\n\nbecause:\n\n  User anne not listed\n\n{}",
    "exchange": "The following recipient(s) could not be reached:\n\n   anne@example.com on 11/23/2026 4:47 PM\n"
    "      No such user <mx.example.net #5.1.1>\n\n{}",
    "windows-smtp": "This is an automatically generated Delivery Status Notification.\n\n"
    "Delivery to the following recipients failed.\n\n       anne@example.com\n\n{}",
    "netscape": "This Message was undeliverable due to the following reason:\n\nThe account is disabled.\n\n"
    "     <anne@example.com>\n\n{}",
}


@pytest.mark.parametrize("name", TABLES)
def test_whom_to_ask_is_not_read_from_a_table(name: str) -> None:
    asked = "If you need help, write to\n\n     <bob@example.org>\n     <carla@example.org>\n"
    report = bouncelib.parse((HEAD + TABLES[name].format(asked)).encode())
    assert name in report.detectors
    assert [recipient.address for recipient in report.recipients] == ["anne@example.com"]
