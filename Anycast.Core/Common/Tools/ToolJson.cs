using System.ComponentModel;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Anycast.Core.Common.Tools;

/// <summary>How tools read and write JSON.</summary>
public static class ToolJson
{
    /// <summary>For output: snake case, empty values left out, umlauts and arrows as they are (it goes to a model, not into HTML).</summary>
    public static readonly JsonSerializerOptions Options = Make(strict: false);

    /// <summary>For arguments: unknown members, missing members and nulls for non-nullable members are refused.</summary>
    public static readonly JsonSerializerOptions Strict = Make(strict: true);

    /// <summary>Schema of an argument record, with the descriptions of its members and no others allowed.</summary>
    public static JsonElement SchemaOf<T>()
    {
        var node = Strict.GetJsonSchemaAsNode(typeof(T), new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, schema) =>
            {
                if (schema is not JsonObject map)
                {
                    return schema;
                }

                var provider = context.PropertyInfo?.AttributeProvider ?? context.TypeInfo.Type;
                var described = provider.GetCustomAttributes(typeof(DescriptionAttribute), false).OfType<DescriptionAttribute>().FirstOrDefault()
                    ?? context.PropertyInfo?.AssociatedParameter?.AttributeProvider?.GetCustomAttributes(typeof(DescriptionAttribute), false).OfType<DescriptionAttribute>().FirstOrDefault();
                if (described is not null)
                {
                    map.Insert(0, "description", described.Description);
                }

                return map;
            },
        });
        var root = (JsonObject)node;
        // The root of a tool's arguments is an object for every provider, never "object or null".
        root["type"] = "object";
        return JsonSerializer.SerializeToElement(root);
    }

    private static JsonSerializerOptions Make(bool strict)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            PropertyNameCaseInsensitive = false,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            RespectNullableAnnotations = strict,
            RespectRequiredConstructorParameters = strict,
            UnmappedMemberHandling = strict ? JsonUnmappedMemberHandling.Disallow : JsonUnmappedMemberHandling.Skip,
            NumberHandling = JsonNumberHandling.Strict,
            MaxDepth = 32,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };
        options.Converters.Add(new JsonStringEnumConverter());
        options.MakeReadOnly();
        return options;
    }
}
