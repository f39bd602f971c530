import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.journeys.system import System
from worker.embedded.free_ports import LOOPBACK, free_ports

DONE, FAILED, WRONG, DIFFERENT = 0, 1, 2, 3


async def test_wrong_settings_end_a_command_with_status_2(system: System) -> None:
    done = await system.run("serve", CAPITAL_TOPIC_PARTITIONS="none", CAPITAL_DATABASE_URL="")
    assert done.status == WRONG
    assert done.out == ""
    assert done.err.splitlines()[0] == "settings:"
    assert "CAPITAL_TOPIC_PARTITIONS: " in done.err
    assert "CAPITAL_DATABASE_URL: required by `serve`" in done.err


async def test_topics_creates_what_is_missing_and_then_finds_nothing_to_do(system: System) -> None:
    first, second = [await system.run("topics") for _ in range(2)]
    assert (first.status, second.status) == (DONE, DONE)
    names = (system.settings.events_topic, system.settings.notifications_topic, system.settings.dead_letters_topic)
    assert sorted(first.out.splitlines()) == sorted(f"created {name}" for name in names)
    assert second.out.splitlines() == ["all topics are as they should be"]


async def test_topics_names_every_difference_with_status_3_and_changes_none(system: System) -> None:
    await system.topics()
    await _alter(system)
    done = await system.run("topics", CAPITAL_TOPIC_REPLICATION="2")
    events, letters = system.settings.events_topic, system.settings.dead_letters_topic
    lines = done.err.splitlines()
    assert done.status == DIFFERENT
    assert f"{events}: partitions is 6, the settings say 4" in lines
    assert f"{letters}: retention.ms is 1000, the settings say -1" in lines
    assert len([line for line in lines if line.endswith("replication is 1, the settings say 2")]) == 3
    again = await system.run("topics")
    assert again.status == DIFFERENT
    assert f"{events}: partitions is 6, the settings say 4" in again.err.splitlines()


async def _alter(system: System) -> None:
    """What somebody else might do to the topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=system.environ["CAPITAL_KAFKA_BOOTSTRAP"])
    await admin.start()
    try:
        await admin.create_partitions({system.settings.events_topic: NewPartitions(6)})
        letters = system.settings.dead_letters_topic
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, letters, {"retention.ms": "1000"})])
    finally:
        await admin.close()


async def test_two_migrations_at_the_same_time_apply_each_file_once(system: System) -> None:
    both = await asyncio.gather(system.run("migrate"), system.run("migrate"))
    assert [done.status for done in both] == [DONE, DONE]
    applied = await system.rows("SELECT name FROM migration ORDER BY number")
    said = sorted(line for done in both for line in done.out.splitlines())
    assert said == sorted([*(f"applied {name}" for (name,) in applied), "the schema is up to date"])


async def test_serve_refuses_a_database_without_the_schema_and_says_what_to_run(system: System) -> None:
    await system.topics()
    done = await system.run("serve")
    assert done.status == FAILED
    assert "run `capital-worker migrate`" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["migrate", "serve"])
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param("UPDATE migration SET checksum = 'other'", "was changed after it was applied", id="changed"),
        pytest.param(
            "INSERT INTO migration (number, name, checksum) VALUES (9999, '9999_later.sql', '')",
            "database has migration 9999, which this release does not know",
            id="newer",
        ),
    ],
)
async def test_a_schema_that_this_release_does_not_know_is_refused(
    system: System, command: str, change: str, complaint: str
) -> None:
    await system.prepare()
    await system.rows(change)
    done = await system.run(command)
    assert done.status == FAILED
    assert complaint in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["migrate", "topics"])
async def test_a_command_whose_server_is_away_fails_in_plain_words(system: System, command: str) -> None:
    nobody = f"{LOOPBACK}:{free_ports(1)[0]}"
    done = await system.run(
        command, CAPITAL_KAFKA_BOOTSTRAP=nobody, CAPITAL_DATABASE_URL=f"postgresql://a:hidden@{nobody}/a"
    )
    assert done.status == FAILED
    assert done.err.splitlines()[-1].startswith(f"{command}: ")
    assert "Traceback" not in done.err
    assert "Unclosed" not in done.err
    assert "hidden" not in done.err


async def test_a_port_that_is_taken_is_named(system: System) -> None:
    await system.prepare()
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), LOOPBACK, system.settings.ingress_port)
    async with server:
        done = await system.run("serve")
    assert done.status == FAILED
    assert f"cannot listen on {LOOPBACK} port {system.settings.ingress_port}" in done.err
    assert "Traceback" not in done.err
