using System.Reflection;
using Anycast.Core.Common;
using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Anycast.Web.Hosting;

/// <summary>What whoever starts the service reads when it cannot start for a reason that is theirs to mend: sentences, not frames.</summary>
public static class StartFailure
{
    /// <summary>Exit code of a start that failed on what is configured.</summary>
    public const int ExitCode = 2;

    /// <summary>The sentences; null for what is a defect of ours, whose trace is wanted, and in a process that is not our own.</summary>
    public static IReadOnlyList<string>? Explain(Exception exception) =>
        Assembly.GetEntryAssembly() == typeof(StartFailure).Assembly ? Sentences(exception) : null;

    internal static IReadOnlyList<string>? Sentences(Exception exception) => exception switch
    {
        ConfigurationException own => [own.Message],
        OptionsValidationException invalid => [.. invalid.Failures],
        AggregateException { InnerExceptions: var several } when several.All(e => Sentences(e) is not null) => [.. several.SelectMany(e => Sentences(e)!)],
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } unreadable => [unreadable.Message],
        IOException { InnerException: AddressInUseException } taken => [$"{taken.Message.TrimEnd('.')}. Choose another address with ASPNETCORE_URLS, for instance ASPNETCORE_URLS=http://localhost:5081."],
        SqliteException database => [$"The database in Anycast__Data__Directory cannot be used: {database.Message}"],
        UnauthorizedAccessException denied => [$"{denied.Message} Anycast__Data__Directory must be writable by the account that runs the service."],
        NpgsqlException database => [$"The database of Anycast__Data__Postgres cannot be used: {database.Message}"],
        _ => null,
    };

    /// <summary>Says it on the console.</summary>
    public static int Say(Exception exception)
    {
        foreach (var sentence in Explain(exception) ?? [exception.Message])
        {
            Console.Error.WriteLine($"Anycast cannot start: {sentence}");
        }

        return ExitCode;
    }
}
