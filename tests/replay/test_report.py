import json

import pytest

from tests.journeys.system import System
from tests.replay.living import Commands, history, lived
from worker.cli.replay import reports

DIFFERENT = 3


async def tampered(system: System, statement: str) -> tuple[str, ...]:
    """Change one live row; what the statement returns of it."""
    (row,) = await system.rows(statement)
    return tuple(str(value) for value in row)


async def test_every_row_that_differs_is_named_with_the_record_that_explains_it(
    system: System, commands: Commands
) -> None:
    await lived(system, history(seed=11))
    entries = "SELECT ctid FROM outbox WHERE destination = 'notifications' AND type LIKE '%.{}.v1' ORDER BY id LIMIT 1"
    lost = await tampered(
        system, f"DELETE FROM outbox WHERE ctid IN ({entries.format('accepted')}) RETURNING account, id, causation_id"
    )
    changed = await tampered(
        system,
        "UPDATE outbox SET value = convert_to(replace(convert_from(value, 'UTF8'), '\"late\":false', '\"late\":true'), "
        f"'UTF8') WHERE ctid IN ({entries.format('created')}) RETURNING account, id, causation_id",
    )
    wrong = await tampered(
        system,
        "UPDATE offer SET status = 'expired' WHERE ctid IN (SELECT ctid FROM offer WHERE status = 'fully_repaid' AND "
        "account NOT IN (SELECT account FROM outbox WHERE id = ANY ('{" + f"{lost[1]},{changed[1]}" + "}')) "
        "ORDER BY offer_id LIMIT 1) RETURNING account, offer_id",
    )
    done = await commands.replay("--from-beginning")
    assert done.status == DIFFERENT
    found = {(one["account"], one["table"], one["key"]): one for one in done.differences}
    missing = found.pop((lost[0], "outbox", lost[1]))
    assert (missing["finding"], missing["record"]["id"]) == ("missing", lost[2])
    assert missing["row"]["id"] == lost[1]
    different = found.pop((changed[0], "outbox", changed[1]))
    assert (different["finding"], different["record"]["id"], list(different["columns"])) == (
        "different",
        changed[2],
        ["value"],
    )
    row = found.pop((wrong[0], "offer", wrong[1]))
    assert (row["finding"], row["columns"]) == (
        "different",
        {"status": {"live": "expired", "replayed": "fully_repaid"}},
    )
    ((last,),) = await system.rows(
        "SELECT event_id FROM event WHERE account = $1 AND livemode = $2 ORDER BY record_offset DESC LIMIT 1",
        wrong[0],
        row["livemode"],
    )
    assert row["record"]["id"] == last
    # The entry that is lost left a gap between the numbers of its partition, too.
    assert [table for _, table, _ in found] == ["outbox numbers"]
    assert done.compared["accounts_that_differ"] == len({lost[0], changed[0], wrong[0], ""})


async def test_for_people_a_report_names_accounts_and_what_was_told_and_ends_with_a_sum(
    system: System, commands: Commands
) -> None:
    await lived(system, history(seed=12, accounts=11))
    account, lost, cause = await tampered(
        system,
        "DELETE FROM outbox WHERE ctid IN (SELECT ctid FROM outbox WHERE type LIKE '%.created.v1' ORDER BY id LIMIT 1) "
        "RETURNING account, id, causation_id",
    )
    done = await commands.run("replay", "--from-beginning")
    what, first, second, *_, last = done.out.splitlines()
    assert done.status == DIFFERENT
    assert what.endswith(" offsets of 4 partitions, --from-beginning")
    assert first.startswith(f"{account} (")
    assert second.startswith(f"  {lost}: never told; {cause} at ")
    assert last.endswith("outbox 1, outbox numbers 1; 2 accounts differ")
    assert f"the shadow is kept in schema {system.name}_replay_all" in done.err


async def test_an_account_that_replaying_brings_and_one_that_it_does_not_are_both_reported(
    system: System, commands: Commands
) -> None:
    await lived(system, history(seed=13, accounts=11))
    gone = await tampered(
        system,
        "DELETE FROM account WHERE ctid IN (SELECT ctid FROM account ORDER BY account LIMIT 1) RETURNING account",
    )
    await system.rows(
        "INSERT INTO account (livemode, account, partition, sequence, facts) VALUES (true, 'acct_nobody', 0, 0, '{}')"
    )
    done = await commands.replay("--from-beginning")
    assert done.status == DIFFERENT
    # Nothing ever came for the other: no record concerns it, so no replay can say anything of it.
    assert [(one["account"], one["table"], one["finding"]) for one in done.differences] == [
        (gone[0], "account", "missing")
    ]


async def test_pages_of_any_size_find_the_same(
    system: System, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(system, history(seed=14, accounts=22))
    await system.rows("UPDATE offer SET currency = 'xxx' WHERE offer_id < 'financingoffer_5'")
    whole = await commands.replay("--from-beginning", "--keep")
    monkeypatch.setattr("worker.store.differences.ACCOUNTS_A_PAGE", 2)
    paged = await commands.replay("--from-beginning")
    assert whole.status == DIFFERENT
    assert paged.out == whole.out


async def test_a_report_for_people_stops_naming_where_nobody_reads_on(
    system: System, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(system, history(seed=15, accounts=22))
    await system.rows("UPDATE event SET object_id = 'other'")
    monkeypatch.setattr(reports, "MOST_LINES", 5)
    done = await commands.run("replay", "--from-beginning", "--keep")
    named = [line for line in done.out.splitlines() if line.startswith("  ")]
    ((events,),) = await system.rows("SELECT count(*) FROM event")
    assert len(named) == 5
    assert f"… and {int(str(events)) - 5} more: --json names every one" in done.out
    in_full = await commands.replay("--from-beginning")
    assert len(in_full.differences) == events


async def test_a_doubled_notification_is_a_difference(system: System, commands: Commands) -> None:
    await lived(system, history(seed=16, accounts=11))
    doubled = await tampered(
        system,
        "INSERT INTO outbox SELECT livemode, account, partition, number + 100000, record_offset, destination, "
        "sequence + 1000, id, type, subject, time, causation_id, key, headers, value FROM outbox "
        "ORDER BY partition, number LIMIT 1 RETURNING account, id",
    )
    done = await commands.replay("--from-beginning")
    assert done.status == DIFFERENT
    assert [(one["account"], one["key"], one["finding"]) for one in done.differences] == [
        (*doubled, "elsewhere"),
        ("", "partition 0", "different"),
    ]
    assert json.loads(done.differences[0]["row"] or "null") is None
