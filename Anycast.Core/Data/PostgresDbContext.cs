using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Data;

/// <summary>The model on PostgreSQL, with its own migrations.</summary>
public sealed class PostgresDbContext(DbContextOptions<PostgresDbContext> options) : AppDbContext(options);
