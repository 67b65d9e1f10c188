#!/usr/bin/env python3
"""Writes Anycast.Sandbox/Schema/kubernetes.txt: the field tables of the Kubernetes API types that the sandbox serves.

usage: eng/kubernetes-schema.py API APIMACHINERY   (checkouts of k8s.io/api and k8s.io/apimachinery of one release)

Numbers and types come from generated.proto; JSON names, inlining and descriptions from types.go. Only what can be reached
from the served kinds is written, with the first sentence of each description.
"""
import pathlib
import re
import sys

ROOTS = """
core.v1: Namespace Node Pod Service Endpoints Event ConfigMap Secret ServiceAccount PersistentVolumeClaim PersistentVolume ResourceQuota LimitRange ReplicationController
apps.v1: Deployment ReplicaSet StatefulSet DaemonSet ControllerRevision
batch.v1: Job CronJob
autoscaling.v1: Scale HorizontalPodAutoscaler
autoscaling.v2: HorizontalPodAutoscaler
policy.v1: PodDisruptionBudget Eviction
networking.v1: Ingress IngressClass NetworkPolicy
discovery.v1: EndpointSlice
events.v1: Event
storage.v1: StorageClass VolumeAttachment CSIDriver CSINode
scheduling.v1: PriorityClass
coordination.v1: Lease
rbac.v1: Role ClusterRole RoleBinding ClusterRoleBinding
admissionregistration.v1: ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration MutatingWebhookConfiguration
authorization.v1: SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview LocalSubjectAccessReview
authentication.v1: SelfSubjectReview TokenRequest
meta.v1: DeleteOptions
"""

# Types with a JSON form of their own; the reader of the table knows them by these names.
SPECIAL = {"meta.v1.Time": "time", "meta.v1.MicroTime": "microtime", "meta.v1.FieldsV1": "any",
           "intstr.IntOrString": "intorstring", "resource.Quantity": "quantity", "runtime.RawExtension": "any"}


def short(package):
    """k8s.io.api.core.v1 -> core.v1; k8s.io.apimachinery.pkg.apis.meta.v1 -> meta.v1; ….util.intstr -> intstr"""
    parts = package.split(".")
    return ".".join(parts[-2:] if re.fullmatch(r"v\d\w*", parts[-1]) else parts[-1:])


def messages(path):
    """Messages of a generated.proto: name -> [(number, proto name, type, repeated)]; a map type is '{}value'."""
    text = path.read_text()
    package = short(re.search(r"^package (\S+);", text, re.M).group(1))
    found = {}
    for name, body in re.findall(r"^message (\w+) \{\n(.*?)^\}", text, re.M | re.S):
        fields = []
        for repeated, kind, field, number in re.findall(r"^  (optional|repeated|map)\s*(<[^>]+>|\S+) (\w+) = (\d+);", body, re.M):
            value = kind.strip("<>").split(",")[-1].strip() if repeated == "map" else kind
            if value.startswith(".k8s"):
                value = short(value[1:].rsplit(".", 1)[0]) + "." + value.rsplit(".", 1)[1]
            elif value[0].isupper():
                value = f"{package}.{value}"
            fields.append((int(number), field, {"map": "{}", "repeated": "[]", "optional": ""}[repeated] + value))
        found[f"{package}.{name}"] = fields
    return found


def sentence(lines):
    text = " ".join(line.strip() for line in lines if line.strip() and not line.strip().startswith(("+", "---")))
    text = re.split(r"(?<=[a-z)`\"'])\.(?:\s|$)", text)[0].strip()
    text = text[:157] + "..." if len(text) > 160 else text
    return text.replace("\t", " ")


def structs(directory, package):
    """Structs of types.go: name -> (description, {number: (json name, inline, description)})."""
    found = {}
    for path in sorted(directory.glob("*types*.go")):
        for comment, name, body in re.findall(r"((?:^//[^\n]*\n)*)^type (\w+) struct \{\n(.*?)^\}", path.read_text(), re.M | re.S):
            fields, pending = {}, []
            for line in body.split("\n"):
                line = line.strip()
                if line.startswith("//"):
                    pending.append(line[2:])
                    continue
                tag = re.search(r'json:"([^"]*)".*\bprotobuf:"\w+,(\d+),', line)
                if tag:
                    json = tag.group(1).split(",")
                    pointer = re.match(r"\w+\s+\*", line) is not None
                    fields[int(tag.group(2))] = (json[0], "inline" in json, pointer, "omitempty" in json, sentence(pending))
                pending = []
            found[f"{package}.{name}"] = (sentence([c[2:] for c in comment.split("\n")]), fields)
    return found


def main():
    api, machinery = map(pathlib.Path, sys.argv[1:3])
    protos, gos = {}, {}
    for path in [*api.glob("*/v*/generated.proto"), *machinery.glob("pkg/**/generated.proto")]:
        protos |= messages(path)
        gos |= structs(path.parent, short(re.search(r"^package (\S+);", path.read_text(), re.M).group(1)))
    lists = {name: fields[0][2] for name, fields in protos.items() if name not in gos and len(fields) == 1 and fields[0][1] == "items"}
    todo = [f"{line.split(':')[0]}.{kind}" for line in ROOTS.strip().split("\n") for kind in line.split(":")[1].split()]
    written = {}
    while todo:
        name = todo.pop()
        if name in written:
            continue
        description, tags = gos[name]
        lines = []
        for number, field, kind in protos[name]:
            if number not in tags:
                continue
            prefix, value = (kind[:2], kind[2:]) if kind[:2] in ("[]", "{}") else ("", kind)
            json, inline, pointer, omitempty, text = tags[number]
            if value in lists:
                value = "list:" + lists[value][2:]
            elif value in SPECIAL:
                value = SPECIAL[value]
            elif "." in value:
                todo.append(value)
            # The protobuf form writes what is not a pointer even when it is zero; its JSON form would leave it out.
            message = "." in value or value in ("time", "microtime", "intorstring", "quantity", "any")
            optional = "" if pointer or prefix or not (omitempty or message) else "?"
            lines.append(f" {number} {'~' if inline else json or field} {prefix}{value}{optional}\t{text}")
        written[name] = [f"{name}\t{description}", *lines]
    release = re.search(r"k8s.io/apimachinery (v\S+)", (api / "go.mod").read_text())
    head = ["# Fields of the Kubernetes API types, from k8s.io/api and k8s.io/apimachinery " + (release.group(1) if release else ""),
            "# (Copyright The Kubernetes Authors, Apache License 2.0). Written by eng/kubernetes-schema.py; do not edit.",
            "# A type and its description; then number, JSON name (~ for an inlined type), type and description of each field;",
            "# ? after a type: absent when it is zero."]
    target = pathlib.Path(__file__).parent.parent / "Anycast.Sandbox/Schema/kubernetes.txt"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(head + [line for name in sorted(written) for line in written[name]]) + "\n")


main()
