"""What letters to agents take from the store: the mail as it came, and the customer's other tickets."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from office import ANNA, MINT, NOW, eml, ticket
from store.pieces import arrival, desk, handle_all, plan, raw_arrival, save
from store.test_store_tickets import gather

from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.store.keep import Keep
from maild.store.tables import inbox_raw
from maild.threads.model import Status


def asked_for(keep: Keep) -> bytes:
    """The letter that Anna gets for `/raw`."""
    address = MINT.address(Purpose.AGENT, 1001, ANNA.id)
    order = eml("/raw", sender=ANNA.address, to=address, message_id="<raw@desk.example>")
    keep.inbox.add([raw_arrival(order, sender=ANNA.address, recipients=(address,), login="anna")])
    handle_all(desk(keep))
    last = keep.outbox.listing()[-1]
    assert last["kind"] == "transcript"
    return keep.outbox.raw(last["id"])


def test_raw_puts_the_bytes_that_came_into_the_letter(keep: Keep) -> None:
    """They are in no table but the inbox's, and go out as they lie there."""
    keep.inbox.add([arrival()])
    handle_all(desk(keep))
    came = keep.inbox.raw(1)
    letter = asked_for(keep)
    assert came in letter
    assert [a.filename for a in read_mail(letter, is_own=lambda _: False).attachments] == ["SUP-1001-1.eml"]


def test_a_mail_whose_bytes_are_kept_no_longer_is_named(keep: Keep) -> None:
    """Instead of a letter that promises what is not there."""
    keep.inbox.add([arrival()])
    handle_all(desk(keep))
    with keep.database.write() as connection:
        connection.execute(sa.update(inbox_raw).values(raw=b""))
    mail = read_mail(asked_for(keep), is_own=lambda _: False)
    assert mail.attachments == ()
    assert "Больше не хранится, поэтому не приложено: SUP-1001-1.eml" in mail.text


def test_the_customers_other_tickets_come_along_newest_first(keep: Keep) -> None:
    """His own, neither spam nor merged; one more than is shown, since the one at hand may be among them."""
    for number in range(1001, 1010):
        save(keep, plan(number, ticket=ticket(number, updated_at=NOW - timedelta(hours=number))))
    save(keep, plan(1010, ticket=ticket(1010, status=Status.SPAM)))
    save(keep, plan(1011, ticket=ticket(1011, requester="eve@stranger.example")))
    earlier = gather(keep, message_id="<n@x.example>").earlier
    assert [one.id for one in earlier] == [1009, 1008, 1007, 1006, 1005, 1004]
    assert earlier[0].at == NOW - timedelta(hours=1009)
    assert gather(keep, message_id="<n@x.example>", Precedence="bulk").earlier == ()
    assert gather(keep, message_id="<n@x.example>", sender=ANNA.address).earlier == ()
