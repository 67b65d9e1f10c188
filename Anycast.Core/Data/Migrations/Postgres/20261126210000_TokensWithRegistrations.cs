using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Anycast.Core.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class TokensWithRegistrations : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_AccountTokens_UserId_Purpose",
                table: "AccountTokens");

            migrationBuilder.AddColumn<string>(
                name: "Networks",
                table: "ActivityEntries",
                type: "character varying(1800)",
                maxLength: 1800,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Ip",
                table: "AccountTokens",
                type: "character varying(45)",
                maxLength: 45,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Language",
                table: "AccountTokens",
                type: "character varying(5)",
                maxLength: 5,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Name",
                table: "AccountTokens",
                type: "character varying(400)",
                maxLength: 400,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "PasswordHash",
                table: "AccountTokens",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "Reach",
                table: "AccountTokens",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "TermsVersion",
                table: "AccountTokens",
                type: "character varying(40)",
                maxLength: 40,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_AccountTokens_UserId_Purpose",
                table: "AccountTokens",
                columns: new[] { "UserId", "Purpose" },
                unique: true,
                filter: "\"Purpose\" <> 4 AND \"Purpose\" <> 1");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_AccountTokens_UserId_Purpose",
                table: "AccountTokens");

            migrationBuilder.DropColumn(
                name: "Networks",
                table: "ActivityEntries");

            migrationBuilder.DropColumn(
                name: "Ip",
                table: "AccountTokens");

            migrationBuilder.DropColumn(
                name: "Language",
                table: "AccountTokens");

            migrationBuilder.DropColumn(
                name: "Name",
                table: "AccountTokens");

            migrationBuilder.DropColumn(
                name: "PasswordHash",
                table: "AccountTokens");

            migrationBuilder.DropColumn(
                name: "Reach",
                table: "AccountTokens");

            migrationBuilder.DropColumn(
                name: "TermsVersion",
                table: "AccountTokens");

            migrationBuilder.CreateIndex(
                name: "IX_AccountTokens_UserId_Purpose",
                table: "AccountTokens",
                columns: new[] { "UserId", "Purpose" },
                unique: true,
                filter: "\"Purpose\" <> 4");
        }
    }
}
