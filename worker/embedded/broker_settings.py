"""The files a Kafka node reads: its properties and its log's; they differ from the defaults only with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from worker.embedded.free_ports import LOOPBACK

LOGGING: Final = """\
# To standard output, which goes to the node's log file together with what the JVM itself prints.
# Kafka's own ending is logged too, which would race with an ending of the log.
shutdownHook = disable
rootLogger.level = INFO
rootLogger.appenderRef.output.ref = output
appender.output.type = Console
appender.output.name = output
appender.output.layout.type = PatternLayout
appender.output.layout.pattern = [%d] %p %m (%c)%n
# Every value of every setting, at each start and for each topic: nothing else could be found among them.
logger.settings.name = org.apache.kafka.common.config.AbstractConfig
logger.settings.level = WARN
"""


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """One node of a cluster, broker and controller in one, as its server.properties say it."""

    node: int
    data: str
    """Its folder, relative to the one it is started in."""
    ports: tuple[int, int]
    """Where clients connect, and where the controllers talk among themselves."""
    voters: tuple[tuple[int, int], ...]
    """Every node of the cluster with its controller's port."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Of a `Guard`."""

    def properties(self) -> str:
        """The content of server.properties."""
        settings = {**self._node(), **self._cluster(), **self.more}
        return "".join(f"{name}={value}\n" for name, value in {**settings, **self._listeners()}.items())

    def _listeners(self) -> dict[str, str]:
        clients, controllers = self.ports
        own = f"PLAINTEXT://{LOOPBACK}:{clients},CONTROLLER://{LOOPBACK}:{controllers}"
        return {"listeners": ",".join(filter(None, [own, self.more.get("listeners")]))}

    def _node(self) -> dict[str, object]:
        return {
            "process.roles": "broker,controller",
            "node.id": self.node,
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": ",".join(f"{node}@{LOOPBACK}:{port}" for node, port in self.voters),
            # Relative to the node's folder: Kafka reads this file as Latin-1, which not every path can be written in.
            "log.dirs": self.data,
        }

    def _cluster(self) -> dict[str, object]:
        replicas = len(self.voters)
        in_sync = min(2, replicas)
        return {
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            # Internal topics are made when first used, and the first user waits for every partition.
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.num.partitions": 4,
            # A misspelt topic must fail in a test, not come into being.
            "auto.create.topics.enable": "false",
            # A group's first member would wait 3 s for others, and a dead one would be missed after 6 s at best.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1_000,
            # A killed broker is let in again only when its last session has ended, 9 s by default. Where others
            # take over meanwhile, a busy machine must not end a session of a live one.
            "broker.heartbeat.interval.ms": 500,
            "broker.session.timeout.ms": 3_000 if replicas > 1 else 2_000,
        }
