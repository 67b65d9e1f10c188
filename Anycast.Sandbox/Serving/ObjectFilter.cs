using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Serving;

/// <summary>Namespace and selectors of a list, watch or collection delete.</summary>
internal sealed record ObjectFilter(string Namespace, string Name, LabelSelector Labels, FieldSelector Fields)
{
    public bool HasSelectors => !Labels.IsEmpty || !Fields.IsEmpty;

    public static ObjectFilter Of(ApiRequest request, KindInfo kind)
    {
        var text = request.Query["labelSelector"].ToString();
        var labels = LabelSelector.Parse(text) ?? throw KubeErrors.BadRequest($"unable to parse requirement: found '{text}'");
        var fields = FieldSelector.Parse(request.Query["fieldSelector"].ToString(), kind.Storage, out var error) ?? throw KubeErrors.BadRequest(error);
        return new ObjectFilter(kind.Namespaced ? request.Namespace : "", request.Name, labels, fields);
    }

    public bool Matches(StoredObject obj) =>
        (Namespace.Length == 0 || obj.Namespace == Namespace)
        && (Name.Length == 0 || obj.Name == Name)
        && (Labels.IsEmpty || Labels.Matches(obj.Labels))
        && (Fields.IsEmpty || Fields.Matches(obj));
}
