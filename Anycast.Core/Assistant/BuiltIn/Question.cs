using System.Globalization;
using System.Text.RegularExpressions;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>What the built-in assistant understands.</summary>
internal enum Intent
{
    Unknown = 0,
    Help,

    /// <summary>What is broken at all?</summary>
    Overview,

    /// <summary>Why does this fail?</summary>
    Diagnose,
    List,
    Describe,

    /// <summary>Mend it.</summary>
    Fix,
}

/// <summary>A question, understood by words. German and English, decided by the words used.</summary>
/// <param name="Intent">What is wanted.</param>
/// <param name="Culture">The language of the question.</param>
/// <param name="Name">Name or part of a name of an object.</param>
/// <param name="Namespace">Namespace.</param>
/// <param name="Kind">Kubernetes kind.</param>
internal sealed partial record Question(Intent Intent, CultureInfo Culture, string? Name, string? Namespace, string? Kind)
{
    private static readonly CultureInfo German = CultureInfo.GetCultureInfo("de");
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");

    private static readonly Dictionary<string, string> Kinds = new(StringComparer.Ordinal)
    {
        ["pod"] = "Pod", ["pods"] = "Pod",
        ["deployment"] = "Deployment", ["deployments"] = "Deployment", ["deploy"] = "Deployment", ["workload"] = "Deployment", ["workloads"] = "Deployment",
        ["statefulset"] = "StatefulSet", ["statefulsets"] = "StatefulSet",
        ["daemonset"] = "DaemonSet", ["daemonsets"] = "DaemonSet",
        ["replicaset"] = "ReplicaSet", ["replicasets"] = "ReplicaSet",
        ["service"] = "Service", ["services"] = "Service", ["svc"] = "Service", ["dienst"] = "Service", ["dienste"] = "Service",
        ["ingress"] = "Ingress", ["ingresses"] = "Ingress",
        ["job"] = "Job", ["jobs"] = "Job",
        ["cronjob"] = "CronJob", ["cronjobs"] = "CronJob",
        ["node"] = "Node", ["nodes"] = "Node", ["knoten"] = "Node",
        ["namespace"] = "Namespace", ["namespaces"] = "Namespace", ["namensraum"] = "Namespace", ["namensräume"] = "Namespace",
        ["event"] = "Event", ["events"] = "Event", ["ereignis"] = "Event", ["ereignisse"] = "Event",
        ["pvc"] = "PersistentVolumeClaim", ["pvcs"] = "PersistentVolumeClaim", ["claim"] = "PersistentVolumeClaim", ["claims"] = "PersistentVolumeClaim", ["volumes"] = "PersistentVolumeClaim",
    };

    private static readonly HashSet<string> GermanWords = Words(
        "warum wieso weshalb was ist sind los mit der die das den dem ein eine einen nicht kein keine und oder auf von zu zeige zeig mir alle liste welche welcher welches wie geht läuft schlägt fehl kaputt defekt behebe beheben repariere hilfe kannst du bitte hat haben wo wer gibt es beschreibe fehler probleme startet funktioniert im knoten dienst dienste ereignisse noch jetzt");

    private static readonly HashSet<string> EnglishWords = Words(
        "why what which is are wrong with the a an not no and or on of to show list me all how does do did go running fail fails failing failed broken fix repair help can you please has have where who there describe error errors problems issues start starts work works working in now it my this that anything");

    /// <summary>Words that are no name of an object.</summary>
    private static readonly HashSet<string> NoNames = [.. GermanWords, .. EnglishWords, .. Kinds.Keys, .. Words(
        "cluster crash crashes crashing crashed crasht crashloop crashlooping abgestürzt stürzt ab down unhealthy healthy health status pending stuck hängt slow langsam reason cause grund ursache details detail info about über list liste diagnose diagnosis check prüfe prüfen untersuche look schau tell sag explain erkläre happening passiert keeps immer wieder restarting restart restarts neu neustart neustarts being up be for für from at by as into i we wir ich ihr so dann then there's what's whats isn't isnt doesn't doesnt won't wont can't cant wird werden wurde bei unter nach lässt sich kann könnte could should would try trying get getting gets got proposal vorschlag approve change änderung ready bereit available erreichbar unreachable responding respond antwortet going gerade denn eigentlich mal bloß app application anwendung everything alles something etwas ist's läuft's warnings warnung warnungen kaputte kaputten broken? out off ok okay todo tun machen make mach mache need needs that's thing things dinge namens named called heißt again repair reparieren heal heile heilen mend")];

