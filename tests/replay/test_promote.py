import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.journeys.system import System
from tests.journeys.webhooks import offer_event
from tests.journeys.worlds import WITHOUT_LOOKUPS
from tests.replay import bugs
from tests.replay.living import ACCOUNTS, Commands, Said, append, history, publishing
from worker.replay.request import Request
from worker.replaying import opening
from worker.replaying.promoting import Promoter
from worker.replaying.proposing import Proposal
from worker.simulator.events import Event
from worker.simulator.oracle import judge
from worker.simulator.world import World

REFUSED, DIFFERENT = 1, 3
CANCELED = "capital.financing_offer.canceled"


def event(body: bytes) -> Event:
    read = json.loads(body)
    shown = read["data"]["object"]
    return Event(read["id"], read["type"], shown["account"], read["livemode"], read["created"], shown.get("id"), body)


async def live(system: System, events: Sequence[Event], first: int = 0) -> None:
    """Have lanes take and publish these events, by the rules of the moment."""
    await append(system, events, first)
    async with publishing(system):
        await system.caught_up()


async def deaf(system: System, events: Sequence[Event]) -> None:
    """A live system that took these events by rules that did not understand cancellations."""
    await system.prepare()
    with pytest.MonkeyPatch.context() as patch:
        bugs.deaf_to_cancellations(patch)
        await live(system, events)


def canceled(account: str = "acct_1") -> list[Event]:
    """An account whose one offer was canceled."""
    shown: dict[str, Any] = {"account": account, "accepted_terms": {"currency": "usd"}}
    return [
        event(offer_event(f"evt_{account}_1", account=account)),
        event(offer_event(f"evt_{account}_2", "accepted", status="accepted", **shown)),
        event(offer_event(f"evt_{account}_3", "canceled", status="canceled", **shown)),
    ]


async def promote(commands: Commands, *arguments: str) -> Said:
    return await commands.run("replay", "promote", "--name", "all", *arguments)


async def test_a_wrong_rule_is_found_repaired_and_only_what_was_missing_is_told(
    system: System, commands: Commands
) -> None:
    world = World(seed=31, accounts=ACCOUNTS, kinds=WITHOUT_LOOKUPS)
    await deaf(system, history(seed=31))
    wrong = {(one.livemode, one.account) for one in world.events() if one.type == CANCELED}
    before = await system.notifications()
    found = await commands.replay("--from-beginning")
    assert found.status == DIFFERENT
    assert {(one["livemode"], one["account"]) for one in found.differences} == wrong

    async with publishing(system):
        done = await promote(commands, "--accept", str(len(wrong)), "--emit", "missing", "--json")
        assert (done.status, done.err) == (0, ""), done.out
    told = await system.notifications()
    assert judge([one.told for one in told], world.expected) == []
    sent = [identity for one in done.lines for identity in one["sent"]]
    new = {one.id for one in told} - {one.id for one in before}
    assert {one.partition(":")[2] for one in new} == set(sent)
    assert len(new) == len(sent) == len(told) - len(before)
    again = await commands.replay("--from-beginning")
    assert (again.status, again.differences) == (0, []), again.out[-3_000:]
    assert again.compared["accounts_promoted"] == len(wrong)


async def test_after_a_promotion_every_range_is_replayed_without_a_difference(
    system: System, commands: Commands
) -> None:
    await deaf(system, [*canceled("acct_1"), *canceled("acct_2")])
    await commands.replay("--from-beginning")
    async with publishing(system):
        assert (await promote(commands, "--accept", "2", "--emit", "missing")).status == 0
        await append(system, canceled("acct_3"), first=6)
        await system.caught_up()
    rows = await system.rows("SELECT partition, record_offset FROM event ORDER BY partition, record_offset")
    for partition, offset in rows:
        done = await commands.replay("--from-offset", f"{partition}:{offset}")
        assert (done.status, done.differences) == (0, []), (partition, offset, done.out[-2_000:], done.err)


async def test_what_was_told_before_a_promotion_is_explained_only_as_it_was_then(
    system: System, commands: Commands
) -> None:
    await deaf(system, canceled())
    await commands.replay("--from-beginning")
    async with publishing(system):
        assert (await promote(commands, "--accept", "1")).status == 0
    await system.rows("UPDATE outbox SET value = '{}' WHERE id LIKE '%:created'")
    done = await commands.replay("--from-beginning")
    assert done.status == DIFFERENT
    assert done.compared["accounts_promoted"] == 0
    assert "live:financingoffer_acct_1:created" in {one["key"] for one in done.differences}


