using Anycast.Core.Agents.Install;

namespace Anycast.Tests.Deploy;

public sealed class InstallManifestTests
{
    private static readonly InstallValues s_values = new(new Uri("https://anycast.example.org:8443/x"), "tok-1", "registry.example.org/agent@sha256:" + new string('a', 64), Propose: false);

    [Fact]
    public void Render_Manifest_IsValidYamlAndHardened()
    {
        var documents = RoleReader.Documents(InstallManifest.Render(s_values));

        var deployment = documents.Single(d => RoleReader.Text(d, "kind") == "Deployment");
        var text = deployment.ToString();
        Assert.Contains("readOnlyRootFilesystem, true", text);
        Assert.Contains("runAsNonRoot, true", text);
        Assert.Contains("https://anycast.example.org:8443", text);
        Assert.DoesNotContain("/x", RoleReader.Text(deployment, "metadata", "name"));
        Assert.Contains("@sha256:", text);
        Assert.DoesNotContain(documents, d => RoleReader.Text(d, "metadata", "name") == "cluster-agent-propose");
    }

    [Fact]
    public void Render_TokenWithQuote_IsRefused() =>
        Assert.Throws<FormatException>(() => InstallManifest.Render(s_values with { Token = "a\"\nkind: Secret" }));

    [Theory]
    [InlineData("http://proxy.example.org:3128", "company-ca")]
    [InlineData("https://10.0.0.1", "")]
    [InlineData("http://[fd00::1]:8080/", "a.b")]
    [InlineData("", "company-ca")]
    [InlineData(null, null)]
    public void WayOut_OfTheGrammar_StandsInTheManifest(string? proxy, string? ca)
    {
        var deployment = RoleReader.Documents(InstallManifest.Render(s_values with { WayOut = WayOut.Parse(proxy, ca)! })).Single(d => RoleReader.Text(d, "kind") == "Deployment").ToString();

        Assert.Equal(!string.IsNullOrEmpty(proxy), deployment.Contains("HTTPS_PROXY", StringComparison.Ordinal));
        Assert.Contains(proxy ?? "", deployment, StringComparison.Ordinal);
        Assert.Equal(!string.IsNullOrEmpty(ca), deployment.Contains("ANYCAST_CA_FILE", StringComparison.Ordinal));
        Assert.Contains(ca ?? "", deployment, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://proxy\"\nkind: Secret", "")]
    [InlineData("http://user:word@proxy:3128", "")]
    [InlineData("http://proxy:0", "")]
    [InlineData("http://proxy:65536", "")]
    [InlineData("http://proxy:3128/path", "")]
    [InlineData("http://proxy:3128?x=1", "")]
    [InlineData("http://proxy:3128\n", "")]
    [InlineData("http://proxy,token=x", "")]
    [InlineData("http://{{ .Values.token }}", "")]
    [InlineData("socks5://proxy:1080", "")]
    [InlineData("proxy:3128", "")]
    [InlineData("", "a:b")]
    [InlineData("", "A")]
    [InlineData("", "a\"")]
    [InlineData("", "a\nb")]
    [InlineData("", "../a")]
    [InlineData("", "a;reboot")]
    public void WayOut_BeyondTheGrammar_IsNone(string proxy, string ca)
    {
        Assert.Null(WayOut.Parse(proxy, ca));
        Assert.Null(WayOut.Parse(proxy.Length == 0 ? "" : "http://" + new string('a', WayOut.ProxyLength), ca.Length == 0 ? "" : new string('a', WayOut.ConfigMapLength + 1)));
    }

    /// <summary>Helm itself is not needed for it: the chart's values are those of its file, and the templates are rendered with just these.</summary>
    [Fact]
    public void HelmCommand_OfAllValues_NamesThoseOfTheChart()
    {
        var command = InstallManifest.HelmCommand(s_values with { Propose = true, WayOut = WayOut.Parse("http://proxy:3128", "company-ca") });
        Assert.StartsWith("helm install cluster-agent deploy/agent/chart --set server=https://anycast.example.org:8443,token=tok-1,", command, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Anycast.Tests.Harness.RepositoryRoot.At("deploy", "agent", "chart")));

        var set = command[(command.IndexOf("--set ", StringComparison.Ordinal) + 6)..].Split(',').Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
        var values = RoleReader.Documents(File.ReadAllText(Anycast.Tests.Harness.RepositoryRoot.At("deploy", "agent", "chart", "values.yaml"))).Single();
        var names = values.Children.SelectMany(c => c.Value is YamlDotNet.RepresentationModel.YamlMappingNode inner ? inner.Children.Select(i => $"{c.Key}.{i.Key}") : [c.Key.ToString()]);
        Assert.Equal(names.Order(StringComparer.Ordinal), set.Keys.Order(StringComparer.Ordinal));

        // The same values make the same manifest.
        Assert.Equal(
            InstallManifest.Render(s_values with { Propose = true, WayOut = WayOut.Parse("http://proxy:3128", "company-ca") }),
            string.Join("---\n", InstallManifest.Templates.Select(name => ManifestTemplate.Render(InstallManifest.Read(name), set)).Where(t => t.Trim().Length > 0)));
        Assert.DoesNotContain("propose", InstallManifest.HelmCommand(s_values), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{- if .Values.a }}\n{{- if .Values.b }}\n{{- end }}\n{{- end }}")]
    [InlineData("{{- if .Values.a }}\nx: 1")]
    [InlineData("x: {{ .Values.a }}")]
    [InlineData("x: \"{{ .Values.unknown }}\"")]
    [InlineData("x: \"{{ .Release.Name }}\"")]
    [InlineData("x: \"{{ .Values.a | quote }}\"")]
    public void Render_BeyondTheSubset_IsRefused(string template) =>
        Assert.Throws<FormatException>(() => ManifestTemplate.Render(template, new Dictionary<string, string> { ["a"] = "1", ["b"] = "1" }));

    [Fact]
    public void Render_Condition_KeepsOrDropsItsLines()
    {
        const string Template = "a: 1\n{{- if .Values.on }}\nb: \"{{ .Values.on }}\"\n{{- end }}\nc: 3";

        Assert.Equal("a: 1\nb: \"yes\"\nc: 3\n", ManifestTemplate.Render(Template, new Dictionary<string, string> { ["on"] = "yes" }));
        Assert.Equal("a: 1\nc: 3\n", ManifestTemplate.Render(Template, new Dictionary<string, string> { ["on"] = "false" }));
    }
}
