"""Opening a replay: its shadow begun, or taken up again as it was planned; nobody else works on it meanwhile."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from worker.replay.plan import Plan, Refused, Span
from worker.replay.request import Request
from worker.replaying.planning import planned
from worker.settings import Settings
from worker.store import event_reader, migrations, shadows
from worker.store.alone import alone
from worker.store.connection import Pool, connect
from worker.topic.cluster import Cluster
from worker.topic.extents import Extents

# Of one process: it has one processor, and more lanes would only take more memory.
LANES_AT_ONCE = 4
LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay: the live settings and database, the shadow's, and the plan."""

    settings: Settings
    live: Pool
    shadow: Pool
    schema: str
    plan: Plan


def schema_of(settings: Settings, name: str) -> str:
    """The schema a replay of this name writes to. Raises Refused where Postgres would cut it short."""
    schema = f"{settings.database_schema}_replay_{name}"
    if len(schema) > LONGEST_NAME:
        raise Refused(f"a schema {schema} would have more than {LONGEST_NAME} letters: choose a shorter name")
    return schema


@asynccontextmanager
async def opened(settings: Settings, name: str, request: Request) -> AsyncIterator[Replay]:
    """A replay of this name, begun or taken up again. Raises Refused, Unavailable and SchemaMismatch."""
    async with _shadow(settings, name) as (live, shadow, schema):
        saved = await _saved(shadow, name)
        if saved is None:
            plan = await planned(settings, live, request)
            await _begin(settings, schema)
            await shadows.save_plan(shadow, _rows(plan))
        elif saved.request != str(request):
            raise Refused(f"the replay {name} was begun with `{saved.request}`: choose another name")
        else:
            plan = saved
        if request.from_log:
            plan = await _from_log(Replay(settings, live, shadow, schema, plan))
        yield Replay(settings, live, shadow, schema, plan)


async def _from_log(replay: Replay) -> Plan:
    """The plan with as much from the event log as the topic lacks now, and the log ready to be read in order."""
    settings, plan = replay.settings, replay.plan
    async with Extents.opened(Cluster.of(settings), settings.events_topic) as topic:
        beginnings = await topic.beginnings()
    spans = [
        replace(span, topic_from=min(max(span.topic_from, beginnings[span.partition]), span.end)) for span in plan.spans
    ]
    await shadows.move_topic(replay.shadow, {span.partition: span.topic_from for span in spans})
    lost = await event_reader.make_index(replay.live, settings.database_schema, replay.schema, plan.accounts)
    if lost is not None:
        raise Refused(f"the event log is not whole: {lost}")
    return replace(plan, spans=tuple(spans))


@asynccontextmanager
async def finished(settings: Settings, name: str) -> AsyncIterator[Replay]:
    """A replay of this name that has gone through its plan. Raises Refused, Unavailable and SchemaMismatch."""
    async with _shadow(settings, name) as (live, shadow, schema):
        plan = await _saved(shadow, name)
        if plan is None:
            raise Refused(f"there is no replay named {name}")
        left = await shadows.unfinished(shadow)
        if left:
            raise Refused(f"the replay {name} is not finished: run `{plan.request}` again under its name")
        yield Replay(settings, live, shadow, schema, plan)


@asynccontextmanager
async def _shadow(settings: Settings, name: str) -> AsyncIterator[tuple[Pool, Pool, str]]:
    schema = schema_of(settings, name)
    async with connected(settings, schema) as (live, shadow):
        await migrations.verify(live)
        async with alone(live, schema) as mine:
            if not mine:
                raise Refused(f"a replay named {name} is running")
            yield live, shadow, schema


@asynccontextmanager
async def connected(settings: Settings, schema: str) -> AsyncIterator[tuple[Pool, Pool]]:
    """The live schema and a shadow's, which may not exist yet. Raises Unavailable."""
    async with AsyncExitStack() as stack:
        live = await connect(settings, connections=LANES_AT_ONCE + 2, unhurried=True)
        stack.push_async_callback(live.close)
        shadowed = settings.model_copy(update={"database_schema": schema})
        shadow = await connect(shadowed, connections=LANES_AT_ONCE + 1, by_key=True, unhurried=True)
        stack.push_async_callback(shadow.close)
        yield live, shadow


async def _saved(shadow: Pool, name: str) -> Plan | None:
    """The plan that the shadow was made for. Raises Refused where another release made it."""
    saved = await shadows.saved_plan(shadow)
    if saved is None:
        return None
    try:
        await migrations.verify(shadow)
    except migrations.SchemaMismatch as error:
        raise Refused(
            f"the shadow {name} was made by another release ({error}): drop it, or choose another name"
        ) from None
    return Plan(saved.request, tuple(Span(*row) for row in saved.spans), frozenset(saved.accounts))


async def _begin(settings: Settings, schema: str) -> None:
    try:
        await migrations.migrate(settings.model_copy(update={"database_schema": schema}))
    except migrations.SchemaMismatch as error:
        raise Refused(f"schema {schema} is no shadow of this release: {error}") from None


def _rows(plan: Plan) -> shadows.SavedPlan:
    spans = [(span.partition, span.start, span.end, span.topic_from, span.seeded) for span in plan.spans]
    return shadows.SavedPlan(plan.request, sorted(plan.accounts), spans)


async def drop(settings: Settings, name: str) -> None:
    """Remove a replay's shadow; nothing where there is none. Raises Refused and Unavailable."""
    schema = schema_of(settings, name)
    pool = await connect(settings, connections=2, unhurried=True)
    try:
        async with alone(pool, schema) as mine:
            if not mine:
                raise Refused(f"a replay named {name} is running")
            await shadows.drop(pool, schema)
    finally:
        await pool.close()
