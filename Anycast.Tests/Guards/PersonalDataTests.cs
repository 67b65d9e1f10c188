using System.Reflection;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Anycast.Tests.Guards;

/// <summary>Every persisted property says what it is for the law's purposes (DESIGN promise 6).</summary>
public sealed class PersonalDataTests
{
    [Fact]
    public void Properties_OfEveryEntity_AreClassified()
    {
        using var db = new SqliteDesignTime().CreateDbContext([]);
        var all = db.Model.GetEntityTypes().SelectMany(e => PropertiesOf(e)).ToList();
        Assert.True(all.Count > 50, "The walk over the model found too little to be true.");
        var unclassified = all.Where(p => ClassOf(p) is null).Select(p => $"{p.DeclaringType.DisplayName()}.{p.Name}").ToList();
        Assert.True(unclassified.Count == 0, "Not classified: " + string.Join(", ", unclassified));
    }

    [Fact]
    public void Rules_OfDataClasses_CoverEveryClass() =>
        Assert.Equal(Enum.GetValues<DataClass>().Order(), DataClasses.Rules.Keys.Order());

    [Fact]
    public void Credentials_OfEveryEntity_AreNeverExported() =>
        Assert.All([DataClass.Credential, DataClass.TypedValue], c => Assert.False(DataClasses.Rules[c].Exported));

    private static IEnumerable<IProperty> PropertiesOf(ITypeBase type) =>
        type.GetProperties().Concat(type.GetComplexProperties().SelectMany(c => PropertiesOf(c.ComplexType)));

    /// <summary>By attribute, by the mapping's annotation, or, within a library's owned type, by that of the type.</summary>
    private static DataClass? ClassOf(IProperty property)
    {
        if (property.PropertyInfo?.GetCustomAttribute<ClassifiedAttribute>() is { } attribute)
        {
            return attribute.Class;
        }

        if (property[ModelExtensions.ClassAnnotation] is int value)
        {
            return (DataClass)value;
        }

        return property.DeclaringType[ModelExtensions.ClassAnnotation] is int whole ? (DataClass)whole : null;
    }
}