async def test_without_emission_what_is_missing_is_named_and_can_be_told_later(
    system: System, commands: Commands
) -> None:
    await deaf(system, canceled())
    await commands.replay("--from-beginning")
    async with publishing(system):
        done = await promote(commands, "--accept", "1", "--reason", "deaf", "--json")
        (one,) = done.lines
        assert (one["sent"], one["not_sent"]) == ([], ["financingoffer_acct_1:canceled"])
        assert await system.rows("SELECT status FROM offer") == [("canceled",)]
        assert [told.id for told in await system.notifications()][-1] == "live:financingoffer_acct_1:accepted"
        # A new replay finds nothing wrong with it any more, so that it has to be named.
        replayed = await commands.replay("--from-beginning", "--keep")
        assert replayed.status == 0
        assert replayed.promotions[0]["never_told"] == ["live:financingoffer_acct_1:canceled"]
        done = await promote(commands, "--account", "acct_1", "--emit", "missing", "--json")
        assert (done.status, done.lines[0]["sent"]) == (0, ["financingoffer_acct_1:canceled"])
    assert [told.id for told in await system.notifications()][-1] == "live:financingoffer_acct_1:canceled"
    again = await commands.replay("--from-beginning")
    assert (again.status, again.promotions[0]["never_told"]) == (0, []), again.out
    said = await system.rows("SELECT convert_from(body, 'UTF8')::json #>> '{data,object,reason}' FROM event WHERE ours")
    assert sorted(said) == [("",), ("deaf",)]


async def test_what_was_told_too_early_is_never_told_again(system: System, commands: Commands) -> None:
    await system.prepare()
    shown: dict[str, Any] = {"account": "acct_1", "accepted_terms": {"currency": "usd"}}
    first = event(offer_event("evt_1", account="acct_1"))
    paid_out = event(offer_event("evt_2", "paid_out", status="teleported", account="acct_1"))
    with pytest.MonkeyPatch.context() as patch:
        bugs.hasty(patch)
        await live(system, [first, paid_out])
    assert (await commands.replay("--from-beginning")).status == DIFFERENT
    async with publishing(system):
        done = await promote(commands, "--accept", "1", "--emit", "missing", "--json")
        (one,) = done.lines
        assert (one["refused"], one["sent"]) == (None, ["acct_1:withholding:2"])
        assert one["told_too_early"] == ["financingoffer_acct_1:paid_out"]
        assert await system.rows("SELECT status FROM offer") == [("created",)]
        await append(system, [event(offer_event("evt_3", "accepted", status="accepted", **shown))], first=2)
        await system.caught_up()
        assert await system.rows("SELECT status FROM offer") == [("paid_out",)]
    ids = [told.id.removeprefix("live:financingoffer_acct_1:") for told in await system.notifications()]
    assert ids == [
        "created",
        "paid_out",
        "live:acct_1:withholding:1",
        "live:acct_1:withholding:2",
        "accepted",
        "live:acct_1:withholding:3",
    ]
    again = await commands.replay("--from-beginning")
    assert (again.status, again.differences) == (0, []), again.out[-3_000:]


