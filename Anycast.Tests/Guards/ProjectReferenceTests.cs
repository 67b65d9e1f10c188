using System.Reflection;
using System.Xml.Linq;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>Dependencies between projects point down (DESIGN §3).</summary>
public sealed class ProjectReferenceTests
{
    public static TheoryData<string, string[]> Allowed => new()
    {
        { "Anycast.Tunnel", [] },
        { "Anycast.Sandbox", [] },
        { "Anycast.Core", ["Anycast.Tunnel"] },
        { "Anycast.Agent", ["Anycast.Tunnel"] },
        { "Anycast.Web", ["Anycast.Core", "Anycast.Tunnel", "Anycast.Agent", "Anycast.Sandbox"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void ProjectReferences_OfEachProject_PointDown(string project, string[] allowed)
    {
        var references = Elements(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Replace('\\', '/')));
        Assert.Empty(references.Except(allowed));
    }

    [Theory]
    [InlineData("Anycast.Core")]
    [InlineData("Anycast.Tunnel")]
    public void FrameworkReference_OfCoreAndTunnel_IsAbsent(string project)
    {
        Assert.Empty(Elements(project, "FrameworkReference"));
        Assert.Equal("Microsoft.NET.Sdk", XDocument.Load(RepositoryRoot.At(project, project + ".csproj")).Root!.Attribute("Sdk")!.Value);
        string[] web = ["Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Mvc", "Microsoft.AspNetCore.Components", "Microsoft.AspNetCore.Routing"];
        var names = Assembly.Load(project).GetReferencedAssemblies().Select(a => a.Name!);
        Assert.DoesNotContain(names, name => web.Any(w => name.StartsWith(w, StringComparison.Ordinal)));
    }

    [Fact]
    public void Packages_OfTheAgent_HoldNoDatabaseNoIdentityNoModel()
    {
        string[] refused = ["EntityFrameworkCore", "Identity", "Extensions.AI", "OpenAI", "Anthropic", "Yarp", "Hangfire", "MudBlazor", "MailKit"];
        var names = Assembly.Load("Anycast.Agent").GetReferencedAssemblies().Select(a => a.Name!).Concat(Elements("Anycast.Agent", "PackageReference"));
        Assert.DoesNotContain(names, name => refused.Any(r => name.Contains(r, StringComparison.OrdinalIgnoreCase)));
    }

    private static IEnumerable<string> Elements(string project, string name) =>
        XDocument.Load(RepositoryRoot.At(project, project + ".csproj")).Descendants(name).Select(e => e.Attribute("Include")!.Value);
}
