using Anycast.Core.Common.Sealing;
using Hangfire;

namespace Anycast.Web.Hosting;

/// <summary>What the start does about master keys: makes the service's own keys, says which master key is missing, has the rest wrapped anew.</summary>
public static partial class MasterKeyStart
{
    /// <summary>Makes the service's own keys before anybody needs them; says loudly when it cannot, and goes on: health says so too.</summary>
    public static async Task PrepareKeysAsync(this WebApplication app, CancellationToken ct)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(MasterKeyStart).FullName!);
        foreach (var key in (await app.Services.GetRequiredService<MasterKeyUsage>().ReadAsync(ct)).Where(k => k.IsMissing))
        {
            Missing(log, key.KeyId ?? "of records without an id", key.Total);
        }

        try
        {
            app.Services.GetRequiredService<ServiceKeys>().Get(ServiceKeys.PasswordPepper);
        }
        catch (UnknownMasterKeyException e)
        {
            NoServiceKeys(log, e.Message);
        }
    }

    /// <summary>At start, and hourly for what a replica with an older key as its current one has added meanwhile.</summary>
    public static void ScheduleRewrap(this IServiceProvider services)
    {
        var target = services.GetRequiredService<MasterKeys>().Current.Id;
        services.GetRequiredService<IRecurringJobManager>().AddOrUpdate<KeyRewrap>("rewrap-keys", job => job.RunAsync(target, CancellationToken.None), Cron.Hourly(30));
        services.GetRequiredService<IKeyRewrapQueue>().Enqueue(target);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The master key {KeyId} is missing: {Count} keys are wrapped by it. Configure it as Anycast__MasterKeysReadable__0; until then they stay as they are.")]
    private static partial void Missing(ILogger log, string keyId, int count);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Nobody can sign in: {Reason} Nothing was changed.")]
    private static partial void NoServiceKeys(ILogger log, string reason);
}

/// <summary>Runs it as a job, on any replica.</summary>
internal sealed class KeyRewrapQueue(IBackgroundJobClient jobs) : IKeyRewrapQueue
{
    public void Enqueue(string targetKeyId) => jobs.Enqueue<KeyRewrap>(job => job.RunAsync(targetKeyId, CancellationToken.None));
}
