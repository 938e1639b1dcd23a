"""The phases of a run, one after the other, and what they say to the person in front."""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from . import expectations, reading
from .exchange import CLIENT, Arrived, Postbox, submit
from .machine import NAME_SERVER, BuildError, Machine, missing
from .model import Case, Host, Sample
from .names import Zone, serve
from .peer import Peer
from .plan import BY_NAME, author, involved, select
from .scenarios import HOSTS, LOOP_DOMAIN, REMOTE, REPLIES
from .servers import SERVERS

__all__ = ["main"]

CORPUS = pathlib.Path(__file__).resolve().parent.parent
_SINK = "10.99.0.10"
_ADDRESSES = {server.name: f"10.99.1.{number}" for number, server in enumerate(SERVERS, 1)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the lab. Returns 0 where every planned sample was made, 1 where some were not, 2 where it cannot run."""
    options = _parse(arguments)
    lacking = missing()
    if lacking:
        print("The lab cannot run here. It lacks", *lacking, sep="\n  - ", file=sys.stderr)
        return 2
    unknown = set(options.server) - set(BY_NAME)
    if unknown:
        print(f"No such server: {', '.join(sorted(unknown))}. There are {', '.join(BY_NAME)}.", file=sys.stderr)
        return 2
    if not select(options.server, options.scenario):
        print("No scenario fits; corpus/lab/scenarios.py and plan.py have them.", file=sys.stderr)
        return 2
    if options.phase:
        return {"build": _build, "run": _run}[options.phase](options)
    if options.scratch:
        options.scratch.mkdir(parents=True, exist_ok=True)
        return _both(options.scratch, options)
    with tempfile.TemporaryDirectory(prefix="bouncelab-") as scratch:
        return _both(pathlib.Path(scratch), options)


def _both(scratch: pathlib.Path, options: argparse.Namespace) -> int:
    return _phase("build", scratch, options) or _phase("run", scratch, options)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python3 corpus/lab", description="Run real mail servers, provoke every failure, keep what they write about it."
    )
    parser.add_argument("--server", action="append", default=[], help="only the samples of this server (repeatable)")
    parser.add_argument(
        "--scenario", action="append", default=[], help="only these scenarios; may hold wildcards (repeatable)"
    )
    parser.add_argument("--output", type=pathlib.Path, default=CORPUS, help="where the samples go (default: corpus/)")
    parser.add_argument(
        "--scratch", type=pathlib.Path, help="keep the roots here for the next run (default: a temporary directory)"
    )
    parser.add_argument("--jobs", type=int, default=3, help="roots to build at the same time (default: 3)")
    parser.add_argument("--phase", choices=("build", "run"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.output = options.output.resolve()
    options.scratch = options.scratch.resolve() if options.scratch else None
    return options


def _phase(name: str, scratch: pathlib.Path, options: argparse.Namespace) -> int:
    """Run one phase in namespaces of its own: the build with the machine's network, the run without any."""
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    namespaces += ["--net"] if name == "run" else []
    command = [sys.executable, str(pathlib.Path(__file__).parent), f"--phase={name}", f"--scratch={scratch}"]
    command += [f"--output={options.output}", f"--jobs={options.jobs}"]
    command += [f"--server={server}" for server in options.server]
    command += [f"--scenario={pattern}" for pattern in options.scenario]
    started = time.monotonic()
    status = subprocess.run([*namespaces, *command], check=False).returncode
    print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    return status


def _build(options: argparse.Namespace) -> int:
    servers = involved(select(options.server, options.scenario))
    print(f"building the roots of {', '.join(server.title for server in servers)}", flush=True)
    try:
        failed = Machine(options.scratch).build(servers, jobs=options.jobs)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 2
    for name, why in failed.items():
        print(f"{BY_NAME[name].title} cannot be installed, the others go on: {why}", file=sys.stderr)
    return 0


def _run(options: argparse.Namespace) -> int:
    machine = Machine(options.scratch)
    planned = select(options.server, options.scenario)
    chosen = [case for case in planned if all(map(machine.is_built, involved([case])))]
    servers = involved(chosen)
    postbox = Postbox(machine, chosen)
    addresses = {server.name: _ADDRESSES[server.name] for server in servers}
    hosts = _hosts()
    machine.network([CLIENT, NAME_SERVER, "10.99.0.9", *hosts], addresses)
    serve(_zone(addresses), NAME_SERVER)
    Peer({ip: (name, host) for ip, (name, host) in hosts.items()}, REPLIES, LOOP_DOMAIN, postbox.take).start()
    try:
        machine.start(servers, addresses)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(servers)} servers run; {len(chosen)} messages go out", flush=True)
    answers = submit(machine, addresses, chosen)
    postbox.wait(addresses, at_least=60, at_most=200)
    status = _write(chosen, postbox.found, answers, machine, options.output)
    return status if len(chosen) == len(planned) else 1


