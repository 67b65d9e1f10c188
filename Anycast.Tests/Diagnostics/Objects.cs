using Anycast.Core.Diagnostics;
using k8s.Models;

namespace Anycast.Tests.Diagnostics;

/// <summary>Kubernetes objects as a cluster would serve them, small and ready to be bent by a test.</summary>
internal static class Objects
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static DateTime Ago(double minutes) => Now.UtcDateTime.AddMinutes(-minutes);

    public static V1ObjectMeta Meta(string name, string ns = "shop", string? uid = null, (string Kind, string Name, string Uid)? owner = null, Dictionary<string, string>? labels = null) => new()
    {
        Name = name,
        NamespaceProperty = ns,
        Uid = uid ?? $"uid-{ns}-{name}",
        CreationTimestamp = Ago(30),
        Labels = labels,
        OwnerReferences = owner is { } o ? [new V1OwnerReference { Kind = o.Kind, Name = o.Name, Uid = o.Uid, Controller = true, ApiVersion = "v1" }] : null,
    };

    public static V1Container Container(string name = "app", string image = "registry.example.com/shop/checkout:2.0", string? memoryLimit = null, string? cpu = null, string? memory = null, int? port = null)
    {
        var c = new V1Container { Name = name, Image = image, Resources = new V1ResourceRequirements() };
        if (memoryLimit is not null)
        {
            c.Resources.Limits = new Dictionary<string, ResourceQuantity> { ["memory"] = new(memoryLimit) };
        }

        if (cpu is not null || memory is not null)
        {
            c.Resources.Requests = new Dictionary<string, ResourceQuantity>();
            if (cpu is not null)
            {
                c.Resources.Requests["cpu"] = new ResourceQuantity(cpu);
            }

            if (memory is not null)
            {
                c.Resources.Requests["memory"] = new ResourceQuantity(memory);
            }
        }

        if (port is { } p)
        {
            c.Ports = [new V1ContainerPort { ContainerPort = p, Protocol = "TCP" }];
        }

        return c;
    }

    /// <summary>A Deployment with its newest ReplicaSet (and, with an old image, the one before).</summary>
    public static (V1Deployment Deployment, List<V1ReplicaSet> Sets) Workload(string name, V1Container container, string? oldImage = null, int oldReady = 0, int replicas = 1, Dictionary<string, string>? labels = null)
    {
        labels ??= new Dictionary<string, string> { ["app"] = name };
        V1PodTemplateSpec Template(V1Container c) => new() { Metadata = new V1ObjectMeta { Labels = labels }, Spec = new V1PodSpec { Containers = [c] } };
        var deployment = new V1Deployment
        {
            Metadata = Meta(name),
            Spec = new V1DeploymentSpec { Replicas = replicas, Template = Template(container), Selector = new V1LabelSelector { MatchLabels = labels } },
            Status = new V1DeploymentStatus(),
        };
        V1ReplicaSet Set(int revision, V1Container c, int ready)
        {
            var meta = Meta($"{name}-rs{revision}", owner: ("Deployment", name, deployment.Metadata.Uid), labels: labels);
            meta.Annotations = new Dictionary<string, string> { ["deployment.kubernetes.io/revision"] = revision.ToString(System.Globalization.CultureInfo.InvariantCulture) };
            return new V1ReplicaSet { Metadata = meta, Spec = new V1ReplicaSetSpec { Replicas = revision == 2 ? replicas : ready, Template = Template(c), Selector = new V1LabelSelector { MatchLabels = labels } }, Status = new V1ReplicaSetStatus { Replicas = ready, ReadyReplicas = ready } };
        }

        var sets = new List<V1ReplicaSet> { Set(2, container, 0) };
        if (oldImage is not null)
        {
            sets.Add(Set(1, new V1Container { Name = container.Name, Image = oldImage }, oldReady));
        }

        return (deployment, sets);
    }

    public static V1Pod Pod(string name, V1Container container, V1ContainerStatus? status = null, V1ReplicaSet? set = null, string phase = "Running", string? node = "worker-1", Dictionary<string, string>? labels = null, bool ready = false) => new()
    {
        Metadata = Meta(name, owner: set is null ? null : ("ReplicaSet", set.Metadata.Name, set.Metadata.Uid), labels: labels ?? (Dictionary<string, string>?)set?.Metadata.Labels),
        Spec = new V1PodSpec { Containers = [container], NodeName = node },
        Status = new V1PodStatus
        {
            Phase = phase,
            ContainerStatuses = status is null ? null : [status],
            Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False" }],
        },
    };

    public static V1ContainerStatus Waiting(string reason, string? message = null, int restarts = 0, V1ContainerStateTerminated? last = null, string name = "app") => new()
    {
        Name = name,
        Image = "",
        ImageID = "",
        RestartCount = restarts,
        State = new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message } },
        LastState = new V1ContainerState { Terminated = last },
    };

    public static V1ContainerStatus Running(bool ready, int restarts = 0, V1ContainerStateTerminated? last = null, double minutes = 10, string name = "app") => new()
    {
        Name = name,
        Image = "",
        ImageID = "",
        Ready = ready,
        RestartCount = restarts,
        State = new V1ContainerState { Running = new V1ContainerStateRunning { StartedAt = Ago(minutes) } },
        LastState = new V1ContainerState { Terminated = last },
    };

    public static V1ContainerStateTerminated Ended(int code, string reason = "Error", double minutes = 3) =>
        new() { ExitCode = code, Reason = reason, StartedAt = Ago(minutes + 0.1), FinishedAt = Ago(minutes) };

    public static Corev1Event Event(string kind, V1ObjectMeta of, string reason, string message, string type = "Warning", double minutes = 1, int count = 1) => new()
    {
        Metadata = Meta($"{of.Name}.{reason}.{minutes}", of.NamespaceProperty),
        InvolvedObject = new V1ObjectReference { Kind = kind, Name = of.Name, NamespaceProperty = of.NamespaceProperty, Uid = of.Uid },
        Reason = reason,
        Message = message,
        Type = type,
        Count = count,
        FirstTimestamp = Ago(minutes + 5),
        LastTimestamp = Ago(minutes),
    };

    public static V1Node Node(string name, string cpu = "4", string memory = "8Gi", bool ready = true, bool cordoned = false, V1Taint? taint = null, params V1NodeCondition[] conditions) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Uid = "uid-" + name, Labels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = name } },
        Spec = new V1NodeSpec { Unschedulable = cordoned ? true : null, Taints = taint is null ? null : [taint] },
        Status = new V1NodeStatus
        {
            Allocatable = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu), ["memory"] = new(memory) },
            Conditions = [new V1NodeCondition { Type = "Ready", Status = ready ? "True" : "False", Reason = "Kubelet" }, .. conditions],
        },
    };

    public static V1Service Service(string name, Dictionary<string, string>? selector, int port = 80, string? target = null, string type = "ClusterIP") => new()
    {
        Metadata = Meta(name),
        Spec = new V1ServiceSpec { Selector = selector, Type = type, Ports = [new V1ServicePort { Port = port, TargetPort = target ?? "8080" }] },
    };

    public static V1Ingress Ingress(string name, string service, int port = 80, string? ingressClass = "nginx") => new()
    {
        Metadata = Meta(name),
        Spec = new V1IngressSpec
        {
            IngressClassName = ingressClass,
            Rules =
            [
                new V1IngressRule
                {
                    Host = "shop.example.com",
                    Http = new V1HTTPIngressRuleValue
                    {
                        Paths = [new V1HTTPIngressPath { Path = "/", PathType = "Prefix", Backend = new V1IngressBackend { Service = new V1IngressServiceBackend { Name = service, Port = new V1ServiceBackendPort { Number = port } } } }],
                    },
                },
            ],
        },
    };

    /// <summary>A snapshot that was read whole.</summary>
    public static ClusterSnapshot Snapshot(
        IReadOnlyList<V1Pod>? pods = null,
        IReadOnlyList<V1Deployment>? deployments = null,
        IReadOnlyList<V1ReplicaSet>? sets = null,
        IReadOnlyList<V1Node>? nodes = null,
        IReadOnlyList<V1Service>? services = null,
        IReadOnlyList<V1Ingress>? ingresses = null,
        IReadOnlyList<V1IngressClass>? classes = null,
        IReadOnlyList<Corev1Event>? events = null,
        IReadOnlyList<V1PersistentVolumeClaim>? claims = null,
        IReadOnlyList<V1StorageClass>? storage = null,
        IReadOnlyList<V1Job>? jobs = null,
        IReadOnlyList<V1CronJob>? crons = null,
        IReadOnlyList<V2HorizontalPodAutoscaler>? autoscalers = null,
        IReadOnlyList<V1ResourceQuota>? quotas = null,
        IReadOnlyList<string>? complete = null) => new()
        {
            ClusterId = "c1",
            TakenAt = Now,
            CompleteKinds = (complete ?? ["Pod", "Deployment", "StatefulSet", "DaemonSet", "Service", "IngressClass", "StorageClass", "Node"]).ToHashSet(),
            Pods = pods ?? [],
            PodsEverywhere = pods ?? [],
            Deployments = deployments ?? [],
            ReplicaSets = sets ?? [],
            Nodes = nodes ?? [],
            Services = services ?? [],
            Ingresses = ingresses ?? [],
            IngressClasses = classes ?? [],
            Events = events ?? [],
            Claims = claims ?? [],
            StorageClasses = storage ?? [],
            Jobs = jobs ?? [],
            CronJobs = crons ?? [],
            Autoscalers = autoscalers ?? [],
            Quotas = quotas ?? [],
        };

    public static DiagnosisResult Diagnose(ClusterSnapshot snapshot)
    {
        var result = new Diagnosis(DiagnosticsSetup.Analyzers).Run(snapshot, CancellationToken.None);
        Assert.Empty(result.BrokenAnalyzers);
        return result;
    }

    public static IReadOnlyList<string> Rules(ClusterSnapshot snapshot) => [.. Diagnose(snapshot).Findings.Select(f => f.Rule)];

    /// <summary>The one finding there is.</summary>
    public static Finding Only(ClusterSnapshot snapshot) => Assert.Single(Diagnose(snapshot).Findings);
}
