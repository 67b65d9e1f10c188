using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Data;

/// <summary>The model on SQLite, with its own migrations.</summary>
public sealed class SqliteDbContext(DbContextOptions<SqliteDbContext> options) : AppDbContext(options);
