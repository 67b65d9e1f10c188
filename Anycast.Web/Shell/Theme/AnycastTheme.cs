using MudBlazor;

namespace Anycast.Web.Shell.Theme;

/// <summary>
/// What MudBlazor must know in C#: type and radius. Colours come from wwwroot/css/tokens.css through mud.css, because only
/// CSS can follow the system's scheme at the first paint; the palettes here are their light and dark values for the few places
/// where Mud computes with colours.
/// </summary>
public static class AnycastTheme
{
    private static readonly string[] _text = ["Inter", "system-ui", "sans-serif"];

    public static MudTheme Instance { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#0b6373",
            Secondary = "#525e66",
            Success = "#17692f",
            Info = "#1a56b4",
            Warning = "#815200",
            Error = "#b3202a",
            Background = "#f7f8f8",
            Surface = "#ffffff",
            TextPrimary = "#14191c",
            TextSecondary = "#525e66",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#4cc3d3",
            Secondary = "#a3b0b8",
            Success = "#56c26a",
            Info = "#74aefb",
            Warning = "#dca43a",
            Error = "#fb7b74",
            Background = "#0f1315",
            Surface = "#151a1d",
            TextPrimary = "#e7ecee",
            TextSecondary = "#a3b0b8",
        },
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "6px", AppbarHeight = "48px" },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = _text, FontSize = "14px", LineHeight = "1.45", LetterSpacing = "0" },
            H1 = new H1Typography { FontFamily = _text, FontSize = "20px", FontWeight = "620", LineHeight = "1.3", LetterSpacing = "-.012em" },
            H6 = new H6Typography { FontFamily = _text, FontSize = "15px", FontWeight = "600", LineHeight = "1.4", LetterSpacing = "0" },
            Subtitle1 = new Subtitle1Typography { FontFamily = _text, FontSize = "14px", LineHeight = "1.45", LetterSpacing = "0" },
            Subtitle2 = new Subtitle2Typography { FontFamily = _text, FontSize = "13px", FontWeight = "550", LineHeight = "1.45", LetterSpacing = "0" },
            Body1 = new Body1Typography { FontFamily = _text, FontSize = "14px", LineHeight = "1.45", LetterSpacing = "0" },
            Body2 = new Body2Typography { FontFamily = _text, FontSize = "13.5px", LineHeight = "1.45", LetterSpacing = "0" },
            Button = new ButtonTypography { FontFamily = _text, FontSize = "14px", FontWeight = "520", LineHeight = "1.4", LetterSpacing = "0", TextTransform = "none" },
            Caption = new CaptionTypography { FontFamily = _text, FontSize = "12.5px", LineHeight = "1.4", LetterSpacing = "0" },
        },
    };
}
