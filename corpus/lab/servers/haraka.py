"""Haraka, from npm. It only sends; its reports go to the mailbox of its sender at Postfix."""

from __future__ import annotations

from ..model import Server

__all__ = ["SERVER"]

_VERSION = "3.3.4"

_PLUGIN = """\
exports.register = function () { this.register_hook('connect', 'trust'); this.register_hook('rcpt', 'accept') }
exports.trust = function (next, connection) { connection.relaying = true; next() }
exports.accept = function (next, connection) { next(connection.relaying ? OK : DENY) }
"""

_CONFIGURATION = {
    "config/me": "mail.haraka.test\n",
    "config/host_list": "haraka.test\n",
    "config/smtp.ini": "listen=0.0.0.0:25\nnodes=0\nsmtputf8=true\n",
    "config/loglevel": "INFO\n",
    "config/plugins": "lab_relay\n",
    "plugins/lab_relay.js": _PLUGIN,
    # Intervals below five seconds are not taken.
    "config/outbound.ini": "disabled=false\nconcurrency_max=20\nenable_tls=false\nmaxTempFailures=2\n"
    "temp_fail_intervals=5s,5s\nalways_split=false\n",
    "package.json": '{"name": "haraka-lab", "version": "1.0.0"}\n',
}

SERVER = Server(
    name="haraka",
    title="Haraka",
    package=f"npm:Haraka@{_VERSION}",
    packages=("nodejs", "npm"),
    prepare=f"""\
mkdir -p /opt/haraka; cd /opt/haraka
npm install --no-audit --no-fund --omit=dev --cafile=/etc/ssl/certs/ca-certificates.crt Haraka@{_VERSION}
""",
    sends=True,
    warns=False,
    home="postfix",
    silent={
        "starttls-broken*": "it goes on without TLS",
        "greeting-timed-out*": "it waits for minutes, longer than the lab",
        "connection-timed-out*": "it waits for minutes, longer than the lab",
    },
    vague={
        "*-lost-connection-expired": "it says only that it has tried all exchangers",
        "exchanger-without-address": "it says only that it has tried all exchangers",
    },
    files={f"/opt/haraka/{name}": text for name, text in _CONFIGURATION.items()},
    start="""\
cd /opt/haraka
cp node_modules/Haraka/config/connection.ini node_modules/Haraka/config/outbound.bounce_message config/
mkdir -p queue
node node_modules/.bin/haraka -c /opt/haraka > /var/log/haraka.log 2>&1 &
wait_for 25
""",
)
