"""A real Dovecot 2.3 for tests: started in a folder of its own on free ports, without root's rights, and thrown away.

It speaks IMAP with STARTTLS, IMAPS and LMTP on 127.0.0.1; every user exists, the password is "secret".
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imapclient
import pytest
import trustme
from daemon import HOST, free_port

PASSWORD, USER = "secret", "help"
ROOT = os.geteuid() == 0
ACCOUNT = "nobody" if ROOT else pwd.getpwuid(os.geteuid()).pw_name
GROUP = grp.getgrgid(pwd.getpwnam(ACCOUNT).pw_gid).gr_name
NEEDED = "apt-get install dovecot-imapd dovecot-lmtpd"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = {account}
default_internal_group = {group}
default_login_user = {account}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
auth_failure_delay = 0
auth_mechanisms = plain
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
passdb {{
  driver = static
  mechanisms = plain none
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={account} gid={group} home={folder}/mail/%u
}}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
{more}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server."""

    folder: Path
    imap: int
    imaps: int
    lmtp: int
    ca_file: Path
    process: subprocess.Popen[bytes]

    def deliver(self, raw: bytes, sender: str = "ivan@customers.test", user: str = USER) -> None:
        """Hand a mail over as a mail server does: with Return-Path and Delivered-To on top."""
        with smtplib.LMTP(HOST, self.lmtp) as smtp:
            smtp.sendmail(sender, [user], raw)

    @contextmanager
    def person(self, user: str = USER) -> Iterator[Any]:
        """Somebody else with a mail client on the same mailbox."""
        with imapclient.IMAPClient(HOST, self.imap, ssl=False, timeout=40) as client:
            client.normalise_times = False
            client.login(user, PASSWORD)
            yield client

    def append(self, *mails: bytes, folder: str = "INBOX", user: str = USER) -> None:
        """Put mails into a folder as they are."""
        with self.person(user) as client:
            for raw in mails:
                client.append(folder, raw)

    def flags(self, folder: str = "INBOX", user: str = USER) -> dict[int, set[bytes]]:
        """The flags of every mail but the one that says "recent"."""
        with self.person(user) as client:
            client.select_folder(folder, readonly=True)
            return {uid: set(flags) - {rb"\Recent"} for uid, flags in client.get_flags(client.search()).items()}

    def sessions(self) -> list[int]:
        """The process ids of the IMAP sessions of this server: children of its master process."""
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                name, _, rest = status.read_text().partition("(")[2].rpartition(")")
                if name == "imap" and int(rest.split()[1]) == self.process.pid:
                    found.append(int(status.parent.name))
        return found

    def kill_sessions(self) -> None:
        """SIGKILL to every IMAP session, if it has not just ended by itself."""
        for session in self.sessions():
            with suppress(ProcessLookupError):
                os.kill(session, signal.SIGKILL)

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to every process of this server, which leads a process group of its own."""
        os.killpg(self.process.pid, number)


@contextmanager
def dovecot(
    more: str = "", separator: str = "/", prefix: str = "", files: Mapping[str, str] | None = None
) -> Iterator[Dovecot]:
    """A server with some settings and files more; FOLDER in the settings is where the files lie.

    Skips the test where Dovecot is not installed, or fails it as CI wants.
    """
    binary = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binary is None or not Path("/usr/lib/dovecot/lmtp").exists():
        (pytest.fail if os.environ.get("MAILD_ALL_PARTS") else pytest.skip)(f"Dovecot is missing: {NEEDED}")
    # Not under pytest's folder, which only its owner may enter; and the paths of sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="maild-imap-"))
    ports = {name: free_port() for name in ("imap", "imaps", "lmtp")}
    process = None
    try:
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        parts = {"more": more.replace("FOLDER", str(folder)), "separator": separator, "prefix": prefix}
        ca_file = _prepare(folder, **parts, **ports)
        process = _start(binary, folder, list(ports.values()))
        yield Dovecot(folder=folder, ca_file=ca_file, process=process, **ports)
    finally:
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, **parts: object) -> Path:
    folder.chmod(0o755)
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    cert = authority.issue_cert("localhost", HOST)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    cert.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    cert.private_key_pem.write_to_path(folder / "key.pem")
    text = CONFIG.format(folder=folder, account=ACCOUNT, group=GROUP, password=PASSWORD, **parts)
    (folder / "dovecot.conf").write_text(text)
    for name in ("run", "state", "mail"):
        (folder / name).mkdir()
    if ROOT:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, ACCOUNT, GROUP)
    return folder / "ca.pem"


def _start(binary: str, folder: Path, ports: list[int]) -> subprocess.Popen[bytes]:
    account: dict[str, Any] = {"user": ACCOUNT, "group": GROUP, "extra_groups": []} if ROOT else {}
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [binary, "-F", "-c", str(folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            **account,
        )
    deadline = time.monotonic() + 60
    for port in ports:
        while True:
            with suppress(OSError):
                socket.create_connection((HOST, port), 1).close()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                logs = [p.read_text(errors="replace") for p in (folder / "out", folder / "dovecot.log") if p.exists()]
                raise RuntimeError("Dovecot did not start:\n" + "\n".join(logs))
            time.sleep(0.01)
    return process
