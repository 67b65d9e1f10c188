using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Terms;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Identity;

namespace Anycast.Tests.Data.Keys;

/// <summary>What people noticed of a rotation.</summary>
internal sealed record RotationResult(
    int Pages, int SignOuts, int FailedPages, int Opened, int Unopened, int Verified, int Unverified, int ReadableAfter, TimeSpan Took, IReadOnlyCollection<string> Troubles);

/// <summary>
/// Replicas on one PostgreSQL: each a process that serves pages to people who are signed in, and beside it the services of Core with the same keys,
/// which open and seal secrets and verify passwords. Each stage of the rotation kills and starts one after the other.
/// </summary>
internal sealed class RotationUnderLoad : IAsyncDisposable
{
    private const int People = 6;
    private readonly string _old = KeyHosts.NewKey();
    private readonly string _new = KeyHosts.NewKey();
    private readonly List<AppProcess> _processes = [];
    private readonly CoreHost[] _cores;
    private readonly List<CoreHost> _retired = [];
    private readonly List<string> _cookies = [];
    private readonly ConcurrentQueue<string> _troubles = new();
    private readonly TestDatabase _database;
    private List<SealedRecord> _records = [];
    private string _hash = "";
    private int _pages, _signOuts, _failedPages, _opened, _unopened, _verified, _unverified;

    private RotationUnderLoad(TestDatabase database, int replicas)
    {
        _database = database;
        _cores = new CoreHost[replicas];
    }

    public static async Task<RotationUnderLoad> StartAsync(int replicas, int records)
    {
        var rotation = new RotationUnderLoad(await KeyHosts.FreshAsync(TestProvider.Postgres), replicas);
        try
        {
            await rotation.PrepareAsync(records);
            return rotation;
        }
        catch
        {
            await rotation.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tells everybody of the new key, makes it current, waits until all is wrapped anew, removes the old one.</summary>
    public async Task<RotationResult> RunAsync()
    {
        var began = Stopwatch.GetTimestamp();
        using var stop = new CancellationTokenSource();
        var load = Task.Run(() => LoadAsync(stop.Token));
        try
        {
            await StageAsync(_old, _new);
            await StageAsync(_new, _old);
            await Eventually.TrueAsync(async () => await _cores[0].CountAsync(KeyHosts.IdOf(_old)) == 0, "the replicas' own job has wrapped everything anew", TimeSpan.FromMinutes(3));
            await StageAsync(_new);
        }
        finally
        {
            await stop.CancelAsync();
        }

        await load;
        var took = Stopwatch.GetElapsedTime(began);
        return new RotationResult(_pages, _signOuts, _failedPages, _opened, _unopened, _verified, _unverified, await _cores[0].ReadableAsync(_records), took, _troubles);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        foreach (var core in _cores.OfType<CoreHost>().Concat(_retired))
        {
            await core.DisposeAsync();
        }

        await _database.DisposeAsync();
    }

    private async Task PrepareAsync(int records)
    {
        for (var i = 0; i < _cores.Length; i++)
        {
            _cores[i] = KeyHosts.Start(_database, _old);
        }

        _records = await _cores[0].SealAsync(records);
        _hash = await _cores[0].Get<PasswordHasher>().HashAsync(CoreHost.Password, default);
        await MakePeopleAsync();
        var settings = new Dictionary<string, string?>(KeyHosts.Settings(_old)) { ["Anycast:Data:Postgres"] = _database.Postgres };
        _processes.AddRange(await Task.WhenAll(_cores.Select(_ => AppProcess.StartAsync(settings, TimeSpan.FromMinutes(3)))));
    }

    /// <summary>People whose sessions and cookies are as a replica makes them; it goes before the others come.</summary>
    private async Task MakePeopleAsync()
    {
        using var app = new InProcessApp(new Dictionary<string, string?>(KeyHosts.Settings(_old)) { ["Anycast:Data:Postgres"] = _database.Postgres });
        using var client = app.CreateClient();
        await using var db = await _cores[0].OpenAsync();
        for (var i = 0; i < People; i++)
        {
            var user = app.Services.NewUser($"person{i}@example.org", "Person");
            user.EmailConfirmed = true;
            user.TermsVersion = new TermsOptions().Version;
            db.Users.Add(user);
            await db.SaveChangesAsync();
            _cookies.Add(await app.Services.SessionCookieAsync(ActorFactory.For(user)));
        }
    }

    private async Task StageAsync(string current, params string[] readable)
    {
        // First the services beside the processes: whatever they still wrapped with the old key is there when the last process starts its job.
        for (var i = 0; i < _cores.Length; i++)
        {
            _retired.Add(Interlocked.Exchange(ref _cores[i], KeyHosts.Start(_database, current, readable)));
        }

        foreach (var process in _processes)
        {
            foreach (var (key, value) in KeyHosts.Settings(current, readable))
            {
                process.Set(key, value ?? "");
            }

            await process.RestartAsync(TimeSpan.FromMinutes(3));
        }
    }

    /// <summary>Without pause, but one thing after the other: the machine must be able to start processes meanwhile.</summary>
    private async Task LoadAsync(CancellationToken stop)
    {
        var random = new Random(1);
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var replica = i % _cores.Length;
            var core = Volatile.Read(ref _cores[replica]);
            await NoteAsync(async () =>
            {
                Count(await _records[random.Next(_records.Count)].IsReadableAsync(core), ref _opened, ref _unopened);
                if (i % 20 == 0)
                {
                    await PageAsync(_processes[i / 20 % _processes.Count], _cookies[i / 20 % _cookies.Count]);
                }

                if (i % 50 == 0)
                {
                    // New ones too, read at once by another replica.
                    var made = await core.SealOneAsync(i);
                    Count(await made.IsReadableAsync(Volatile.Read(ref _cores[(replica + 1) % _cores.Length])), ref _opened, ref _unopened);
                    Count(await core.Get<PasswordHasher>().VerifyAsync(_hash, CoreHost.Password, default) == PasswordVerificationResult.Success, ref _verified, ref _unverified);
                }
            });
        }
    }

    private static void Count(bool good, ref int goods, ref int bads)
    {
        if (good)
        {
            goods++;
        }
        else
        {
            bads++;
        }
    }

    /// <summary>A page of somebody who is signed in. What a replica that was killed does not answer, a balancer would ask of another: it counts as nothing.</summary>
    private async Task PageAsync(AppProcess process, string cookie)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/me/profile");
            request.Headers.Add("Cookie", cookie);
            using var answer = await process.Client.SendAsync(request, CancellationToken.None);
            _pages++;
            if (answer.StatusCode == HttpStatusCode.Redirect)
            {
                _signOuts++;
                _troubles.Enqueue($"Sent to {answer.Headers.Location}");
            }
            else if (answer.StatusCode != HttpStatusCode.OK)
            {
                _failedPages++;
                _troubles.Enqueue($"{(int)answer.StatusCode} of {process.Address}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            // It was killed, or is starting.
        }
    }

    private async Task NoteAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _troubles.Enqueue(e.ToString());
        }
    }
}
