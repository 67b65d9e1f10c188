using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Microsoft.Extensions.Configuration;

namespace Anycast.Tests.Data.Keys;

/// <summary>Where master keys come from, and what is said when one is not where it should be.</summary>
[PolicyClause("S03")]
public sealed class MasterKeySourceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Keys_FromSettings_AreOneThatWrapsAndOthersThatRead()
    {
        var (current, next, old) = (KeyHosts.NewKey(), KeyHosts.NewKey(), KeyHosts.NewKey());
        var keys = Read(own: null, ("Anycast:MasterKey", current), ("Anycast:MasterKeysReadable:0", next), ("Anycast:MasterKeysReadable:1", ""), ("Anycast:MasterKeysReadable:2", " " + old + "\n"), ("Anycast:MasterKeysReadable:3", current));
        Assert.Equal(KeyHosts.IdOf(current), keys.Current.Id);
        Assert.Equal(KeyHosts.IdOf(current), keys.Ids[0]);
        Assert.Equal(new[] { current, next, old }.Select(KeyHosts.IdOf).Order(), keys.Ids.Order());
    }

    [Fact]
    public void Keys_FromFiles_AreMasterKeyAndWhateverLiesBesideIt()
    {
        var own = _directory.File("keys");
        var made = Read(own).Current.Id;
        var other = KeyHosts.NewKey();
        File.WriteAllText(Path.Combine(own, "2026-11.key"), other + "\n");
        File.WriteAllText(Path.Combine(own, "README"), "no key");
        Assert.Equal([made, KeyHosts.IdOf(other)], Read(own).Ids);

        // The same from a directory that is named, as secrets are mounted; but none is made there.
        Assert.Equal([made, KeyHosts.IdOf(other)], Read(own: null, ("Anycast:MasterKeyDirectory", own)).Ids);
        Assert.Contains("master.key", Assert.Throws<ConfigurationException>(() => Read(own: null, ("Anycast:MasterKeyDirectory", _directory.Path))).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_directory.Path));

        // A key in the settings is the only one; a file of an earlier time does not come back by itself.
        Assert.Equal([KeyHosts.IdOf(other)], Read(own, ("Anycast:MasterKey", other)).Ids);
    }

    [Fact]
    public void Start_WithADatabaseWhoseKeyIsGone_FailsAndMakesNone()
    {
        var database = _directory.File(DataSetup.SqliteFile);
        File.WriteAllText(database, "");
        var error = Assert.Throws<ConfigurationException>(() => Read(_directory.File("keys")));
        Assert.Contains("is missing", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory.File("keys")));
    }

    [Fact]
    public void Start_WithAReadableKeyThatIsNone_FailsAndNamesIt() => Assert.Contains(
        "MasterKeysReadable:1",
        Assert.Throws<ConfigurationException>(() => Read(own: null, ("Anycast:MasterKey", KeyHosts.NewKey()), ("Anycast:MasterKeysReadable:1", "short"))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Id_OfAKey_IsItsOwnAndHoldsNothingOfIt()
    {
        var key = KeyHosts.NewKey();
        Assert.Matches("^[0-9a-f]{16}$", KeyHosts.IdOf(key));
        Assert.Equal(KeyHosts.IdOf(key), KeyHosts.IdOf(key));
        Assert.NotEqual(KeyHosts.IdOf(key), KeyHosts.IdOf(KeyHosts.NewKey()));
        Assert.DoesNotContain(KeyHosts.IdOf(key), Convert.ToHexStringLower(Convert.FromBase64String(key)), StringComparison.Ordinal);
    }

    private MasterKeys Read(string? own, params (string Key, string Value)[] settings) => MasterKeySource.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Key, s.Value))).Build(),
        _directory.Path, own, _directory.File(DataSetup.SqliteFile));
}
