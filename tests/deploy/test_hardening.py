"""Pods have no rights they do not use, secrets are files, and the network lets through what roles need and no more."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.deploy.manifests import OVERLAYS, rendered
from tests.deploy.test_manifests import PLACES, WORKLOADS, named, settings_of
from tests.deploy.workloads import Workload, workloads

Policy = Mapping[str, Any]


@pytest.mark.parametrize(("place", "workload"), WORKLOADS, ids=named)
def test_a_pod_may_nothing(place: str, workload: Workload) -> None:
    pod, container = workload.pod["securityContext"], workload.container["securityContext"]
    assert pod["runAsNonRoot"]
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert workload.pod["automountServiceAccountToken"] is False
    assert workload.pod["serviceAccountName"] == workload.name
    # Kubernetes would put in variables named after services, and an unknown setting is refused.
    assert workload.pod["enableServiceLinks"] is False


@pytest.mark.parametrize(("place", "workload"), WORKLOADS, ids=named)
def test_secrets_are_files_and_never_in_the_environment(place: str, workload: Workload) -> None:
    variables = workload.container.get("env", ())
    assert not [one for one in variables if "secretKeyRef" in one.get("valueFrom", {})]
    assert not [source for source in workload.container["envFrom"] if "secretRef" in source]


@pytest.mark.parametrize(("place", "workload"), WORKLOADS, ids=named)
def test_memory_is_bounded_and_the_processor_is_not(place: str, workload: Workload) -> None:
    resources = workload.container["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"}
    # A throttled event loop misses its heartbeats.
    assert resources["limits"].keys() == {"memory"}


@pytest.mark.parametrize("place", PLACES)
def test_the_namespace_refuses_whatever_asks_for_more(place: str) -> None:
    (namespace,) = (one for one in rendered(place) if one["kind"] == "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {one["metadata"]["namespace"] for one in rendered(place) if one["kind"] != "Namespace"} == {
        namespace["metadata"]["name"]
    }


def policies(place: str, direction: str) -> Iterator[Policy]:
    for one in rendered(place):
        if one["kind"] == "NetworkPolicy" and direction in one["spec"]["policyTypes"]:
            yield one


def selected(place: str, name: str) -> set[str]:
    """The components that a policy is for."""
    (policy,) = (one for one in rendered(place) if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == name)
    selector = policy["spec"]["podSelector"]
    named = selector.get("matchLabels", {}).get("app.kubernetes.io/component")
    listed = {name for expression in selector.get("matchExpressions", ()) for name in expression["values"]}
    return listed | ({named} if named else set())


def having(place: str, setting: str) -> set[str]:
    """The workloads that are given a setting to reach something with."""
    return {workload.name for workload in workloads(rendered(place)) if getattr(settings_of(place, workload), setting)}


@pytest.mark.parametrize("place", PLACES)
def test_nothing_goes_in_or_out_but_what_is_named(place: str) -> None:
    (nothing,) = (one for one in policies(place, "Egress") if one["metadata"]["name"] == "nothing")
    assert nothing["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("place", PLACES)
def test_each_reaches_what_its_settings_name_and_nothing_else(place: str) -> None:
    assert selected(place, "kafka") == having(place, "kafka_bootstrap")
    assert selected(place, "postgres") == having(place, "database_url")
    assert selected(place, "stripe") == having(place, "stripe_api_key") == {"lookup", "reconcile"}
    open_to_all = [
        policy["metadata"]["name"]
        for policy in policies(place, "Egress")
        for rule in policy["spec"].get("egress", ())
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    assert open_to_all == ["stripe"]


@pytest.mark.parametrize("place", PLACES)
def test_the_ingress_alone_hears_the_gateway(place: str) -> None:
    hearing = {
        policy["metadata"]["name"]: rule["from"]
        for policy in policies(place, "Ingress")
        for rule in policy["spec"].get("ingress", ())
    }
    assert hearing.keys() == {"webhooks", "metrics"}
    assert selected(place, "webhooks") == {"ingress"}


@pytest.mark.parametrize("place", OVERLAYS)
def test_only_webhooks_are_routed_to_it(place: str) -> None:
    (route,) = (one for one in rendered(place) if one["kind"] == "HTTPRoute")
    (rule,) = route["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "Exact", "value": "/webhooks/stripe"}, "method": "POST"}]
    (service,) = (one for one in rendered(place) if one["kind"] == "Service" and one["metadata"]["name"] == "ingress")
    assert [{"name": "ingress", "port": port["port"]} for port in service["spec"]["ports"]] == rule["backendRefs"]
