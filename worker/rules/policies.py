"""The policy table: how refills behave by country, each line with its source and the date it was read; only data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Policy = Literal["stacked", "paydown", "unknown"]


@dataclass(frozen=True, slots=True)
class CountryPolicy:
    """What a public source says of one country."""

    policy: Policy
    source: str
    read_on: str


_REFILLS: Final = "Stripe, Capital for platforms: Refills"

COUNTRIES: Final[Mapping[str, CountryPolicy]] = {
    "US": CountryPolicy("paydown", _REFILLS, "2026-11-02"),
    "AU": CountryPolicy("paydown", _REFILLS, "2026-11-02"),
    "GB": CountryPolicy("stacked", _REFILLS, "2026-11-02"),
    "FR": CountryPolicy("stacked", _REFILLS, "2026-11-02"),
    "DE": CountryPolicy("stacked", _REFILLS, "2026-11-02"),
    # Capital is offered in Canada, but no public source says how refills behave there.
    "CA": CountryPolicy("unknown", "not documented", "2026-11-02"),
}

# Who lends in which country, as the disclaimers' names say.
DISCLAIMERS: Final[Mapping[str, str]] = {
    "celtic_us_loan": "US",
    "youlend_us_mca": "US",
    "fundbox_au_financing": "AU",
    "fundbox_ca_financing": "CA",
    "youlend_de_financing": "DE",
    "youlend_fr_financing": "FR",
    "youlend_uk_mca": "GB",
}

# Capital lends in local currency, so a currency with one policy among its countries tells as much.
CURRENCIES: Final[Mapping[str, Policy]] = {"usd": "paydown", "aud": "paydown", "gbp": "stacked", "eur": "stacked"}
