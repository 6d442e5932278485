"""The budgets of acknowledgements: whose domain counts as whose, what is refused, when the breaker opens and closes."""

from __future__ import annotations

import pytest

from maild.threads.budget import BIG_DOMAINS, Breaker, Budgets, Spent, judge, organisation, storm_is_over

BUDGETS = Budgets(per_domain=3, per_big_domain=9, storm=10)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("a@customer.example", "customer.example"),
        ("a@x.y.customer.example", "customer.example"),
        ("a@Mail.RU", "mail.ru"),
        ("a@shop.co.uk", "shop.co.uk"),
        ("a@deep.shop.co.uk", "shop.co.uk"),
        ("a@deep.firm.com.ru", "firm.com.ru"),
        ("a@co.uk", "co.uk"),
        ("a@host", "host"),
        ("host.example.", "host.example"),
    ],
)
def test_names_below_a_domain_are_one(address: str, counted: str) -> None:
    """Whoever has a domain has as many names below it as he likes."""
    assert organisation(address) == counted


@pytest.mark.parametrize("domain", ["gmail.com", "yandex.ru", "mail.ru", "outlook.com", "yahoo.co.uk"])
def test_great_providers_are_known_under_the_name_they_are_counted_by(domain: str) -> None:
    """And their budget is the greater one."""
    assert Budgets().of_domain(organisation(f"a@{domain}")) == 300
    assert Budgets().of_domain("customer.example") == 30


def test_every_great_provider_is_listed_as_it_is_counted() -> None:
    """An entry that counts as something else would never be found."""
    assert {organisation(domain) for domain in BIG_DOMAINS} == BIG_DOMAINS


@pytest.mark.parametrize(
    ("spent", "refused", "breaker", "counts"),
    [
        (Spent(to_domain=0, wanted=0, stopped=False), None, Breaker.STAYS, True),
        (Spent(to_domain=2, wanted=9, stopped=False), None, Breaker.STAYS, True),
        (Spent(to_domain=3, wanted=0, stopped=False), "wanted enough", Breaker.STAYS, False),
        (Spent(to_domain=0, wanted=10, stopped=False), "stopped until", Breaker.OPENS, True),
        (Spent(to_domain=0, wanted=6, stopped=True), "are stopped", Breaker.STAYS, True),
        (Spent(to_domain=0, wanted=5, stopped=True), None, Breaker.CLOSES, True),
        (Spent(to_domain=3, wanted=10, stopped=False), "wanted enough", Breaker.STAYS, False),
    ],
)
def test_one_more_acknowledgement_is_judged(spent: Spent, refused: str | None, breaker: Breaker, counts: bool) -> None:
    """By what its domain had, by what was wanted over all, and by whether they are stopped."""
    verdict = judge(spent, BUDGETS, "customer.example")
    assert (verdict.breaker, verdict.counts) == (breaker, counts)
    assert verdict.refused is None if refused is None else refused in str(verdict.refused)


def test_the_breaker_closes_at_half_of_what_opens_it() -> None:
    """Or it would flutter."""
    assert [storm_is_over(wanted, BUDGETS) for wanted in (10, 6, 5, 0)] == [False, False, True, True]
