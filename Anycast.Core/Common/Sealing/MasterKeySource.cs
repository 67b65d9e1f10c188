using Microsoft.Extensions.Configuration;

namespace Anycast.Core.Common.Sealing;

/// <summary>
/// Where master keys come from: <c>Anycast:MasterKey</c> and <c>Anycast:MasterKeysReadable</c>, or files of a directory, in which <c>master.key</c>
/// is the current one and every other <c>*.key</c> is readable. With SQLite the directory is <c>keys</c> within the data directory unless configured,
/// and the first start makes the key; with PostgreSQL the key must be given.
/// </summary>
internal static class MasterKeySource
{
    public const string CurrentFile = "master.key";

    /// <summary>Reads all keys.</summary>
    /// <param name="root">Where a relative <c>Anycast:MasterKeyDirectory</c> starts.</param>
    /// <param name="ownDirectory">Where a key may be made; null where it must be given.</param>
    /// <param name="database">The database's file beside <paramref name="ownDirectory"/>.</param>
    /// <exception cref="ConfigurationException">There is none, or one is no key.</exception>
    public static MasterKeys Read(IConfiguration configuration, string root, string? ownDirectory, string database)
    {
        var configured = configuration["Anycast:MasterKey"] is { Length: > 0 } value ? MasterKey.FromConfiguration(value) : null;
        var directory = configuration["Anycast:MasterKeyDirectory"] is { Length: > 0 } given ? Path.GetFullPath(given, root) : null;
        var current = configured ?? (directory is not null ? FromDirectory(directory) : MakeOrRead(ownDirectory, database));
        var files = directory ?? (configured is null ? ownDirectory : null);
        return new MasterKeys(current, Listed(configuration).Concat(files is null ? [] : OthersIn(files)));
    }

    private static MasterKey FromDirectory(string directory)
    {
        var file = Path.Combine(directory, CurrentFile);
        return File.Exists(file)
            ? MasterKey.FromConfiguration(File.ReadAllText(file), file)
            : throw new ConfigurationException($"Anycast__MasterKeyDirectory is set, and there is no {file}.");
    }

    private static MasterKey MakeOrRead(string? directory, string database)
    {
        if (directory is null)
        {
            throw new ConfigurationException("With PostgreSQL, set Anycast__MasterKey (32 random bytes in base64, the same on every replica). It must not live in the database.");
        }

        var file = Path.Combine(directory, CurrentFile);

        // A new key beside an old database would open nothing of it, and hide that the right one is missing.
        return File.Exists(file) || !File.Exists(database)
            ? MasterKey.FromFile(file)
            : throw new ConfigurationException($"There is a database, {database}, and its master key, {file}, is missing. Put the key back (docs/keys.md says what can be done when it is lost).");
    }

    private static IEnumerable<MasterKey> Listed(IConfiguration configuration) => configuration.GetSection("Anycast:MasterKeysReadable").GetChildren()
        .Where(c => !string.IsNullOrWhiteSpace(c.Value)).Select(c => MasterKey.FromConfiguration(c.Value!, c.Path));

    private static IEnumerable<MasterKey> OthersIn(string directory) => Directory.EnumerateFiles(directory, "*.key").Order(StringComparer.Ordinal)
        .Where(f => Path.GetFileName(f) != CurrentFile).Select(f => MasterKey.FromConfiguration(File.ReadAllText(f), f));
}
