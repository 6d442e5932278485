"""A real Postfix for tests: in a folder of its own on free ports, with no way out of this machine, and thrown away.

It is set up as the mail server of desk.example: one port for the world, one for people who log in. What a client wrote
as Authentication-Results is taken out on both; on the second one Postfix then says who has logged in.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from daemon import HOST, free_port
from parts import need

NAME = "mx.desk.example"

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {name}
mydestination =
alias_maps =
alias_database =
mynetworks = [::1]/128
relay_domains = static:all
recipient_delimiter = +
transport_maps = regexp:{folder}/etc/transport
default_transport = error:5.0.0 no route
relay_transport = error:5.0.0 no route
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
lmtp_destination_recipient_limit = 1
biff = no
smtpd_relay_restrictions = permit_auth_destination, permit_sasl_authenticated, reject
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_tls_security_level = none
smtp_tls_security_level = none
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
header_checks = regexp:{folder}/etc/headers
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
    -o smtpd_sasl_auth_enable=yes
    -o smtpd_recipient_restrictions=check_sasl_access,regexp:{folder}/etc/logins,permit_sasl_authenticated,reject
    -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
postlog unix-dgram n - n - 1 postlogd
"""
SERVICES = """pickup n 60 1 pickup|cleanup n - 0 cleanup|qmgr n 1 1 qmgr|tlsmgr - 1000? 1 tlsmgr|anvil - - 1 anvil
scache - - 1 scache|flush n 1000? 0 flush|showq n - - showq|rewrite - - - trivial-rewrite|bounce - - 0 bounce
defer - - 0 bounce|trace - - 0 bounce|smtp - - - smtp|relay - - - smtp|lmtp - - - lmtp|error - - - error
retry - - - error|proxymap - - - proxymap"""
# What a client wrote goes; what Postfix itself wrote of a login becomes the field that maild reads.
HEADERS = """/^Authentication-Results:/ IGNORE
/^X-Submitted-By: ([a-z0-9.@-]+)$/ REPLACE Authentication-Results: {name}; auth=pass smtp.auth=$1
"""
LOGINS = "/^([a-z0-9.@-]+)$/ PREPEND X-Submitted-By: $1\n"


@dataclass(frozen=True)
class Postfix:
    """The running server."""

    port: int
    submission: int
    folder: Path

    def log(self) -> str:
        """What it did."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""


@contextmanager
def postfix(routes: Mapping[str, str], auth: int) -> Iterator[Postfix]:
    """A server with a next hop for each pattern of recipients; `auth` is the port of Dovecot's login service.

    Skips the test where Postfix is missing, or where its master, which insists on root, cannot be started.
    """
    need("postconf")
    if os.geteuid() != 0:
        pytest.skip("Postfix' master runs as root only")
    folder = Path(tempfile.mkdtemp(prefix="maild-mta-"))
    running = Postfix(port=free_port(), submission=free_port(), folder=folder)
    process = None
    try:
        _prepare(running, routes, auth)
        process = _start(running)
        yield running
    finally:
        if process is not None:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(running: Postfix, routes: Mapping[str, str], auth: int) -> None:
    folder = running.folder
    folder.chmod(0o755)
    for name in ("etc", "data", "spool"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    # What `postfix check` would make, and takes two seconds for.
    for name in [
        "active",
        "bounce",
        "corrupt",
        "defer",
        "deferred",
        "flush",
        "hold",
        "incoming",
        "private",
        "saved",
        "trace",
        "pid",
    ]:
        (folder / "spool" / name).mkdir(mode=0o755 if name == "pid" else 0o700)
        shutil.chown(folder / "spool" / name, "root" if name == "pid" else "postfix")
    for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
        (folder / "spool" / name).mkdir()
        shutil.chown(folder / "spool" / name, "postfix", "postdrop")
        (folder / "spool" / name).chmod(mode)
    values = {"folder": folder, "name": NAME, "auth": auth, "port": running.port, "submission": running.submission}
    services = SERVICES.replace("\n", "|").split("|")
    master = "".join("{} unix {} - n {} {} {}\n".format(*service.split()) for service in services)
    files = {
        "main.cf": MAIN.format(**values),
        "master.cf": master + MASTER.format(**values).lstrip(),
        "headers": HEADERS.format(name=NAME),
        "logins": LOGINS,
        "transport": "".join(f"/{pattern}/ {hop}\n" for pattern, hop in routes.items()),
    }
    for name, text in files.items():
        (folder / "etc" / name).write_text(text.lstrip())
        # Postfix waits until a file is two seconds old.
        os.utime(folder / "etc" / name, (time.time() - 60,) * 2)


def _start(running: Postfix) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        ["/usr/lib/postfix/sbin/master", "-c", str(running.folder / "etc"), "-d"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    for port in (running.port, running.submission):
        while True:
            with suppress(OSError):
                socket.create_connection((HOST, port), 1).close()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Postfix did not start: {running.log()}")
            time.sleep(0.01)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
            return
