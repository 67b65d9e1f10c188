using Anycast.Core.Assistant.BuiltIn;

namespace Anycast.Tests.Assistant;

/// <summary>What the built-in assistant understands, in both languages.</summary>
public sealed class QuestionTests
{
    [Theory]
    [InlineData("Why is checkout failing?", "Diagnose", "en", "checkout", null)]
    [InlineData("Warum schlägt checkout fehl?", "Diagnose", "de", "checkout", null)]
    [InlineData("Warum geht der Service payments nicht?", "Diagnose", "de", "payments", null)]
    [InlineData("what's wrong with the recommendations deployment in namespace shop?", "Diagnose", "en", "recommendations", "shop")]
    [InlineData("Was ist mit cart im Namespace shop los?", "Diagnose", "de", "cart", "shop")]
    [InlineData("why does shop/checkout crash", "Diagnose", "en", "checkout", "shop")]
    [InlineData("checkout-api", "Diagnose", "en", "checkout-api", null)]
    [InlineData("What is broken?", "Overview", "en", null, null)]
    [InlineData("Was ist kaputt?", "Overview", "de", null, null)]
    [InlineData("Gibt es Probleme im Namespace shop?", "Overview", "de", null, "shop")]
    [InlineData("list pods in shop", "List", "en", null, "shop")]
    [InlineData("Zeige alle Pods in shop", "List", "de", null, "shop")]
    [InlineData("show nodes", "List", "en", null, null)]
    [InlineData("Welche Nodes gibt es?", "List", "de", null, null)]
    [InlineData("describe deployment checkout", "Describe", "en", "checkout", null)]
    [InlineData("Beschreibe das Deployment checkout in shop", "Describe", "de", "checkout", "shop")]
    [InlineData("fix it", "Fix", "en", null, null)]
    [InlineData("Behebe es bitte", "Fix", "de", null, null)]
    [InlineData("Repariere checkout", "Fix", "de", "checkout", null)]
    [InlineData("help", "Help", "en", null, null)]
    [InlineData("Hilfe", "Help", "de", null, null)]
    [InlineData("Was kannst du?", "Help", "de", null, null)]
    [InlineData("What can you do?", "Help", "en", null, null)]
    [InlineData("Which node is under pressure?", "List", "en", null, null)]
    [InlineData("Welcher Knoten steht unter Druck?", "List", "de", null, null)]
    [InlineData("Which pods are crashing?", "List", "en", null, null)]
    [InlineData("Why are pods pending?", "Overview", "en", null, null)]
    [InlineData("What is wrong with the ingress in payments?", "Overview", "en", null, "payments")]
    [InlineData("Wie viele Pods laufen?", "List", "de", null, null)]
    [InlineData("is the checkout deployment failing?", "Diagnose", "en", "checkout", null)]
    [InlineData("scale storefront to 5", "Scale", "en", "storefront", null)]
    [InlineData("Skaliere storefront auf 5", "Scale", "de", "storefront", null)]
    [InlineData("Starte checkout neu", "Restart", "de", "checkout", null)]
    [InlineData("Why does checkout restart all the time?", "Diagnose", "en", "checkout", null)]
    [InlineData("resume it please", "Fix", "en", null, null)]
    [InlineData("zeige logs von checkout", "Log", "de", "checkout", null)]
    [InlineData("show me the secret db-credentials", "Secret", "en", "db-credentials", null)]
    [InlineData("Why does ledger fail, is a secret missing?", "Diagnose", "en", "ledger", null)]
    [InlineData("Lösche alle Pods", "Delete", "de", null, null)]
    [InlineData("vielen Dank", "Thanks", "de", null, null)]
    [InlineData("thank you very much", "Thanks", "en", null, null)]
    [InlineData("Guten Morgen", "Greeting", "de", null, null)]
    [InlineData("yes please", "Yes", "en", null, null)]
    [InlineData("please write me a long poem about the sea and its many fishes tonight", "Unknown", "en", null, null)]
    public void Parse_Question_IsUnderstood(string text, string intent, string language, string? name, string? ns)
    {
        var question = Question.Parse(text);
        Assert.Equal((intent, language), (question.Intent.ToString(), question.Culture.Name));
        if (intent != "Unknown")
        {
            Assert.Equal((name, ns), (question.Name, question.Namespace));
        }
    }

    [Theory]
    [InlineData("checkout", "de", "Was ist kaputt?", "ok")]
    [InlineData("checkout", "en", "Was ist kaputt?", "What is broken?")]
    [InlineData("checkout", "en")]
    [InlineData("why is it failing?", "en", "Was ist kaputt?")]
    public void Parse_WordsThatTellNoLanguage_SpeakThatOfTheQuestionsBefore(string text, string language, params string[] earlier) =>
        Assert.Equal(language, Question.Parse(text, earlier).Culture.Name);

    [Fact]
    public void Parse_AskedAboutAnObject_ThisIsThatObject()
    {
        var question = Question.Parse("[About Deployment/shop/checkout]\nWhy is this failing?");
        Assert.Equal(("Diagnose", "Deployment", "shop", "checkout"), (question.Intent.ToString(), question.Kind, question.Namespace, question.Name));
        Assert.Equal(("Diagnose", "worker-1"), (Question.Parse("[About Node//worker-1]\nWas ist los?").Intent.ToString(), Question.Parse("[About Node//worker-1]\nWas ist los?").Name));
    }

    [Theory]
    [InlineData("why is ../../etc/passwd failing")]
    [InlineData("warum geht $(rm -rf) nicht")]
    [InlineData("`' OR 1=1 --")]
    [InlineData("\u202eevil")]
    public void Parse_Nonsense_GivesNoNameThatKubernetesWouldNotAllow(string text)
    {
        var question = Question.Parse(text);
        Assert.True(question.Name is null || Core.Common.Tools.KubernetesNames.IsName(question.Name) || question.Name.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '/' or '\''));
    }
}
