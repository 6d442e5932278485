"""`maild dkim`: the DNS record that belongs to the key with which letters are signed."""

from __future__ import annotations

import click

from maild.cli.app import App
from maild.cli.output import json_option, report
from maild.errors import UsageError


@click.command()
@json_option
@click.pass_obj
def dkim(app: App) -> None:
    """The DNS record to publish for the key in [outgoing] dkim_key_file."""
    from maild.crypto.dkim import zone_line
    from maild.desk.assembly import make_signer

    signer = make_signer(app.settings)
    if signer is None:
        raise UsageError("[outgoing] has no dkim_domain, dkim_selector and dkim_key_file, so letters are not signed")
    name, text = signer.record()
    report(app.json, zone_line(name, text), name=name, type="TXT", value=text)
