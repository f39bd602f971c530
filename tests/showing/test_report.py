"""What a support person reads, from hand-made rows."""

import io
import json
from collections.abc import Sequence

import pytest
from rich.console import Console

from worker.showing.assembling import document_of
from worker.showing.report import report

from .rows import ACCOUNT, OFFER, OTHER, Row, account, at, event, hold, milestone, offer, parked, tables, told


def printed(*, terminal: bool, **rows: Sequence[Row]) -> str:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=terminal, markup=False, emoji=False, highlight=False)
    console.print(report(document_of(ACCOUNT, tables(**rows))))
    return out.getvalue()


def text_of(**rows: Sequence[Row]) -> str:
    return printed(terminal=False, **rows)


def lines_of(**rows: Sequence[Row]) -> list[str]:
    return [line.rstrip() for line in text_of(**rows).splitlines()]


def test_each_record_is_a_line_with_what_came_of_it_below() -> None:
    lines = lines_of(
        event=[
            event(1, "financing_offer.accepted", id="evt_1DjUT0rGrbwY4CZ8W7QIrtMu"),
            event(13, "financing_offer.created", id="evt_1Goxgr26Q7odBNt0ZuIfVuz1", repeats=2),
            event(14, "financing_offer.paid_out", id="evt_1bbzCWoQYt36CCkG8QtfcvL6"),
            event(15, "financing_offer.created", id="evt_1JpMkisZYJ3vNLozHX0Ca8uu"),
            event(16, "financing_offer.teleported", id="evt_1dO4kvMJ9xok9EkKw7aEdLO3"),
        ],
        outbox=[
            told(1, 13, "created", causation_id="evt_1Goxgr26Q7odBNt0ZuIfVuz1"),
            told(2, 13, "accepted", causation_id="evt_1Goxgr26Q7odBNt0ZuIfVuz1"),
        ],
        held=[hold("paid_out", f"{OTHER}:fully_repaid", gate="G2")],
    )
    start = lines.index("2026-11-23")
    assert lines[start + 1 : start + 12] == [
        "16:10:13  2025-05-07 06:28:14  evt_1DjUT0rGrbwY4CZ8W7QIrtMu  offer.accepted …0dFNmL0",
        "          held, released later by …uIfVuz1 as #2",
        "16:10:25  2025-05-07 06:28:14  evt_1Goxgr26Q7odBNt0ZuIfVuz1  offer.created …0dFNmL0, came 3 times",
        "          #1 offer.created",
        "          #2 offer.accepted  held for 12 s",
        "16:10:26  2025-05-07 06:28:14  evt_1bbzCWoQYt36CCkG8QtfcvL6  offer.paid_out …0dFNmL0",
        "          held: paid_out waits for fully_repaid of …bBlMaFF",
        "16:10:27  2025-05-07 06:28:14  evt_1JpMkisZYJ3vNLozHX0Ca8uu  offer.created …0dFNmL0",
        "          nothing new: released before as #1",
        "16:10:28  2025-05-07 06:28:14  evt_1dO4kvMJ9xok9EkKw7aEdLO3  offer.teleported …0dFNmL0",
        "          nothing to tell",
    ]


@pytest.mark.parametrize(
    ("kind", "said", "line"),
    [
        (
            "observation.failed",
            {"kind": "summary", "subject": "", "reason": "there is no API key for this mode"},
            "no answer about the summary: there is no API key for this mode",
        ),
        ("observation.offer", {"offer": OFFER, "shown": None}, "the offer …0dFNmL0 does not exist"),
        (
            "observation.offer",
            {"offer": OFFER, "shown": {"status": "paid_out"}},
            "the offer …0dFNmL0 has status paid_out",
        ),
        (
            "observation.survey",
            {"chunk": 1, "of": 2, "country": "GB", "offers": [1]},
            "page 1 of 2: country GB, 1 offers",
        ),
        ("observation.summary", {"shown": None}, "there is no summary"),
        ("command.redrive", {"reason": "fixed", "record_offset": None}, "what is parked is applied: fixed"),
        ("command.discard", {"reason": "junk", "record_offset": 7}, "the record at offset 7 is dropped: junk"),
        ("observation.weather", {"rain": True}, "nothing to tell"),
    ],
)
def test_answers_and_commands_say_what_they_said(kind: str, said: Row, line: str) -> None:
    body = json.dumps({"data": {"object": said}}).encode()
    assert f"          {line}" in lines_of(event=[event(1, kind, None, body=body)])


