using Anycast.Core.Accounts;
using Anycast.Core.Assistant;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Anycast.Tests.Harness;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Anycast.Tests.Guards;

/// <summary>What is configured wrongly is said at start, in the operator's words.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("Anycast:Accounts:BcryptCost", "20", "BcryptCost must be between 4 and 14")]
    [InlineData("Anycast:Accounts:PepperId", "a$b", "PepperId must be")]
    [InlineData("Anycast:Sessions:Preset", "Forever", "Preset must be one of Policy, Relaxed, Aal1, Aal2")]
    [InlineData("Anycast:Mail:SmtpSecurity", "Maybe", "SmtpSecurity must be StartTls, SslOnConnect or None")]
    [InlineData("Anycast:Mail:FromAddress", "nobody at all", "FromAddress is not a mail address")]
    [InlineData("Anycast:Mail:FromAddress", "nomail", "FromAddress is not a mail address")]
    [InlineData("Anycast:Assistant:Providers:0:Kind", "Foo", "Providers holds an entry that cannot be read")]
    public void Start_WithAWrongSetting_FailsAndNamesIt(string key, string value, string message)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();
        using var services = new ServiceCollection().AddAccounts(configuration).AddMail(configuration).AddAssistant(configuration).BuildServiceProvider();
        var error = Assert.ThrowsAny<Exception>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Start_OnPostgresWithoutMasterKey_FailsAndNamesIt()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Anycast:Data:Postgres", "Host=nowhere")]).Build();
        var error = Assert.Throws<ConfigurationException>(() => new ServiceCollection().AddData(configuration, Path.GetTempPath()));
        Assert.Contains("Anycast__MasterKey", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("bm90IHRoaXJ0eS10d28gYnl0ZXM=")]
    public void Start_WithAMasterKeyThatIsNone_FailsAndSaysHowToMakeOne(string key)
    {
        using var directory = new TempDirectory();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Anycast:MasterKey", key), new("Anycast:Data:Directory", directory.Path)]).Build();
        var error = Assert.Throws<ConfigurationException>(() => new ServiceCollection().AddData(configuration, directory.Path));
        Assert.Contains("openssl rand -base64 32", error.Message, StringComparison.Ordinal);
    }
}
