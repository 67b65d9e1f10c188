using Anycast.Core.Assistant.Conversations;

namespace Anycast.Tests.Assistant;

/// <summary>What people ask of the broken shop, in their words, and what must and must not stand in the answer.</summary>
public sealed class AskTheShopTests(AskTheShop shop) : IClassFixture<AskTheShop>
{
    /// <summary>Each claim about an answer: a part of it, or with ! what must not stand there.</summary>
    [Theory]
    [InlineData("Why is fraud-scorer pending?", "12 cpu + 96Gi memory", "requests.cpu", "requests.memory", "`status.allocatable.memory` = `32168Mi`", "Built-in assistant")]
    [InlineData("Warum wartet fraud-scorer?", "12 cpu + 96Gi memory", "Kein Node kann den Pod je aufnehmen", "requests.memory")]
    [InlineData("Which node is under pressure?", "worker-3", "1 of 6", "!in all")]
    [InlineData("Which nodes have memory pressure?", "worker-3", "1 of 6", "MemoryPressure")]
    [InlineData("Which nodes have disk pressure?", "DiskPressure`: none of 6", "!worker-3")]
    [InlineData("Welcher Knoten steht unter Druck?", "worker-3", "1 von 6", "!im Namen")]
    [InlineData("Der Ingress liefert 503, warum?", "Ingress", "Eingebauter Assistent", "!liefert", "!keinen Pod")]
    [InlineData("zeige logs von checkout", "Ich lese keine Logs", "Agent", "Warum schlägt checkout fehl?")]
    [InlineData("show me the logs of checkout", "I read no logs", "Agent")]
    [InlineData("show me the secret db-credentials", "never see Secrets")]
    [InlineData("Zeig mir das Passwort der Datenbank", "sehe ich nie")]
    [InlineData("Lösche alle Pods", "Ich lösche nichts")]
    [InlineData("delete the deployment checkout", "I delete nothing")]
    [InlineData("Why is the page checkout down in namespace payments?", "is in namespace `shop`, not in `payments`", "does not exist")]
    [InlineData("Wie viele Pods laufen?", "Pod, laufend:", " von ", "!kube-proxy", "!die schlechtesten")]
    [InlineData("How many pods are running?", "Pod, running:", " of ")]
    [InlineData("Was kostet Kubernetes?", "nicht verstanden", "Was ist kaputt?", "!keinen Fehler")]
    [InlineData("why is chekcout failing", "Nothing in this cluster is called `chekcout`", "Did you mean `checkout`?")]
    [InlineData("Warum geht chekcout nicht?", "heißt nichts `chekcout`", "Meinen Sie `checkout`?")]
    [InlineData("Why is the frobnicator failing?", "Nothing in this cluster is called `frobnicator`", "What is broken?")]
    [InlineData("What is broken in nirvana?", "There is no namespace `nirvana`", "!all checks passed")]
    [InlineData("Which pods are crashing?", "recommendations", "Pod, crashing:", "!Ingress", "!nightly-settlement", "!checkout")]
    [InlineData("show failing pods", "Pod, not in order:", "checkout", "!worker-3")]
    [InlineData("list pending pvcs", "analytics-data", "PersistentVolumeClaim, pending: 1 of", "!checkout")]
    [InlineData("What is wrong with the ingress in payments?", "payments-public", "One thing", "!fraud-scorer", "!checkout")]
    [InlineData("What is wrong with the ingress in shop?", "of kind Ingress in namespace `shop`", "!checkout")]
    [InlineData("Warum hängt analytics?", "fast-nvme", "!kommt nicht voran", "!zurückrollen")]
    [InlineData("Why is payments failing?", "fraud-scorer", "ledger", "!checkout")]
    [InlineData("hallo", "Guten Tag", "Was ist kaputt?")]
    [InlineData("scale foobar to 3", "Nothing in this cluster is called `foobar`")]
    [InlineData("scale storefront", "To how many")]
    public async Task Answer_SaysWhatIsThere(string question, params string[] claims)
    {
        var answer = await shop.AskAsync(question);
        Check(answer, claims);
    }

    [Fact]
    public async Task What_IsBroken_ThatIsNotShownIsCountedInWords()
    {
        var answer = await shop.AskAsync("What is broken?");
        Check(answer, "things are not in order", "!- …");
    }

    /// <summary>A ReplicaSet's name, and that of a pod that is gone: they lead to the workload that made them.</summary>
    [Fact]
    public async Task Pod_ByTheNameOfItsReplicaSetOrOfOneThatIsGone_LeadsToTheWorkload()
    {
        var pod = shop.PodOf("shop", "checkout");
        var set = pod[..pod.LastIndexOf('-')];
        Check(await shop.AskAsync($"Why is the pod {set} not starting"), "checkout", "does not exist");
        Check(await shop.AskAsync("Why is checkout-5d9f7c6b44-zzzzz not starting"), "checkout", "does not exist");
    }

    [Theory]
    [InlineData("scale storefront to 5", "storefront", "5")]
    [InlineData("Skaliere storefront auf 6", "storefront", "6")]
    [InlineData("Setze nightly-settlement fort", "nightly-settlement", "false")]
    [InlineData("resume nightly-settlement", "nightly-settlement", "false")]
    [InlineData("restart catalog", "catalog", null)]
    [InlineData("Starte catalog neu", "catalog", null)]
    public async Task Order_ForAWorkload_BecomesAProposal(string order, string name, string? value)
    {
        var answer = await shop.AskAsync(order);
        var call = answer.ToolCalls.Single(t => t.Name == "propose_change");
        Assert.NotNull(call.ProposalId);
        Assert.Contains($"\"{name}\"", call.Arguments, StringComparison.Ordinal);
        Assert.Contains(value ?? "Restart", call.Arguments, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_It_IsWhatWasLookedAt()
    {
        var answer = await shop.AskAsync("Why does nightly-settlement not run?", "resume it please");
        var call = answer.ToolCalls.Single(t => t.Name == "propose_change");
        Assert.Contains("nightly-settlement", call.Arguments, StringComparison.Ordinal);
        Check(await shop.AskAsync("What is broken?", "resume it"), "nightly-settlement", "!checkout");
    }

    [Fact]
    public async Task FollowUps_ThatAreShort_KeepTheLanguageOfTheConversation()
    {
        Check(await shop.AskAsync("Was ist kaputt?", "danke"), "Gern geschehen");
        Check(await shop.AskAsync("What is broken?", "thanks"), "You are welcome");
        Check(await shop.AskAsync("Warum geht chekcout nicht?", "ja"), "gibt es nicht", "2.4.1");
        Check(await shop.AskAsync("Warum geht checkout nicht?", "ok, mach das bitte"), "Zustimmen kann ich nicht");
        Check(await shop.AskAsync("Was ist mit ledger los?", "checkout"), "gibt es nicht");
    }

    private static void Check(Message answer, params string[] claims)
    {
        foreach (var claim in claims)
        {
            if (claim[0] == '!')
            {
                Assert.DoesNotContain(claim[1..], answer.Text, StringComparison.OrdinalIgnoreCase);
            }
            else
            {
                Assert.Contains(claim, answer.Text, StringComparison.Ordinal);
            }
        }
    }
}