def test_each_day_of_arrival_has_a_heading() -> None:
    rows = [event(1, "financing_offer.created"), event(2, "financing_offer.expired", arrived_at=at(86_400 * 3))]
    lines = lines_of(event=rows)
    assert [line for line in lines if line.startswith("2026-")] == ["2026-11-23", "2026-11-26"]


def test_a_late_release_with_a_gap_says_so() -> None:
    data = milestone("paid_out", late=True, gap=[f"{OFFER}:accepted"], basis="api")
    text = " ".join(
        text_of(event=[event(1, "financing_offer.paid_out")], outbox=[told(1, 1, "paid_out", data=data)]).split()
    )
    assert "late: the status stays as it is, gap: accepted could not be proven, known from Stripe's API" in text


def test_a_quarantine_is_said_at_the_head_and_at_its_record() -> None:
    lines = lines_of(parked=[parked(1, "data.object.expires_after: too large", b"{}"), parked(2, None, b"{}")])
    assert lines[2] == "QUARANTINED since 2026-11-23 16:10:13 by evt_1"
    assert lines[3] == "  data.object.expires_after: too large"
    assert lines[4].startswith("  Nothing after it is applied. 1 record waits behind it")
    assert "          quarantined: data.object.expires_after: too large" in lines
    assert "          waits behind the quarantined record" in lines


def test_what_is_held_says_what_opens_it_and_when_stripe_is_asked() -> None:
    text = text_of(held=[hold("accepted", f"{OFFER}:created"), hold("paid_out", "survey", gate="G9", until=None)])
    assert "Held now" in text
    assert "G1: within an offer, one step rests on another" in text
    assert "16:11:12" in text
    assert "Stripe's answer" in text
    assert "G9: not known here" in text


def test_offers_show_terms_policy_original_and_discount() -> None:
    link = {
        "livemode": True,
        "refill": OFFER,
        "original": OTHER,
        "method": "only_candidate",
        "confidence": "inferred",
        "evidence": [],
        "revision": 1,
    }
    refill = offer(discount_state="settled", discount_amount=1_234, product_type="refill", status="paid_out")
    text = text_of(offer=[refill, offer(identity=OTHER)], refill_link=[link])
    assert OFFER in text
    assert "refill, flex_loan" in text
    assert "offered 1,000.00 + 100.00 usd at 15%" in text
    assert "accepted 800.00 + 80.00 usd at 15%" in text
    assert "refills …bBlMaFF (only_candidate, inferred)" in text
    assert "policy paydown, discount settled 12.34 usd" in text
    assert "policy paydown, no refill" in text


def test_a_line_that_is_too_long_goes_on_under_its_last_part() -> None:
    rows = [event(1, "financing_offer.accepted_other_offer", id="evt_1DjUT0rGrbwY4CZ8W7QIrtMu", repeats=1)]
    lines = lines_of(event=rows)
    head = "16:10:13  2025-05-07 06:28:14  evt_1DjUT0rGrbwY4CZ8W7QIrtMu  "
    first = lines.index(f"{head}offer.accepted_other_offer …0dFNmL0,")
    assert lines[first + 1] == f"{'':{len(head)}}came 2 times"


def test_no_line_is_wider_than_100_columns_and_no_id_is_cut() -> None:
    text = text_of(
        event=[event(1, "financing_offer.accepted_other_offer", id="evt_1DjUT0rGrbwY4CZ8W7QIrtMu", repeats=1)],
        offer=[offer(status="accepted_other_offer", offered_advance_amount=99_999_999_999)],
    )
    assert max(map(len, text.splitlines())) <= 100
    assert OFFER in text


def test_at_no_terminal_there_is_no_colour_and_at_one_there_is() -> None:
    rows = [event(1, "financing_offer.created")]
    assert "\x1b" not in printed(terminal=False, event=rows)
    assert "\x1b[" in printed(terminal=True, event=rows)


def test_what_the_account_is_known_by_stands_at_the_head() -> None:
    row = account(
        sequence=3,
        country="GB",
        policy="stacked",
        policy_source="country",
        withheld_offer_id=OFFER,
        withhold_rate="0.1",
    )
    lines = lines_of(account=[row])
    assert lines[0].startswith(f"{ACCOUNT}  live ──")
    assert lines[1] == "0 records · last notification #3 · nothing held"
    assert lines[2] == "country GB · policy stacked, known by country · 10% withheld for …0dFNmL0"
