"""What lay in a mailbox before the desk began to read it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from office import envelope, facts, judge, mail

from maild.threads.plan import LetterKind


@pytest.mark.parametrize("backlog", [True, False])
def test_old_mail_becomes_a_ticket_that_nobody_acknowledges(backlog: bool) -> None:
    """Years of it may lie there; the agents are told of it, and why the customer was not."""
    plan = judge(mail(), facts(), by=replace(envelope(), backlog=backlog))
    kinds = [letter.kind for letter in plan.letters]
    assert (LetterKind.ACKNOWLEDGEMENT in kinds) is not backlog
    assert LetterKind.NOTIFICATION in kinds
    assert any("before the desk began" in event.detail for event in plan.events) is backlog
