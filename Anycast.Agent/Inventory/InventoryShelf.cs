namespace Anycast.Agent.Inventory;

/// <summary>One list as it is to be written.</summary>
internal sealed record InventoryList(InventoryKind Kind, string Namespace, IReadOnlyList<InventoryItem> Items, bool Complete);

/// <summary>What the readers know, by kind and namespace, and which of it is not written yet. Thread-safe.</summary>
internal sealed class InventoryShelf
{
    private readonly Lock gate = new();
    private readonly Dictionary<InventoryKind, Shelf> shelves = InventoryKind.All.ToDictionary(k => k, _ => new Shelf());
    private readonly HashSet<(InventoryKind Kind, string Namespace)> dirty = [];

    /// <summary>Takes a whole list in the place of what was known.</summary>
    public void Replace(InventoryKind kind, IEnumerable<InventoryItem> items)
    {
        lock (gate)
        {
            var shelf = shelves[kind];
            var before = shelf.Items.Keys.ToList();
            shelf.Items.Clear();
            foreach (var item in items)
            {
                shelf.Of(item.Namespace)[Key(item)] = item;
            }

            shelf.IsRead = true;
            before.ForEach(ns => Note(kind, ns));

            // Of both kinds: a namespace that only the other kind knows has a list of this one too, an empty one.
            NoteEverything();
        }
    }

    public void Put(InventoryKind kind, InventoryItem item)
    {
        lock (gate)
        {
            var isNew = shelves.Values.All(s => !s.Items.ContainsKey(item.Namespace));
            var items = shelves[kind].Of(item.Namespace);
            if (items.TryGetValue(Key(item), out var before) && before with { ResourceVersion = "", Labels = [] } == item with { ResourceVersion = "", Labels = [] } && before.Labels.SequenceEqual(item.Labels))
            {
                return; // Only its data changed, which is nobody's business here.
            }

            items[Key(item)] = item;
            foreach (var other in isNew ? InventoryKind.All : [kind])
            {
                Note(other, item.Namespace);
            }
        }
    }

    public void Remove(InventoryKind kind, InventoryItem item)
    {
        lock (gate)
        {
            shelves[kind].Of(item.Namespace).Remove(Key(item));
            Note(kind, item.Namespace);
        }
    }

    /// <summary>Everything is to be written again: whoever reads it sees that it is still kept.</summary>
    public void NoteAll()
    {
        lock (gate)
        {
            NoteEverything();
        }
    }

    /// <summary>A list could not be written: it is next time, unless its namespace is gone.</summary>
    public void Return(InventoryList list)
    {
        lock (gate)
        {
            if (shelves.Values.Any(s => s.Items.ContainsKey(list.Namespace)))
            {
                Note(list.Kind, list.Namespace);
            }
        }
    }

    /// <summary>Takes what is to be written.</summary>
    public IReadOnlyList<InventoryList> Take()
    {
        lock (gate)
        {
            var lists = dirty.Where(d => shelves[d.Kind].IsRead).Select(List).ToList();
            dirty.RemoveWhere(d => shelves[d.Kind].IsRead);

            // A namespace without either kind is gone; its lists went with it.
            foreach (var shelf in shelves.Values)
            {
                shelf.Items.Where(i => i.Value.Count == 0).Select(i => i.Key).ToList().ForEach(ns => shelf.Items.Remove(ns));
            }

            return lists;
        }
    }

    private InventoryList List((InventoryKind Kind, string Namespace) what)
    {
        var items = shelves[what.Kind].Items.GetValueOrDefault(what.Namespace)?.Values ?? (IReadOnlyCollection<InventoryItem>)[];
        return new InventoryList(what.Kind, what.Namespace, [.. items.Where(i => i.Name.Length > 0).OrderBy(i => i.Name, StringComparer.Ordinal)], items.All(i => i.Name.Length > 0));
    }

    private void NoteEverything()
    {
        foreach (var ns in shelves.Values.SelectMany(s => s.Items.Keys).Distinct().ToList())
        {
            InventoryKind.All.ToList().ForEach(kind => Note(kind, ns));
        }
    }

    private void Note(InventoryKind kind, string ns) => dirty.Add((kind, ns));

    // An object whose name does not pass still counts: with it the list is not whole.
    private static string Key(InventoryItem item) => item.Name.Length > 0 ? item.Name : "?" + item.CreatedAt + item.ResourceVersion;

    private sealed class Shelf
    {
        public Dictionary<string, Dictionary<string, InventoryItem>> Items { get; } = new(StringComparer.Ordinal);

        /// <summary>The whole list was read once.</summary>
        public bool IsRead { get; set; }

        public Dictionary<string, InventoryItem> Of(string ns)
        {
            if (!Items.TryGetValue(ns, out var items))
            {
                Items[ns] = items = new Dictionary<string, InventoryItem>(StringComparer.Ordinal);
            }

            return items;
        }
    }
}
