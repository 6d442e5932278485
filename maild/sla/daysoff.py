"""A country's days off and moved working days: the only door to the `holidays` package, imported on first use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache


@dataclass(frozen=True, kw_only=True, slots=True)
class DaysOff:
    """One year of a country: days that are off, and days of a weekend that are worked instead of a moved day off."""

    off: frozenset[date]
    worked: frozenset[date]


def known_country(code: str) -> bool:
    """Whether days off are known for an ISO 3166 code: a country ("RU") or a part of one ("DE-BY")."""
    import holidays

    country, _, part = code.partition("-")
    supported: dict[str, list[str]] = holidays.list_supported_countries()
    return country in supported and (not part or part in supported[country])


@lru_cache(maxsize=512)
def days_off(code: str, year: int) -> DaysOff:
    """The days off of one year; ValueError where nothing is known of the country.

    The years around it are read too, since a decree may move a day off across New Year.
    """
    import holidays

    country, _, part = code.partition("-")
    if not known_country(code):
        raise ValueError(f"no holidays are known for {code!r}: an ISO 3166 code such as RU, DE or DE-BY is meant")
    book = holidays.country_holidays(country, subdiv=part or None, years=(year - 1, year, year + 1))
    return DaysOff(
        off=frozenset(day for day in book if day.year == year),
        worked=frozenset(day for day in book.weekend_workdays if day.year == year),
    )
