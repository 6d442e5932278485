"""A country's days off and moved working days: the only door to the `holidays` package, imported on first use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase


@dataclass(frozen=True, kw_only=True, slots=True)
class DaysOff:
    """One year of a country: days that are off, and days of a weekend that are worked instead of a moved day off."""

    off: frozenset[date]
    worked: frozenset[date]


def known_country(code: str) -> bool:
    """Whether days off are known for an ISO 3166 code: a country ("RU") or a part of one ("DE-BY")."""
    country, _, part = code.partition("-")
    found = _country_class(country)
    return found is not None and (not part or part in found.subdivisions)


@lru_cache(maxsize=64)
def _country_class(country: str) -> type[HolidayBase] | None:
    """The package's class for a country, out of that country's file alone.

    Asked for by its name it would come with the files of all 250 countries, which is a tenth of what `maild ingest` may
    cost, once a mail.
    """
    import holidays
    from holidays.registry import COUNTRIES

    module, entity = next(((m, codes[0]) for m, codes in COUNTRIES.items() if country in codes[1:]), ("", ""))
    spec = spec_from_file_location(f"{__name__}.{module}", f"{holidays.__path__[0]}/countries/{module}.py")
    if not module or spec is None or spec.loader is None:
        return None
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    found: type[HolidayBase] = getattr(loaded, entity)
    return found


@lru_cache(maxsize=512)
def days_off(code: str, year: int) -> DaysOff:
    """The days off of one year; ValueError where nothing is known of the country.

    The years around it are read too, since a decree may move a day off across New Year.
    """
    country, _, part = code.partition("-")
    found = _country_class(country) if known_country(code) else None
    if found is None:
        raise ValueError(f"no holidays are known for {code!r}: an ISO 3166 code such as RU, DE or DE-BY is meant")
    book = found(subdiv=part or None, years=(year - 1, year, year + 1))
    return DaysOff(
        off=frozenset(day for day in book if day.year == year),
        worked=frozenset(day for day in book.weekend_workdays if day.year == year),
    )
