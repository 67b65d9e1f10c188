using Anycast.Core.Diagnostics.Network;
using Anycast.Core.Diagnostics.Nodes;
using Anycast.Core.Diagnostics.Pods;
using Anycast.Core.Diagnostics.Storage;
using Anycast.Core.Diagnostics.Workloads;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Diagnostics;

/// <summary>The feature's door.</summary>
public static class DiagnosticsSetup
{
    /// <summary>Every analyzer of the product. Also used where there is no container (tests, benchmarks).</summary>
    public static IReadOnlyList<IAnalyzer> Analyzers { get; } =
    [
        new ImagePullAnalyzer(),
        new OutOfMemoryAnalyzer(),
        new CrashLoopAnalyzer(),
        new MissingReferenceAnalyzer(),
        new SchedulingAnalyzer(),
        new ProbeAnalyzer(),
        new EvictionAnalyzer(),
        new CreateFailureAnalyzer(),
        new RolloutAnalyzer(),
        new JobAnalyzer(),
        new AutoscalerAnalyzer(),
        new StuckDeletionAnalyzer(),
        new ServiceAnalyzer(),
        new IngressAnalyzer(),
        new ClaimAnalyzer(),
        new QuotaAnalyzer(),
        new NodeAnalyzer(),
    ];

    public static IServiceCollection AddDiagnostics(this IServiceCollection services) =>
        services.AddSingleton(new Diagnosis(Analyzers)).AddSingleton<DiagnosisService>();
}
