using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Admission;
using Anycast.Sandbox.Controllers;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Kubelet;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Scenario;

/// <summary>
/// Adds generated pods by the thousand, as large as real ones (5 to 8 KB with managedFields), owned by Deployments and ReplicaSets
/// and spread over namespaces and nodes. They come finished: no controller has to bring them up.
/// </summary>
internal sealed class LoadGenerator(ResourceWriter writer, CanaryMint canaries, int seed)
{
    private const int Namespaces = 12;
    private const int PodsPerDeployment = 20;
    private const int CrashingEvery = 40;

    private static readonly (string App, string Image)[] _apps =
    [
        ("storefront", "storefront:5.12.3"), ("cart", "cart:1.9.0"), ("catalog", "catalog:3.2.1"), ("search", "search:0.14.2"), ("ledger", "ledger:1.5.3"), ("notifications", "notifications:2.0.1"),
    ];

    private readonly Random _random = new(seed);

    public void Add(int pods, DateTimeOffset now)
    {
        if (pods <= 0)
        {
            return;
        }

        var nodes = NodeFactory.Generated(pods);
        for (var i = 0; i < Namespaces; i++)
        {
            writer.Create(BuiltIn.Namespace, "", new JsonObject { ["metadata"] = new JsonObject { ["name"] = NamespaceOf(i), ["labels"] = new JsonObject { ["team"] = $"team-{i}" } } }, new WriteBy("kubectl-create"));
            NamespaceController.Furnish(NamespaceOf(i), writer);
        }

        var deployments = (pods + PodsPerDeployment - 1) / PodsPerDeployment;
        var index = 0;
        for (var d = 0; d < deployments; d++)
        {
            var count = Math.Min(PodsPerDeployment, pods - index);
            AddDeployment(d, count, index, nodes, now);
            index += count;
        }
    }

    private static string NamespaceOf(int index) => string.Create(CultureInfo.InvariantCulture, $"load-{(index % Namespaces) + 1:00}");

    private void AddDeployment(int number, int count, int first, IReadOnlyList<string> nodes, DateTimeOffset now)
    {
        var (app, image) = _apps[number % _apps.Length];
        var name = string.Create(CultureInfo.InvariantCulture, $"{app}-{number:0000}");
        var ns = NamespaceOf(number);
        var crashing = Enumerable.Range(first, count).Count(IsCrashing);
        var created = now.AddHours(-_random.Next(2, 900));
        var template = Template(name, app, image, ns);
        var deployment = Deployment(name, ns, count, crashing, template, created);
        AdmitDefaults(BuiltIn.Deployment, deployment);
        var hash = Parts.Hash(deployment.At("spec", "template"));
        var deployed = Load(BuiltIn.Deployment, deployment, null);
        var set = Load(BuiltIn.ReplicaSet, ReplicaSet(deployed, name, ns, hash, count, crashing, created), deployed);

        foreach (var isCrashing in new[] { false, true })
        {
            var mine = Enumerable.Range(first, count).Where(i => IsCrashing(i) == isCrashing).ToList();
            if (mine.Count > 0)
            {
                var text = new PodText(set, deployed.Json.Obj("spec", "template"), hash, created, now, isCrashing);
                writer.Store.Load(BuiltIn.Pod, mine.Select(i => (Func<long, StoredObject>)(version => text.Pod(nodes[i % nodes.Count], i, version, _random))));
            }
        }
    }

    private static bool IsCrashing(int index) => index % CrashingEvery == CrashingEvery - 1;

    private StoredObject Load(KindInfo kind, JsonObject obj, StoredObject? owner)
    {
        var metadata = obj.Ensure("metadata");
        if (owner is not null)
        {
            metadata["ownerReferences"] = new JsonArray(Parts.OwnerReference(owner));
        }

        return writer.Store.Write(kind, new ObjectKey(metadata.Str("namespace"), metadata.Str("name")), _ => obj, new WriteBy(Parts.Manager, WritePart.Everything))!;
    }

    private static void AdmitDefaults(KindInfo kind, JsonObject obj) => Defaults.Apply(kind, obj, isNew: true);

