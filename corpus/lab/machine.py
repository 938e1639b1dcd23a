"""What the lab needs of the machine: roots from Debian packages, overlays, namespaces, a bridge, processes.

Everything happens in namespaces of the lab's own (mounts, processes, and for the run the network too): when its first
process ends, the kernel takes down all mounts, networks and processes with it, and the machine never sees them.
"""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence

from .model import Server

__all__ = ["BuildError", "Machine", "missing"]

SUITE = "bookworm"
PEOPLE = ("sender", "alice", "bob", "quirin", "piet", "doris")
NAME_SERVER = "10.99.0.53"
DEAD = "10.99.0.8"
_BASE = "ca-certificates"
_TOOLS = {"debootstrap": "debootstrap", "ip": "iproute2", "unshare": "util-linux", "nsenter": "util-linux"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HELP = """\
wait_for() {
  for second in $(seq 60); do (exec 3<> /dev/tcp/127.0.0.1/$1) 2> /dev/null && return; sleep 1; done
}
"""
_READY = "echo READY\nexec sleep infinity\n"
_ENVIRONMENT = {"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


class BuildError(Exception):
    """A root could not be built, or a server not started."""


def missing() -> list[str]:
    """What this machine lacks for a run, each with what would help; empty where all is there."""
    found = []
    if sys.platform != "linux":
        return ["Linux: the lab lives on its namespaces"]
    if os.geteuid() != 0:
        found.append("root: run it as root, for mounts, namespaces and chroot")
    tools: dict[str, list[str]] = {}
    for tool, package in _TOOLS.items():
        if shutil.which(tool) is None:
            tools.setdefault(package, []).append(tool)
    found += [f"{' and '.join(names)}: apt-get install {package}" for package, names in tools.items()]
    if _mirror() is None:
        found.append("a Debian mirror: /etc/apt names none (is this Debian?)")
    if not found:
        tried = subprocess.run(
            ["unshare", "--mount", "--pid", "--net", "--uts", "--fork", "true"], capture_output=True, check=False
        )
        if tried.returncode:
            found.append(
                f"namespaces: unshare says {tried.stderr.decode().strip()!r} (a container without privileges?)"
            )
    return found


def _mirror() -> str | None:
    """The mirror of Debian that apt uses on this machine."""
    sources = [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]
    for path in sources:
        if path.is_file():
            for line in path.read_text("utf-8", "replace").splitlines():
                match = re.match(r"(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s*)?)(https?://\S+/debian)/?(?:\s|$)", line)
                if match:
                    return match[1]
    return None


def _run(command: Sequence[str], log: pathlib.Path, *, env: dict[str, str] | None = None) -> None:
    with log.open("ab") as output:
        output.write(f"+ {' '.join(command)}\n".encode())
        output.flush()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, check=False)
    if done.returncode:
        tail = log.read_text("utf-8", "replace").splitlines()[-5:]
        raise BuildError(f"{command[0]} ended with {done.returncode}; {log} has it all:\n  " + "\n  ".join(tail))


def _listens(address: str) -> bool:
    try:
        socket.create_connection((address, 25), timeout=1).close()
    except OSError:
        return False
    return True


class Machine:
    """The scratch directory, and what is built and run in it.

    `base/` is a minimal Debian, `built/<server>/` what installing the server adds, `run/<server>/` what its run adds;
    `run/` is made new each time.
    """

    def __init__(self, scratch: pathlib.Path) -> None:
        self.scratch = scratch
        self.logs = scratch / "logs"
        self._inner: dict[str, int] = {}

    # -- building

    def build(self, servers: Iterable[Server], *, jobs: int) -> dict[str, str]:
        """Make the roots that are not there yet. Returns the servers that failed, with the reason."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self._build_base()
        failed = {}
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            waiting = {pool.submit(self._install, server): server for server in servers}
            for done in concurrent.futures.as_completed(waiting):
                if error := done.exception():
                    if not isinstance(error, BuildError):
                        raise error
                    failed[waiting[done].name] = str(error)
        return failed

    def _build_base(self) -> None:
        base, mark, log = self.scratch / "base", self.scratch / "base.done", self.logs / "base.log"
        if mark.exists():
            return
        shutil.rmtree(base, ignore_errors=True)
        mirror = _mirror() or ""
        _run(["debootstrap", "--variant=minbase", f"--include={_BASE}", SUITE, str(base), mirror], log)
        (base / "etc/apt/sources.list").write_text(
            f"deb {mirror} {SUITE} main\ndeb {mirror} {SUITE}-updates main\n"
            f"deb {mirror}-security {SUITE}-security main\n"
        )
        # No package may start its server while it is installed.
        (base / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (base / "usr/sbin/policy-rc.d").chmod(0o755)
        for name in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
            shutil.copyfile(f"/{name}", base / name)
        _run(["chroot", str(base), "apt-get", "update", "-q"], log, env=_ENVIRONMENT)
        for name in PEOPLE:
            _run(["chroot", str(base), "useradd", "--create-home", "--shell", "/bin/bash", name], log, env=_ENVIRONMENT)
        mark.touch()

    def _install(self, server: Server) -> None:
        layer, log = self.scratch / "built" / server.name, self.logs / f"{server.name}.install.log"
        if self.is_built(server):
            return
        shutil.rmtree(layer, ignore_errors=True)
        log.unlink(missing_ok=True)
        root = self._overlay(layer, [self.scratch / "base"], log)
        (root / "etc/mailname").write_text(f"{server.host}\n")
        (root / "etc/hostname").write_text(f"{server.host}\n")
        (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {server.host}\n")
        _run(["mount", "-t", "proc", "proc", str(root / "proc")], log)
        (root / "root/answers").write_text(server.answers)
        inside = ["unshare", "--uts", "chroot", str(root), "/bin/bash", "-euc"]
        install = f"apt-get install -y -q --no-install-recommends {' '.join(server.packages)}; apt-get clean"
        answered = "debconf-set-selections /root/answers"
        _run([*inside, f"hostname {server.host}; {answered}; {install}"], log, env=_ENVIRONMENT)
        if server.prepare:
            _run([*inside, f"hostname {server.host}; cd /root; {server.prepare}"], log, env=_ENVIRONMENT)
        _run(["umount", str(root / "proc")], log)
        _run(["umount", str(root)], log)
        (layer / "done").touch()

    @staticmethod
    def _overlay(layer: pathlib.Path, below: Sequence[pathlib.Path], log: pathlib.Path) -> pathlib.Path:
        for name in ("changes", "work", "root"):
            (layer / name).mkdir(parents=True)
        options = f"lowerdir={':'.join(map(str, below))},upperdir={layer / 'changes'},workdir={layer / 'work'}"
        _run(["mount", "-t", "overlay", "overlay", "-o", options, str(layer / "root")], log)
        return layer / "root"

    def is_built(self, server: Server) -> bool:
        return (self.scratch / "built" / server.name / "done").exists()

    def version(self, server: Server, package: str) -> str:
        """The upstream version of a package in the server's root; what npm installed has it in its name."""
        if package.startswith("npm:"):
            return package.rpartition("@")[2]
        status = (self.scratch / "built" / server.name / "changes/var/lib/dpkg/status").read_text("utf-8")
        match = re.search(rf"(?ms)^Package: {re.escape(package)}\n.*?^Version: (\S+)", status)
        return re.split(r"[+~-]", re.sub(r"^\d+:", "", match[1]))[0] if match else "of an unknown version"

    # -- running

    def network(self, addresses: Iterable[str], servers: dict[str, str]) -> None:
        """A bridge with our own `addresses`, and a network for each of `servers` (name to address) on it."""
        shutil.rmtree(self.scratch / "run", ignore_errors=True)
        log = self.logs / "network.log"
        log.unlink(missing_ok=True)
        pathlib.Path("/run/netns").mkdir(parents=True, exist_ok=True)
        _run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], log)
        commands = ["link set lo up", "link add br0 type bridge", "link set br0 up"]
        commands += [f"addr add {address}/16 dev br0" for address in addresses]
        for name, address in servers.items():
            inside = f"-n {name}"
            commands += [
                f"netns add {name}",
                f"link add v-{name} type veth peer name eth0 netns {name}",
                f"link set v-{name} master br0 up",
                f"{inside} link set lo up",
                f"{inside} addr add {address}/16 dev eth0",
                f"{inside} link set eth0 up",
                # An address that nobody answers for: connections to it time out.
                f"{inside} neigh replace {DEAD} lladdr 02:00:00:00:00:08 dev eth0 nud permanent",
            ]
        for command in commands:
            _run(["ip", *command.split()], log)

    def start(self, servers: Sequence[Server], addresses: dict[str, str]) -> None:
        """Start the servers; returns when all are ready."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda server: self._start(server, addresses[server.name]), servers))

    def _start(self, server: Server, address: str) -> None:
        """Start a server in its root, its network and namespaces of its own; returns when it is ready."""
        log = self.logs / f"{server.name}.run.log"
        log.unlink(missing_ok=True)
        below = [self.scratch / "built" / server.name / "changes", self.scratch / "base"]
        root = self._overlay(self.scratch / "run" / server.name, below, log)
        files = {
            **server.files,
            "/etc/resolv.conf": f"nameserver {NAME_SERVER}\noptions timeout:2 attempts:1\n",
            "/etc/hosts": f"127.0.0.1 localhost\n{address} {server.host} mail\n",
            "/lab-start": f"hostname {server.host}\nmount -t proc proc /proc\n{_HELP}{server.start}\n{_READY}",
        }
        for name, text in files.items():
            path = root / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_text(text, "utf-8")
        self._log_device(root)
        namespaces = ["unshare", "--uts", "--ipc", "--pid", "--mount", "--fork", "--kill-child"]
        command = ["ip", "netns", "exec", server.name, *namespaces, "chroot", str(root), "/bin/bash", "/lab-start"]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**_ENVIRONMENT, "HOSTNAME": server.host},
            )
        deadline = time.monotonic() + 180
        while b"READY" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > deadline:
                raise BuildError(f"{server.title} does not start; see {log}")
            time.sleep(0.1)
        while not server.submit and not _listens(address):
            if time.monotonic() > deadline:
                raise BuildError(f"{server.title} does not listen; see {log}")
            time.sleep(0.1)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
        self._inner[server.name] = int(children.split()[0])

    @staticmethod
    def _log_device(root: pathlib.Path) -> None:
        """Stand in for syslog: /dev/log of a root goes to its /var/log/maillog."""
        device = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        directory = os.open(root / "dev", os.O_RDONLY | os.O_DIRECTORY)
        device.bind(f"/proc/self/fd/{directory}/log")
        (root / "dev/log").chmod(0o666)
        os.close(directory)

        def loop() -> None:
            with (root / "var/log/maillog").open("ab", buffering=0) as log:
                while True:
                    log.write(device.recv(1 << 16).rstrip(b"\n\0") + b"\n")

        threading.Thread(target=loop, daemon=True, name="syslog").start()

    def inside(self, server: str, command: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command in a server's root and namespaces, with `given` on its standard input."""
        target = ["nsenter", f"--target={self._inner[server]}", "--all", "--root", "--wd=/"]
        return subprocess.run([*target, *command], input=given, capture_output=True, env=_ENVIRONMENT, check=False)

    def mailbox(self, server: str, user: str) -> list[pathlib.Path]:
        """The messages in a user's Maildir, the oldest first."""
        maildir = self.scratch / "run" / server / "root/home" / user / "Maildir"
        found = [path for part in ("new", "cur") for path in maildir.glob(f"{part}/*")]
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)
