using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>The page of figures is what the tests wrote.</summary>
public sealed class FaultFiguresTests
{
    [Fact]
    public void Page_OfTheFigures_IsGeneratedFromTheData()
    {
        if (FaultFigures.Records)
        {
            FaultFigures.WriteReport();
        }

        Assert.Equal(FaultFigures.Render(FaultFigures.Load()), FaultFigures.Report());
    }
}