async def test_an_account_that_goes_on_meanwhile_is_proposed_anew(
    system: System, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deaf(system, canceled())
    await commands.replay("--from-beginning")
    original, came = Promoter._append, [event(offer_event("evt_9", account="acct_1", id="financingoffer_9"))]

    async def overtaken(self: Promoter, proposal: Proposal) -> str:
        if came:
            await append(system, [came.pop()], first=9)
            await system.caught_up()
        return await original(self, proposal)

    monkeypatch.setattr(Promoter, "_append", overtaken)
    async with publishing(system):
        done = await promote(commands, "--accept", "1", "--emit", "missing", "--json")
    assert done.status == 0, done.out
    assert done.lines[0]["sent"] == ["financingoffer_acct_1:canceled"]
    sequences = [int(told.headers["ce_sequence"]) for told in await system.notifications()]
    assert sequences == [1, 2, 3, 4]
    again = await commands.replay("--from-beginning")
    assert (again.status, again.differences) == (0, []), again.out[-3_000:]


async def test_a_lane_of_another_build_drops_the_command_and_says_so(system: System, commands: Commands) -> None:
    await deaf(system, canceled())
    await commands.replay("--from-beginning")
    # The lanes wait otherwise than the replay did: some time that both would write down differs.
    held = [event(offer_event("evt_h", "paid_out", account="acct_1", id="financingoffer_h", status="teleported"))]
    await append(system, held, first=5)
    system.environ["CAPITAL_ORDER_GRACE_SECONDS"] = "77"
    async with publishing(system):
        await system.caught_up()
        system.environ["CAPITAL_ORDER_GRACE_SECONDS"] = "60"
        done = await promote(commands, "--accept", "1", "--json")
    assert done.status == REFUSED
    assert "its lane dropped the command: its records make another state here" in done.lines[0]["refused"]
    assert await system.rows("SELECT status FROM offer WHERE offer_id = 'financingoffer_acct_1'") == [("accepted",)]


async def test_what_was_not_accepted_is_not_promoted(system: System, commands: Commands) -> None:
    await deaf(system, [*canceled("acct_1"), *canceled("acct_2")])
    await append(system, [event(offer_event("evt_q", account="acct_2", envelope={"created": 0}))], first=9)
    assert (await commands.replay("--from-beginning")).status == DIFFERENT
    refusals = {
        ("--name", "all"): "2 accounts differ: when you know why, say --accept 2, or name accounts",
        ("--name", "all", "--accept", "3"): "2 accounts differ, not 3: look at the report again",
        ("--name", "all", "--account", "acct_1", "--account", "acct_9"): "nothing differs of acct_9",
        ("--name", "other", "--accept", "2"): "there is no replay named other",
    }
    for arguments, reason in refusals.items():
        done = await commands.run("replay", "promote", *arguments)
        assert (done.status, done.out) == (REFUSED, "")
        assert reason in done.err
    assert await system.rows("SELECT event_id FROM event WHERE type LIKE 'capital.command.%'") == []


async def test_one_account_alone_is_promoted_and_the_shadow_is_kept_for_the_others(
    system: System, commands: Commands
) -> None:
    await deaf(system, [*canceled("acct_1"), *canceled("acct_2")])
    await commands.replay("--from-beginning")
    rehearsed = await promote(commands, "--dry-run", "--emit", "missing")
    assert rehearsed.status == 0
    assert "acct_1 (live): would be rebuilt; would be sent: financingoffer_acct_1:canceled" in rehearsed.out
    assert rehearsed.out.endswith("2 of 2 accounts can be promoted\n")
    async with publishing(system):
        done = await promote(commands, "--account", "acct_1")
        assert (done.status, done.out.splitlines()[-1]) == (0, "1 of 1 accounts promoted")
        assert await system.rows("SELECT account, status FROM offer ORDER BY 1") == [
            ("acct_1", "canceled"),
            ("acct_2", "accepted"),
        ]
        done = await promote(commands, "--accept", "1")
        assert done.status == 0, done.err
    assert await system.rows("SELECT DISTINCT status FROM offer") == [("canceled",)]
    # All of it was promoted, and the shadow is gone.
    assert (await promote(commands, "--accept", "1")).err == "refused: there is no replay named all\n"


async def test_an_account_behind_a_quarantine_is_not_promoted_before_it_is_redriven(
    system: System, commands: Commands
) -> None:
    bad = event(offer_event("evt_bad", account="acct_1", envelope={"created": "yesterday"}))
    await deaf(system, canceled())
    assert (await commands.replay("--from-beginning")).status == DIFFERENT
    await live(system, [bad], first=9)
    done = await promote(commands, "--accept", "1")
    assert done.status == REFUSED
    assert "not promoted: records of the account wait behind a quarantine: redrive or discard them first" in done.out


async def test_a_replay_that_was_not_finished_is_not_promoted(system: System, commands: Commands) -> None:
    await deaf(system, canceled())
    async with opening.opened(system.settings, "all", Request()):
        pass
    done = await promote(commands, "--accept", "1")
    assert done.status == REFUSED
    assert "the replay all is not finished: run `--from-beginning` again under its name" in done.err
    await commands.replay("--from-beginning")
    await system.rows(f"UPDATE {system.name}_replay_all.migration SET checksum = 'other'")
    done = await promote(commands, "--accept", "1")
    assert done.status == REFUSED
    assert "the shadow all was made by another release" in done.err
