namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>The words that the built-in assistant knows, German and English.</summary>
internal static class Vocabulary
{
    public static readonly Dictionary<string, string> Kinds = new(StringComparer.Ordinal)
    {
        ["pod"] = "Pod", ["pods"] = "Pod",
        ["deployment"] = "Deployment", ["deployments"] = "Deployment", ["deploy"] = "Deployment", ["workload"] = "Deployment", ["workloads"] = "Deployment",
        ["statefulset"] = "StatefulSet", ["statefulsets"] = "StatefulSet",
        ["daemonset"] = "DaemonSet", ["daemonsets"] = "DaemonSet",
        ["replicaset"] = "ReplicaSet", ["replicasets"] = "ReplicaSet",
        ["service"] = "Service", ["services"] = "Service", ["svc"] = "Service", ["dienst"] = "Service", ["dienste"] = "Service",
        ["ingress"] = "Ingress", ["ingresses"] = "Ingress", ["ing"] = "Ingress",
        ["job"] = "Job", ["jobs"] = "Job",
        ["cronjob"] = "CronJob", ["cronjobs"] = "CronJob",
        ["node"] = "Node", ["nodes"] = "Node", ["knoten"] = "Node",
        ["namespace"] = "Namespace", ["namespaces"] = "Namespace", ["namensraum"] = "Namespace", ["namensräume"] = "Namespace",
        ["event"] = "Event", ["events"] = "Event", ["ereignis"] = "Event", ["ereignisse"] = "Event",
        ["pvc"] = "PersistentVolumeClaim", ["pvcs"] = "PersistentVolumeClaim", ["claim"] = "PersistentVolumeClaim", ["claims"] = "PersistentVolumeClaim", ["volume"] = "PersistentVolumeClaim", ["volumes"] = "PersistentVolumeClaim",
    };

    public static readonly HashSet<string> German = Words(
        "warum wieso weshalb was ist sind los mit der die das den dem ein eine einen nicht kein keine und oder auf von zu zeige zeig mir alle liste welche welcher welches welchen wie viele geht läuft laufen schlägt fehl kaputt defekt behebe beheben repariere hilfe kannst du bitte hat haben wo wer gibt es beschreibe fehler probleme startet funktioniert im knoten dienst dienste ereignisse noch jetzt danke dank vielen hallo moin servus guten morgen tag abend steht unter druck liefert kostet skaliere skalieren lösche löschen entferne starte ja setze fort liegt hängt wartet ausgesetzt protokolle");

    public static readonly HashSet<string> English = Words(
        "why what which is are wrong with the a an not no and or on of to show list me all how many does do did go running fail fails failing failed broken fix repair help can you please has have where who there describe error errors problem problems issue issues start starts work works working now it my this that anything thanks thank hello hi hey good morning yes under pressure scale delete remove restart resume down");

    public static readonly HashSet<string> Why = Words("why warum wieso weshalb wrong los ursache cause reason grund woran");
    public static readonly HashSet<string> Fix = Words("fix repair mend heal behebe beheben behebs repariere reparieren heile heilen");
    public static readonly HashSet<string> Resume = Words("resume unsuspend fortsetzen fort reaktiviere reaktivieren");
    public static readonly HashSet<string> Help = Words("help hilfe");
    public static readonly HashSet<string> List = Words("list show liste zeige zeig which welche welcher welches welchen get");
    public static readonly HashSet<string> Count = Words("many viele count anzahl");
    public static readonly HashSet<string> Describe = Words("describe beschreibe details detail explain erkläre info");
    public static readonly HashSet<string> Scale = Words("scale skaliere skalieren skalier");
    public static readonly HashSet<string> Restart = Words("restart neustarten starte");
    public static readonly HashSet<string> Delete = Words("delete remove destroy drop kill evict lösche löschen lösch entferne entfernen zerstöre");
    public static readonly HashSet<string> Secret = Words("secret secrets geheimnis geheimnisse password passwords passwort passwörter credentials zugangsdaten token tokens");
    public static readonly HashSet<string> Log = Words("log logs logfile logfiles logausgabe logausgaben protokoll protokolle stdout");
    public static readonly HashSet<string> Thanks = Words("danke dank dankeschön merci thanks thank thx");
    public static readonly HashSet<string> Greeting = Words("hallo moin servus hello hi hey guten good grüezi");
    public static readonly HashSet<string> Yes = Words("yes yep sure ja jo jawohl gern gerne approve approved genehmige genehmigt bestätige bestätigen zustimmen einverstanden apply anwenden ausführen");