def _hosts() -> dict[str, tuple[str, Host | None]]:
    """The addresses of the peer, with the name and the behaviour there."""
    found: dict[str, tuple[str, Host | None]] = {
        _SINK: (f"mx.{REMOTE}", None),
        "10.99.0.11": (f"mx.{LOOP_DOMAIN}", None),
    }
    served = [host for host in HOSTS if not host.names and not host.address]
    found |= {f"10.99.0.{20 + number}": (f"mx.{host.domain}", host) for number, host in enumerate(served)}
    return found


def _zone(servers: dict[str, str]) -> Zone:
    addresses = {"client.sender.test": CLIENT, "ns.test": NAME_SERVER}
    addresses |= {name: ip for ip, (name, _) in _hosts().items()}
    addresses |= {f"mx.{host.domain}": host.address for host in HOSTS if host.address}
    addresses |= {BY_NAME[name].host: ip for name, ip in servers.items()}
    exchangers = {name.removeprefix("mx."): [(10, name)] for name in addresses if name.startswith("mx.")}
    exchangers |= {BY_NAME[name].domain: [(10, BY_NAME[name].host)] for name in servers}
    for host in HOSTS:
        if host.names == "null-mx":
            exchangers[host.domain] = [(0, ".")]
        elif host.names == "dangling-mx":
            exchangers[host.domain] = [(10, f"gone.{host.domain}")]
    return Zone(
        addresses, exchangers,
        frozenset(host.domain for host in HOSTS if host.names == "nodata"),
        frozenset(host.domain for host in HOSTS if host.names == "servfail"),
    )  # fmt: skip


def _write(
    chosen: Sequence[Case], found: dict[str, list[Arrived]], answers: dict[str, str], machine: Machine,
    output: pathlib.Path,
) -> int:  # fmt: skip
    """Write the samples with their tables, and say what did not go as planned."""
    written, surprises = 0, []
    for case in chosen:
        reports = found[case.key]
        if answers[case.key] != "accepted":
            surprises.append(f"{case.key}: the message was {answers[case.key]}")
            continue
        if len(reports) != len(case.samples):
            surprises.append(f"{case.key}: {len(reports)} reports instead of {len(case.samples)}")
        for sample, report in _assign(case, reports):
            why = expectations.problem(case, sample, report.raw)
            if why:
                surprises.append(f"{case.server}/{sample.name}: {why}")
                continue
            path = output / case.server / sample.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f"{sample.name}.eml").write_bytes(report.raw)
            text = expectations.table(case, sample, report.raw, _origin(case, machine))
            path.with_name(f"{sample.name}.toml").write_text(text, "utf-8")
            written += 1
    planned = sum(len(case.samples) for case in chosen)
    print(f"{written} of {planned} samples written to {output}", flush=True)
    for line in surprises:
        print(f"  not as planned: {line}", flush=True)
    return 0 if written == planned else 1


def _origin(case: Case, machine: Machine) -> str:
    """Who wrote the sample, with its version."""
    server = BY_NAME[author(case)]
    name = f"{server.title} {machine.version(server, server.package)}"
    if server.behind_postfix:
        name += f" behind Postfix {machine.version(server, 'postfix')}"
    return f"lab: {name}"


def _assign(case: Case, reports: Sequence[Arrived]) -> list[tuple[Sample, Arrived]]:
    """Which report is which sample: by the kind of action that it names, else by the order of arrival."""
    waiting = list(case.samples)
    pairs = []
    for report in reports:
        if waiting:
            told = {expectations.KINDS.get(action) for action in reading.actions(report.raw)}
            sample = next((sample for sample in waiting if expectations.KINDS[sample.action] in told), waiting[0])
            waiting.remove(sample)
            pairs.append((sample, report))
    return pairs
