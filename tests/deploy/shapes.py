"""Custom resources as far as the manifests use them: closed shapes, so that a misspelt field fails.

Narrower than the operators' own definitions, which are theirs: nothing unknown, nothing left out that they require.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

Shape = Mapping[str, Any]

TEXT: Final[Shape] = {"type": "string", "minLength": 1}
TEXTS: Final[Shape] = {"type": "object", "additionalProperties": {"type": "string"}}
COUNT: Final[Shape] = {"type": "integer", "minimum": 1}
PORT: Final[Shape] = {"type": "integer", "minimum": 1, "maximum": 65535}
DURATION: Final[Shape] = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$"}


def closed(**fields: Shape) -> Shape:
    """An object with these fields and no others."""
    return members(fields)


def members(fields: Mapping[str, Shape], optional: Collection[str] = ()) -> Shape:
    """The same, for fields whose names are no Python names, or that may be left out."""
    required = sorted(fields.keys() - set(optional))
    return {"type": "object", "properties": dict(fields), "required": required, "additionalProperties": False}


def some(shape: Shape) -> Shape:
    """A list of at least one."""
    return {"type": "array", "items": shape, "minItems": 1}


def one_of(*words: str) -> Shape:
    """One of these words."""
    return {"enum": list(words)}


REFERENCE: Final = closed(parameter=TEXT, name=TEXT, key=TEXT)
SCALING: Final = closed(
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
    policies=some(closed(type=one_of("Pods", "Percent"), value=COUNT, periodSeconds=COUNT)),
)

# By API version and kind: the shape of `spec`.
SPECS: Final[Mapping[tuple[str, str], Shape]] = {
    ("kafka.strimzi.io/v1", "KafkaTopic"): closed(partitions=COUNT, replicas=COUNT, config=TEXTS),
    ("kafka.strimzi.io/v1", "KafkaUser"): closed(
        authentication=closed(type=one_of("scram-sha-512")),
        authorization=closed(
            type=one_of("simple"),
            acls=some(
                closed(
                    resource=closed(
                        type=one_of("topic", "group", "transactionalId"),
                        name=TEXT,
                        patternType=one_of("literal", "prefix"),
                    ),
                    operations=some(one_of("Read", "Write", "Describe", "DescribeConfigs")),
                )
            ),
        ),
    ),
    ("keda.sh/v1alpha1", "TriggerAuthentication"): closed(
        configMapTargetRef=some(REFERENCE), secretTargetRef=some(REFERENCE)
    ),
    ("keda.sh/v1alpha1", "ScaledObject"): closed(
        scaleTargetRef=closed(apiVersion=TEXT, kind=TEXT, name=TEXT),
        pollingInterval=COUNT,
        minReplicaCount=COUNT,
        maxReplicaCount=COUNT,
        advanced=closed(
            horizontalPodAutoscalerConfig=closed(behavior=closed(scaleUp=SCALING, scaleDown=SCALING)),
        ),
        triggers=some(closed(type=one_of("kafka"), authenticationRef=closed(name=TEXT), metadata=TEXTS)),
    ),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): closed(
        parentRefs=some(closed(name=TEXT, namespace=TEXT, sectionName=TEXT)),
        hostnames=some(TEXT),
        rules=some(
            closed(
                matches=some(closed(path=closed(type=one_of("Exact"), value=TEXT), method=one_of("POST"))),
                timeouts=closed(request=DURATION),
                backendRefs=some(closed(name=TEXT, port=PORT)),
            )
        ),
    ),
    ("monitoring.coreos.com/v1", "PodMonitor"): closed(
        selector=closed(matchLabels=TEXTS),
        podMetricsEndpoints=some(closed(port=TEXT, path=one_of("/metrics"), interval=DURATION)),
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): closed(
        groups=some(
            closed(
                name=TEXT,
                rules=some(
                    members(
                        {"alert": TEXT, "expr": TEXT, "for": DURATION, "labels": TEXTS, "annotations": TEXTS},
                        optional={"for"},
                    )
                ),
            )
        )
    ),
}
