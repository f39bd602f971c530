"""The live view, line by line."""

import io
import json

from rich.console import Console

from worker.ports import Record
from worker.showing.live import Delivery, Hold, LiveView
from worker.showing.notification import Notification

from .rows import ACCOUNT, OFFER, OTHER, START, Row, milestone


class Clock:
    def now(self) -> float:
        return START.timestamp()

    def monotonic(self) -> float:
        return 0


def view_on(out: io.StringIO, *, terminal: bool = False) -> LiveView:
    console = Console(file=out, width=100, force_terminal=terminal, markup=False, emoji=False, highlight=False)
    return LiveView(console, Clock())


def delivery(
    *, account: str = ACCOUNT, livemode: bool = True, copy: int = 1, accepted: bool = True, answer: str = "200"
) -> Delivery:
    return Delivery(account, livemode, "capital.financing_offer.created", OFFER, copy, accepted, answer)


def attention(detail: str) -> Notification:
    return notification("account.attention", {"reason": "conflict", "subject": OFFER, "detail": detail})


def notification(kind: str, data: Row, step: str = "x") -> Notification:
    return Notification(
        id=f"live:{OFFER}:{step}",
        type=f"capital.{kind}.v1",
        account=ACCOUNT,
        livemode=True,
        sequence=3,
        subject=OFFER,
        data=data,
    )


def hold(*missing: str) -> Hold:
    return Hold(account=ACCOUNT, livemode=True, offer=OFFER, milestone="paid_out", waiting_for=missing)


def test_deliveries_holds_and_notifications_are_a_line_each() -> None:
    out = io.StringIO()
    view = view_on(out)
    view.delivered(delivery())
    view.delivered(delivery(copy=2, livemode=False))
    view.delivered(delivery(accepted=False, answer="503"))
    view.held(hold(f"{OFFER}:accepted", f"{OTHER}:fully_repaid"))
    view.told(notification("offer.created", milestone("created", late=True)))
    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        f"16:10:12  {ACCOUNT}  delivered  offer.created         …0dFNmL0  200",
        f"16:10:12  {ACCOUNT}  delivered  offer.created         …0dFNmL0  test mode  200, copy 2",
        f"16:10:12  {ACCOUNT}  refused    offer.created         …0dFNmL0  503",
        f"16:10:12  {ACCOUNT}  held       offer.paid_out        …0dFNmL0  for accepted and fully_repaid of …bBlMaFF",
        f"16:10:12  {ACCOUNT}  told #3    offer.created         …0dFNmL0  late: the status stays as it is",
    ]


def test_what_was_held_says_so_once_when_it_is_told() -> None:
    out = io.StringIO()
    view = view_on(out)
    view.held(hold(f"{OFFER}:accepted"))
    view.told(notification("offer.paid_out", milestone("paid_out"), step="paid_out"))
    view.told(notification("offer.paid_out", milestone("paid_out"), step="paid_out"))
    _, first, again = (line.rstrip() for line in out.getvalue().splitlines())
    assert first.endswith("…0dFNmL0  was held")
    assert again.endswith("…0dFNmL0")


def test_at_a_terminal_a_line_is_cut_but_never_what_needs_attention() -> None:
    out = io.StringIO()
    view = view_on(out, terminal=True)
    view.held(hold(*[f"{OFFER}:accepted"] * 9))
    assert len(out.getvalue().splitlines()) == 1
    view.told(attention("word " * 40))
    assert out.getvalue().count("word") == 40


def test_each_account_has_a_colour_of_its_own() -> None:
    out = io.StringIO()
    view = view_on(out, terminal=True)
    for account in ("acct_1", "acct_2", "acct_1"):
        view.delivered(delivery(account=account))
    first, second, third = (line.split("acct_")[0] for line in out.getvalue().splitlines())
    assert first == third != second


def test_a_notification_is_read_from_its_headers_and_value() -> None:
    headers = {
        "ce_id": "live:offer:created",
        "ce_type": "capital.offer.created.v1",
        "ce_partitionkey": ACCOUNT,
        "ce_livemode": "false",
        "ce_sequence": "0000000042",
        "ce_subject": OFFER,
    }
    encoded = tuple((name, value.encode()) for name, value in headers.items())
    told = Notification.of(Record(0, 0, 0, b"", json.dumps({"late": True}).encode(), encoded))
    assert (told.id, told.account, told.livemode, told.sequence) == ("live:offer:created", ACCOUNT, False, 42)
    assert told.data == {"late": True}
