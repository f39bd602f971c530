"""The Kafka users of the manifests, and what each of them may do, as a broker is told it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import yaml
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest

USERS: Final = Path(__file__).parents[2] / "deploy/kubernetes/components/strimzi/users.yaml"

# Numbers of Kafka's protocol.
RESOURCES: Final = {"topic": 2, "group": 3, "cluster": 4, "transactionalId": 5}
PATTERNS: Final = {"literal": 3, "prefix": 4}
OPERATIONS: Final = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Alter": 7,
    "Describe": 8,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
    "IdempotentWrite": 12,
}
ALLOW: Final = 3
CLUSTER: Final = "kafka-cluster"


@dataclass(frozen=True)
class Grant:
    """One thing a user may do."""

    user: str
    resource: str
    name: str
    pattern: str
    operation: str

    @classmethod
    def all_of(cls, user: Mapping[str, Any]) -> Iterator[Self]:
        """Those of a KafkaUser object."""
        for acl in user["spec"]["authorization"]["acls"]:
            resource = acl["resource"]
            for operation in acl["operations"]:
                yield cls(
                    user["metadata"]["name"],
                    resource["type"],
                    resource.get("name", CLUSTER),
                    resource.get("patternType", "literal"),
                    operation,
                )

    @property
    def _numbers(self) -> tuple[int, str, int, str, str, int, int]:
        kind, pattern = RESOURCES[self.resource], PATTERNS[self.pattern]
        return kind, self.name, pattern, f"User:{self.user}", "*", OPERATIONS[self.operation], ALLOW

    async def give(self, admin: AIOKafkaAdminClient) -> None:
        """Allow it."""
        answer = await admin._send_request(CreateAclsRequest(*self._numbers))
        for code, message in answer.creation_responses:
            if code:
                raise for_code(code)(message)

    async def take(self, admin: AIOKafkaAdminClient) -> None:
        """Allow it no longer."""
        answer = await admin._send_request(DeleteAclsRequest(*self._numbers))
        assert [len(matching) for _, _, matching in answer.filter_responses] == [1], f"there is no {self}"


def users() -> Mapping[str, Sequence[Grant]]:
    """What the manifests grant, by user."""
    documents = [document for document in yaml.safe_load_all(USERS.read_text()) if document["kind"] == "KafkaUser"]
    return {document["metadata"]["name"]: list(Grant.all_of(document)) for document in documents}
