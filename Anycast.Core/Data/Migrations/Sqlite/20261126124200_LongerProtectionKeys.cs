using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Anycast.Core.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class LongerProtectionKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // SQLite holds no text to a length: the column is the same before and after.
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // SQLite holds no text to a length: the column is the same before and after.
        }
    }
}
