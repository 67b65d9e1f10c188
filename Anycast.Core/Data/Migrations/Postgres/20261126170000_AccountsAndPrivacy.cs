using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Anycast.Core.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class AccountsAndPrivacy : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_ActivityEntries_TeamId_LastAt",
                table: "ActivityEntries");

            migrationBuilder.AddColumn<bool>(
                name: "HasShortPassword",
                table: "Users",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "RestrictedAt",
                table: "Users",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "UsedAt",
                table: "AccountTokens",
                type: "bigint",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "MarketingConsents",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    UserId = table.Column<Guid>(type: "uuid", nullable: false),
                    IsGranted = table.Column<bool>(type: "boolean", nullable: false),
                    TextVersion = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    At = table.Column<long>(type: "bigint", nullable: false),
                    Source = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    Ip = table.Column<string>(type: "character varying(45)", maxLength: 45, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_MarketingConsents", x => x.Id);
                    table.ForeignKey(
                        name: "FK_MarketingConsents_Users_UserId",
                        column: x => x.UserId,
                        principalTable: "Users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "TeamActivityEntries",
                columns: table => new
                {
                    TeamId = table.Column<Guid>(type: "uuid", nullable: false),
                    Seq = table.Column<long>(type: "bigint", nullable: false),
                    UserId = table.Column<Guid>(type: "uuid", nullable: false),
                    UserName = table.Column<string>(type: "character varying(400)", maxLength: 400, nullable: false),
                    Operation = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: false),
                    Result = table.Column<int>(type: "integer", nullable: false),
                    TargetKind = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: false),
                    TargetId = table.Column<string>(type: "character varying(400)", maxLength: 400, nullable: false),
                    TargetName = table.Column<string>(type: "character varying(400)", maxLength: 400, nullable: false),
                    Detail = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    At = table.Column<long>(type: "bigint", nullable: false),
                    LastAt = table.Column<long>(type: "bigint", nullable: false),
                    Count = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_TeamActivityEntries", x => new { x.TeamId, x.Seq });
                    table.ForeignKey(
                        name: "FK_TeamActivityEntries_Teams_TeamId",
                        column: x => x.TeamId,
                        principalTable: "Teams",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_ActivityEntries_TeamId",
                table: "ActivityEntries",
                column: "TeamId");

            migrationBuilder.CreateIndex(
                name: "IX_MarketingConsents_UserId_At",
                table: "MarketingConsents",
                columns: new[] { "UserId", "At" });

            migrationBuilder.CreateIndex(
                name: "IX_TeamActivityEntries_UserId",
                table: "TeamActivityEntries",
                column: "UserId");

            // What the streams showed until now stays in them: the newest thousand of each team.
            migrationBuilder.Sql(
                """
                INSERT INTO "TeamActivityEntries" ("TeamId", "Seq", "UserId", "UserName", "Operation", "Result", "TargetKind", "TargetId", "TargetName", "Detail", "At", "LastAt", "Count")
                SELECT "TeamId", "N", "UserId", "UserName", "Operation", "Result", "TargetKind", "TargetId", "TargetName", "Detail", "At", "LastAt", "Count"
                FROM (SELECT e.*, ROW_NUMBER() OVER (PARTITION BY e."TeamId" ORDER BY e."LastAt", e."UserId", e."Seq") AS "N", COUNT(*) OVER (PARTITION BY e."TeamId") AS "All"
                      FROM "ActivityEntries" e JOIN "Teams" t ON t."Id" = e."TeamId") x
                WHERE "N" > "All" - 1000
                """);
            migrationBuilder.Sql("""INSERT INTO "UserCounters" ("UserId", "Log", "LastSeq", "Count") SELECT "TeamId", 5, MAX("Seq"), COUNT(*) FROM "TeamActivityEntries" GROUP BY "TeamId" """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""DELETE FROM "UserCounters" WHERE "Log" = 5""");
            migrationBuilder.DropTable(
                name: "MarketingConsents");

            migrationBuilder.DropTable(
                name: "TeamActivityEntries");

            migrationBuilder.DropIndex(
                name: "IX_ActivityEntries_TeamId",
                table: "ActivityEntries");

            migrationBuilder.DropColumn(
                name: "HasShortPassword",
                table: "Users");

            migrationBuilder.DropColumn(
                name: "RestrictedAt",
                table: "Users");

            migrationBuilder.DropColumn(
                name: "UsedAt",
                table: "AccountTokens");

            migrationBuilder.CreateIndex(
                name: "IX_ActivityEntries_TeamId_LastAt",
                table: "ActivityEntries",
                columns: new[] { "TeamId", "LastAt" });
        }
    }
}
