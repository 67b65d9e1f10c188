using System.Globalization;
using System.Text.Json;

namespace Anycast.Tunnel.Rows;

/// <summary>Short reads of projected JSON: what is absent, or of another type, reads as empty, zero or false.</summary>
public static class RowJson
{
    public static JsonElement At(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    public static JsonElement At(this JsonElement element, string first, string second) => element.At(first).At(second);

    public static JsonElement At(this JsonElement element, string first, string second, string third) => element.At(first).At(second).At(third);

    public static string Text(this JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString()! : "";

    public static int Int(this JsonElement element, int absent = 0) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var number) ? number : absent;

    public static long Long(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var number) ? number : 0;

    public static bool True(this JsonElement element) => element.ValueKind == JsonValueKind.True;

    public static bool Exists(this JsonElement element) => element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public static IEnumerable<JsonElement> Items(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];

    public static int Count(this JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.GetArrayLength() : 0;

    /// <summary>A time in UTC ticks, 0 when absent.</summary>
    public static long Ticks(this JsonElement element) =>
        element.ValueKind == JsonValueKind.String && element.TryGetDateTimeOffset(out var time) ? time.UtcTicks : 0;

    /// <summary>The condition of a type.</summary>
    public static JsonElement Condition(this JsonElement root, string type)
    {
        foreach (var condition in root.At("status", "conditions").Items())
        {
            if (condition.At("type").ValueKind == JsonValueKind.String && condition.At("type").ValueEquals(type))
            {
                return condition;
            }
        }

        return default;
    }

    public static bool Is(this JsonElement condition, string status) =>
        condition.At("status") is { ValueKind: JsonValueKind.String } value && value.ValueEquals(status);

    /// <summary>A Kubernetes quantity in units of 1/1000 when <paramref name="millis"/>, else in whole units; 0 when absent.</summary>
    public static long Quantity(this JsonElement element, bool millis = false)
    {
        var text = element.ValueKind == JsonValueKind.Number ? element.GetRawText() : element.Text();
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.'))
        {
            digits++;
        }

        if (!decimal.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return 0;
        }

        var factor = text[digits..] switch
        {
            "" => 1m,
            "m" => 0.001m,
            "u" => 0.000001m,
            "n" => 0.000000001m,
            "k" => 1e3m,
            "M" => 1e6m,
            "G" => 1e9m,
            "T" => 1e12m,
            "P" => 1e15m,
            "E" => 1e18m,
            "Ki" => 1024m,
            "Mi" => 1048576m,
            "Gi" => 1073741824m,
            "Ti" => 1099511627776m,
            "Pi" => 1125899906842624m,
            "Ei" => 1152921504606846976m,
            var e when e[0] is 'e' or 'E' && int.TryParse(e[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) && Math.Abs(power) <= 18 => (decimal)Math.Pow(10, power),
            _ => 0m,
        };
        try
        {
            return (long)Math.Ceiling(number * factor * (millis ? 1000m : 1m));
        }
        catch (OverflowException)
        {
            return long.MaxValue;
        }
    }
}
