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