    private JsonObject Template(string name, string app, string image, string ns) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["labels"] = new JsonObject { ["app"] = name, ["app.kubernetes.io/name"] = app, ["app.kubernetes.io/part-of"] = "load", ["tier"] = "backend" },
            ["annotations"] = new JsonObject
            {
                ["prometheus.io/scrape"] = "true",
                ["prometheus.io/port"] = "8080",
                ["checksum/config"] = canaries.Mint("annotation", $"{ns}/{name}"),
            },
        },
        ["spec"] = new JsonObject
        {
            ["containers"] = new JsonArray(Container(app, "registry.shop.example/" + image, $"{ns}/{name}")),
            ["terminationGracePeriodSeconds"] = 30,
            ["affinity"] = new JsonObject
            {
                ["podAntiAffinity"] = new JsonObject
                {
                    ["preferredDuringSchedulingIgnoredDuringExecution"] = new JsonArray(new JsonObject
                    {
                        ["weight"] = 100,
                        ["podAffinityTerm"] = new JsonObject
                        {
                            ["labelSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
                            ["topologyKey"] = "kubernetes.io/hostname",
                        },
                    }),
                },
            },
        },
    };

    private JsonObject Container(string app, string image, string place)
    {
        JsonObject Probe(int period) => new() { ["httpGet"] = new JsonObject { ["path"] = "/healthz", ["port"] = "http" }, ["periodSeconds"] = period, ["failureThreshold"] = 3 };
        return new JsonObject
        {
            ["name"] = app,
            ["image"] = image,
            ["args"] = new JsonArray("--config=/etc/app/config.yaml", "--token=" + canaries.Mint("args", place)),
            ["env"] = new JsonArray(
                new JsonObject { ["name"] = "SERVICE_NAME", ["value"] = app },
                new JsonObject { ["name"] = "API_KEY", ["value"] = canaries.Shaped(place) },
                new JsonObject { ["name"] = "DATABASE_PASSWORD", ["value"] = canaries.Mint("env", place) },
                new JsonObject { ["name"] = "LOG_LEVEL", ["value"] = "info" },
                new JsonObject { ["name"] = "OTEL_EXPORTER_OTLP_ENDPOINT", ["value"] = "http://otel-collector.monitoring:4317" },
                new JsonObject { ["name"] = "POD_NAME", ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = "metadata.name" } } }),
            ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = 8080, ["name"] = "http" }),
            ["resources"] = new JsonObject
            {
                ["requests"] = new JsonObject { ["cpu"] = "50m", ["memory"] = "192Mi" },
                ["limits"] = new JsonObject { ["memory"] = "512Mi" },
            },
            ["readinessProbe"] = Probe(5),
            ["livenessProbe"] = Probe(10),
            ["securityContext"] = new JsonObject { ["runAsNonRoot"] = true, ["allowPrivilegeEscalation"] = false, ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") } },
        };
    }

    private static JsonObject Deployment(string name, string ns, int count, int crashing, JsonObject template, DateTimeOffset created)
    {
        var status = new JsonObject { ["observedGeneration"] = 1, ["replicas"] = count, ["updatedReplicas"] = count, ["readyReplicas"] = count - crashing, ["availableReplicas"] = count - crashing };
        if (crashing > 0)
        {
            status["unavailableReplicas"] = crashing;
        }

        Parts.SetCondition(status, "Available", true, "MinimumReplicasAvailable", "Deployment has minimum availability.", created);
        Parts.SetCondition(status, "Progressing", true, "NewReplicaSetAvailable", $"ReplicaSet \"{name}-{Parts.Hash(template)}\" has successfully progressed.", created);
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = ns,
                ["creationTimestamp"] = Json.Stamp(created),
                ["labels"] = new JsonObject { ["app"] = name },
                ["annotations"] = new JsonObject { ["deployment.kubernetes.io/revision"] = "1" },
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = count,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
                ["template"] = template,
            },
            ["status"] = status,
        };
    }

    private static JsonObject ReplicaSet(StoredObject deployment, string name, string ns, string hash, int count, int crashing, DateTimeOffset created)
    {
        var template = deployment.Json.Obj("spec", "template").Clone();
        template.Ensure("metadata", "labels")["pod-template-hash"] = hash;
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{name}-{hash}",
                ["namespace"] = ns,
                ["creationTimestamp"] = Json.Stamp(created),
                ["labels"] = template.Obj("metadata", "labels").Clone(),
                ["annotations"] = new JsonObject
                {
                    ["deployment.kubernetes.io/desired-replicas"] = count.ToString(CultureInfo.InvariantCulture),
                    ["deployment.kubernetes.io/max-replicas"] = (count + (count / 4)).ToString(CultureInfo.InvariantCulture),
                    ["deployment.kubernetes.io/revision"] = "1",
                },
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = count,
                ["minReadySeconds"] = 0,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name, ["pod-template-hash"] = hash } },
                ["template"] = template,
            },
            ["status"] = new JsonObject
            {
                ["replicas"] = count,
                ["fullyLabeledReplicas"] = count,
                ["readyReplicas"] = count - crashing,
                ["availableReplicas"] = count - crashing,
                ["observedGeneration"] = 1,
            },
        };
    }
}