    public static readonly HashSet<string> Fault = Words(
        "why warum wieso weshalb wrong los fail fails failing failed fehl fehler broken kaputt defekt crash crashes crashing crasht crashloop stürzt stürzen pending stuck hängt hängen down unhealthy error errors problem problems probleme issue issues diagnose check prüfe untersuche restarting unreachable erreichbar startet funktioniert funktionieren health status geht gehen läuft laufen passiert happening warnings warnungen kaputte kaputten slow langsam timeout timeouts 500 502 503 504 wartet tut");

    private static readonly HashSet<string> Unhealthy = Words("failing fails failed broken unhealthy down kaputt kaputte kaputten defekt defekte fehlerhaft fehlerhafte ungesund ungesunde stuck hängt hängen");
    private static readonly HashSet<string> Crashing = Words("crash crashes crashing crashed crasht crashloop crashlooping stürzt stürzen abgestürzt abgestürzte restarting");
    private static readonly HashSet<string> Pending = Words("pending wartend wartende wartenden wartet warten unscheduled unschedulable");
    private static readonly HashSet<string> Pressure = Words("pressure druck memorypressure diskpressure pidpressure speicherdruck");
    private static readonly HashSet<string> Running = Words("running run runs läuft laufen laufende laufenden");
    private static readonly HashSet<string> Suspended = Words("suspended paused ausgesetzt ausgesetzte angehalten angehaltene pausiert pausierte");
    private static readonly HashSet<string> Not = Words("not nicht isn't aren't isnt arent don't doesn't kein keine");

    /// <summary>Words that are no name of an object.</summary>
    public static readonly HashSet<string> NoNames =
    [
        .. German, .. English, .. Kinds.Keys, .. Why, .. Fix, .. Resume, .. Help, .. List, .. Count, .. Describe, .. Scale, .. Restart, .. Delete, .. Secret, .. Log,
        .. Thanks, .. Greeting, .. Yes, .. Fault, .. Unhealthy, .. Crashing, .. Pending, .. Pressure, .. Running, .. Suspended, .. Not,
        .. Words("cluster kubernetes k8s crashes ab healthy health status langsam details über diagnosis prüfen look schau tell sag passiert keeps immer wieder restart restarts neu neustart neustarts being up be been was were for für from at by as into in i we wir ich ihr sie uns unser our so dann then there's what's whats isn't isnt doesn't doesnt won't wont can't cant wird werden wurde bei nach lässt sich kann könnte could should would must muss soll will try trying get getting gets got proposal vorschlag change änderung ready bereit available going gerade denn eigentlich mal bloß app application anwendung page seite site website webseite everything alles something etwas ist's läuft's warnung out off ok okay todo tun machen make mach mache need needs that's thing things dinge namens named called heißt again immediately sofort very much sehr again nochmal thing any einer einem eines des am zum zur vom also too auch only nur just both beide beiden these those diese dieser dieses diesen them they he she him his her its their stehen liegen gibt's return returns returning liefern gives give antwortet antworten respond responds responding zeigt zeigen says sagt since seit today heute yesterday gestern currently aktuell trouble starting starten memory speicher disk festplatte pid replicas replikas replica replika instanzen instances copies kopien fully more less mehr weniger one two zwei drei"),
    ];

    /// <summary>In which state objects are asked for.</summary>
    public static State StateOf(IReadOnlyCollection<string> tokens)
    {
        bool Has(HashSet<string> words) => tokens.Any(words.Contains);
        return Has(Pressure) ? State.Pressure
            : Has(Pending) ? State.Pending
            : Has(Crashing) ? State.Crashing
            : Has(Suspended) ? State.Suspended
            : Has(Unhealthy) || Has(Not) ? State.Unhealthy
            : Has(Running) ? State.Running
            : State.Any;
    }

    private static HashSet<string> Words(string words) => [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}

/// <summary>A state in which objects are asked for.</summary>
internal enum State
{
    Any = 0,
    Unhealthy,
    Crashing,
    Pending,
    Pressure,
    Running,
    Suspended,
}
