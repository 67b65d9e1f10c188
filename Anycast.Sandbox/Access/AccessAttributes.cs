namespace Anycast.Sandbox.Access;

/// <summary>What is asked for, in the terms of RBAC.</summary>
/// <param name="Verb">get, list, watch, create, update, patch, delete, deletecollection.</param>
/// <param name="Group">API group, empty for core.</param>
/// <param name="Resource">Plural resource name.</param>
/// <param name="Subresource">Subresource, or empty.</param>
/// <param name="Namespace">Namespace, or empty for cluster scope.</param>
/// <param name="Name">Object name, or empty.</param>
internal sealed record AccessAttributes(string Verb, string Group, string Resource, string Subresource, string Namespace, string Name)
{
    /// <summary>As rules name it: <c>pods/log</c>.</summary>
    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";
}
