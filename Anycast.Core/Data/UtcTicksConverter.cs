using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Anycast.Core.Data;

/// <summary>An instant as its UTC ticks (bigint).</summary>
internal sealed class UtcTicksConverter() : ValueConverter<DateTimeOffset, long>(
    instant => instant.UtcTicks,
    ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
