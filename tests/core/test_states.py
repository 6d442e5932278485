"""The ticket's state table, walked in full."""

import pytest

from maild.threads.model import Status
from maild.threads.states import Happening, NotPossibleError, after, can

S, H = Status, Happening
# What the desk promises, row by row: happening, then every status it leads to from new, open, pending, hold, solved,
# closed, spam, merged; "-": it cannot happen.
PROMISED = {
    H.CUSTOMER_REPLY: "open open open open open - spam -",
    H.AUTOMATIC_MAIL: "new open pending hold solved closed spam merged",
    H.ANSWER: "pending pending pending pending pending pending pending -",
    H.NOTE: "new open pending hold solved closed spam merged",
    H.PENDING: "pending pending pending pending pending pending - -",
    H.HOLD: "hold hold hold hold hold hold - -",
    H.SOLVE: "solved solved solved solved solved solved - -",
    H.CLOSE: "closed closed closed closed closed closed closed -",
    H.REOPEN: "- - open open open open open -",
    H.UNDELIVERED: "open open open open open open spam merged",
    H.SILENCE: "- - - - closed - - -",
    H.SPAM: "spam spam spam spam spam spam spam -",
    H.WAKE: "- - open open - - - -",
}
CASES = [
    (status, happening, word)
    for happening, row in PROMISED.items()
    for status, word in zip(Status, row.split(), strict=True)
]


@pytest.mark.parametrize(("status", "happening", "word"), CASES)
def test_every_happening_in_every_status_leads_where_it_is_promised(status: S, happening: H, word: str) -> None:
    """Each cell of the table, and nothing outside it."""
    assert can(status, happening) is (word != "-")
    if word == "-":
        with pytest.raises(NotPossibleError, match=str(status)):
            after(status, happening)
    else:
        assert word == after(status, happening)


def test_the_walk_is_complete() -> None:
    """No status and no happening is left out of the promise."""
    assert len(Status) * len(Happening) == len(CASES)