    private static readonly HashSet<string> FixWords = Words("fix repair mend heal behebe beheben behebs repariere reparieren heile heilen");
    private static readonly HashSet<string> HelpWords = Words("help hilfe");
    private static readonly HashSet<string> ListWords = Words("list show liste zeige zeig which welche get");
    private static readonly HashSet<string> DescribeWords = Words("describe beschreibe details detail explain erkläre info");
    private static readonly HashSet<string> FaultWords = Words(
        "why warum wieso weshalb wrong los fail fails failing failed fehl fehler broken kaputt defekt crash crashes crashing crasht crashloop stürzt pending stuck hängt down unhealthy error errors problem problems probleme issue issues diagnose check prüfe untersuche restarting unreachable erreichbar startet funktioniert health status geht läuft passiert happening warnings warnungen kaputte kaputten");

    /// <summary>Understands a question. <c>[About Kind/namespace/name]</c> on its first line stands for "this".</summary>
    public static Question Parse(string text)
    {
        var about = About().Match(text);
        var body = about.Success ? text[about.Length..] : text;
        var tokens = Token().Matches(body.ToLowerInvariant()).Take(200).Select(m => m.Value.Trim('.', '-', '\'')).Where(t => t.Length > 0).ToList();
        var culture = Language(tokens);
        var ns = FindNamespace(tokens);
        var kind = tokens.Select(t => Kinds.GetValueOrDefault(t)).FirstOrDefault(k => k is not null);
        var name = FindName(tokens, ns);
        if (about.Success && name is null)
        {
            kind = about.Groups["kind"].Value;
            ns = about.Groups["ns"].Value is { Length: > 0 } of ? of : null;
            name = about.Groups["name"].Value;
        }

        bool Has(HashSet<string> words) => tokens.Exists(words.Contains);
        var intent = Has(FixWords) ? Intent.Fix
            : Has(DescribeWords) && name is not null && kind is not null ? Intent.Describe
            : Has(FaultWords) && name is not null ? Intent.Diagnose
            : Has(ListWords) && kind is not null && !Has(FaultWords) ? Intent.List
            : Has(HelpWords) || CanYou().IsMatch(body) ? Intent.Help
            : Has(FaultWords) ? Intent.Overview
            : kind is not null && name is null ? Intent.List
            : name is not null && tokens.Count <= 6 ? Intent.Diagnose
            : Intent.Unknown;
        return new Question(intent, culture, name, ns, kind);
    }

    private static CultureInfo Language(List<string> tokens)
    {
        var german = tokens.Count(GermanWords.Contains) + tokens.Count(t => t.Any(c => c is 'ä' or 'ö' or 'ü' or 'ß'));
        var english = tokens.Count(EnglishWords.Contains);
        return german > english ? German : English;
    }

    /// <summary>After <c>in</c>, <c>im</c>, <c>namespace</c>; or before <c>namespace</c>.</summary>
    private static string? FindNamespace(List<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i] is "namespace" or "namensraum" && i + 1 < tokens.Count && IsName(tokens[i + 1]))
            {
                return tokens[i + 1];
            }

            if (tokens[i] is "in" or "im" && i + 1 < tokens.Count && IsName(tokens[i + 1]))
            {
                return tokens[i + 1];
            }

            if (tokens[i] == "the" && i + 2 < tokens.Count && tokens[i + 2] == "namespace" && IsName(tokens[i + 1]))
            {
                return tokens[i + 1];
            }
        }

        return tokens.FirstOrDefault(t => t.Split('/') is [{ Length: > 0 }, { Length: > 0 }])?.Split('/')[0];
    }

    private static string? FindName(List<string> tokens, string? ns)
    {
        var path = tokens.FirstOrDefault(t => t.Split('/') is [{ Length: > 0 }, { Length: > 0 }]);
        return path is not null ? path.Split('/')[1] : tokens.FirstOrDefault(t => IsName(t) && t != ns);
    }

    private static bool IsName(string token) => !NoNames.Contains(token) && ObjectName().IsMatch(token);

    private static HashSet<string> Words(string words) => [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    [GeneratedRegex(@"\A\[About (?<kind>[A-Za-z0-9]{1,63})/(?<ns>[a-z0-9.-]{0,253})/(?<name>[a-z0-9.:-]{1,253})\]\s*", RegexOptions.CultureInvariant, 100)]
    private static partial Regex About();

    [GeneratedRegex(@"[\p{L}\p{N}][\p{L}\p{N}./'-]*", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Token();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,252}\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex ObjectName();

    [GeneratedRegex(@"what can you|was kannst du|wer bist du|who are you", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 100)]
    private static partial Regex CanYou();
}
