using System.Globalization;
using Anycast.Core.Common.Tools;
using Anycast.Core.Diagnostics;
using Anycast.Tunnel.Operations;
using static Anycast.Core.Assistant.BuiltIn.BuiltInPlan;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>Plans that end in a proposal: mending what was found, and scaling or restarting a workload because a person wants it.</summary>
internal static class Changes
{
    public static Step Fix(Transcript transcript, Naming naming, Wording say)
    {
        if (Last(transcript, "propose_change") is not null)
        {
            return new Step(say.End(say["Proposed"]));
        }

        var question = naming.Question;
        if (Last(transcript, "diagnose") is not { } diagnosed)
        {
            // "Fix it": it is what was looked at last.
            var earlier = transcript.Before.LastOrDefault(a => a.Name == "diagnose" && a.Error is null);
            var name = question.Name ?? Argument(earlier, "name");
            var ns = question.Namespace ?? Argument(earlier, "namespace");
            return Call(transcript, Join(naming.Remark, say.LookAt(name, ns)), "diagnose", new()
            {
                ["name"] = name,
                ["namespace"] = ns,
                ["kind"] = question.Resume && name is null ? "CronJob" : null,
            });
        }

        // What is to be resumed was suspended: another fault's fix is not meant.
        var findings = Findings(diagnosed).Findings.Where(f => !question.Resume || f.SuggestedFix?.Operation is OperationNames.Suspend or OperationNames.Cordon).ToList();
        var fixable = findings.FirstOrDefault(f => f.SuggestedFix is not null && !f.Symptom) ?? findings.FirstOrDefault(f => f.SuggestedFix is not null);
        if (fixable is null)
        {
            return new Step(say.End(findings.Count > 0 ? Answers.NoFix(say, findings) : say[question.Resume ? "NothingToResume" : "NothingToFix"]));
        }

        return Propose(transcript, say.Title(fixable) + "\n\n" + say.Offer(fixable.SuggestedFix!), fixable.SuggestedFix!);
    }

    /// <summary>Scale and restart: which workload, how many, and the proposal.</summary>
    public static Step OfWorkload(Transcript transcript, Naming naming, Wording say)
    {
        var question = naming.Question;
        if (Last(transcript, "propose_change") is not null)
        {
            return new Step(say.End(say["Proposed"]));
        }

        var scales = question.Intent == Intent.Scale;
        if (question.Candidates.Count == 0 || Last(transcript, "find_by_name") is not { } found)
        {
            return new Step(say.End(say[scales ? "ScaleWhat" : "RestartWhat"]));
        }

        var workloads = Naming.Workloads(question, found).Where(w => !scales || w.RootKind != "DaemonSet").DistinctBy(w => (w.RootKind, w.Namespace, w.RootName)).ToList();
        if (workloads.Count != 1)
        {
            return new Step(say.End(workloads.Count == 0
                ? say.Format("NoWorkload", Wording.Code(question.Name))
                : say["Several"] + "\n\n" + string.Join('\n', workloads.Select(w => $"- {w.RootKind} {Wording.Code($"{w.Namespace}/{w.RootName}")}"))));
        }

        var target = workloads[0];
        var label = $"{target.RootKind} {Wording.Code($"{target.Namespace}/{target.RootName}")}";
        if (scales && question.Number is null)
        {
            return new Step(say.End(say.Format("ScaleHowMany", label, target.RootName)));
        }

        var number = question.Number?.ToString(CultureInfo.InvariantCulture);
        return Call(transcript, Join(naming.Remark, scales ? say.Format("ScaleOffer", label, number) : say.Format("RestartOffer", label)), "propose_change", new()
        {
            ["operation"] = scales ? OperationNames.Scale : OperationNames.Restart,
            ["kind"] = target.RootKind,
            ["name"] = target.RootName,
            ["namespace"] = target.Namespace,
            ["changes"] = scales ? new[] { new DiagnosedChange("spec.replicas", number) } : [],
        });
    }

    public static Step Propose(Transcript transcript, string text, DiagnosedFix fix) => Call(transcript, text, "propose_change", new()
    {
        ["operation"] = fix.Operation,
        ["kind"] = fix.Kind,
        ["name"] = fix.Name,
        ["namespace"] = fix.Namespace.Length == 0 ? null : fix.Namespace,
        ["changes"] = fix.Changes,
    });
}
