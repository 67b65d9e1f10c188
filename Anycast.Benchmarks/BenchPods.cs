using System.Globalization;
using System.Text.Json.Nodes;

namespace Anycast.Benchmarks;

/// <summary>Pods of the size that clusters have (about 5 KB of JSON each): labels, annotations, environment, probes, volumes, conditions.</summary>
internal static class BenchPods
{
    public static JsonObject Make(int i)
    {
        var c = CultureInfo.InvariantCulture;
        var app = "service-" + (i / 20).ToString(c);

        // One ReplicaSet has one template: its pods share the image.
        var image = string.Create(c, $"registry.example.com/shop/{app}:1.{i / 20 % 9}.0");
        var environment = string.Join(',', Enumerable.Range(0, 12).Select(e => $$$"""{"name":"SETTING_{{{e}}}","value":"value number {{{e}}} of {{{app}}}"}"""));
        var conditions = string.Join(',', new[] { "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled" }
            .Select(t => $$$"""{"type":"{{{t}}}","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:10Z"}"""));
        var probe = """{"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"initialDelaySeconds":5,"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}""";
        var digest = i.ToString("x64", c);
        var text = $$$"""
            {"kind":"Pod","apiVersion":"v1",
             "metadata":{"name":"{{{app}}}-7d9f8b6c5d-{{{i.ToString("00000", c)}}}","generateName":"{{{app}}}-7d9f8b6c5d-","namespace":"team-{{{i % 25}}}","uid":"{{{new Guid(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)}}}","creationTimestamp":"2026-01-01T00:00:00Z",
               "labels":{"app.kubernetes.io/name":"{{{app}}}","app.kubernetes.io/part-of":"shop","pod-template-hash":"7d9f8b6c5d"},
               "annotations":{"checksum/config":"{{{digest}}}","prometheus.io/scrape":"true","prometheus.io/port":"9090"},
               "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"{{{app}}}-7d9f8b6c5d","uid":"{{{new Guid(i / 20, 9, 2, 3, 4, 5, 6, 7, 8, 9, 10)}}}","controller":true,"blockOwnerDeletion":true}],
               "managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/name":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{}} },"f:spec":{"f:containers":{"k:{\"name\":\"main\"}":{".":{},"f:env":{".":{}},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{},"f:name":{},"f:ports":{},"f:readinessProbe":{},"f:resources":{}} },"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{}} }}]},
             "spec":{"volumes":[{"name":"config","configMap":{"name":"{{{app}}}","defaultMode":420}},{"name":"kube-api-access","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}],"defaultMode":420}}],
               "containers":[{"name":"main","image":"{{{image}}}","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"env":[{{{environment}}}],
                 "resources":{"limits":{"cpu":"500m","memory":"512Mi"},"requests":{"cpu":"50m","memory":"128Mi"} },"volumeMounts":[{"name":"config","readOnly":true,"mountPath":"/etc/app"},{"name":"kube-api-access","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],
                 "livenessProbe":{{{probe}}},"readinessProbe":{{{probe}}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","securityContext":{"runAsNonRoot":true,"allowPrivilegeEscalation":false}}],
               "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","nodeName":"node-{{{i % 100}}}","securityContext":{},"schedulerName":"default-scheduler",
               "tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},
             "status":{"phase":"Running","conditions":[{{{conditions}}}],"hostIP":"10.0.{{{i % 100}}}.1","podIP":"10.{{1 + (i / 62500)}}.{{{i / 250 % 250}}}.{{1 + (i % 250)}}","startTime":"2026-01-01T00:00:05Z","qosClass":"Burstable",
               "containerStatuses":[{"name":"main","state":{"running":{"startedAt":"2026-01-01T00:00:09Z"} },"lastState":{},"ready":true,"restartCount":{{{i % 3}}},"image":"{{{image}}}","imageID":"registry.example.com/shop/{{{app}}}@sha256:{{{digest}}}","containerID":"containerd://{{{digest}}}","started":true}]} }
            """;
        return JsonNode.Parse(text)!.AsObject();
    }
}
