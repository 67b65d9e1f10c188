using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Anycast.Core.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class AlertsAndAnswers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(
                name: "ClusterId",
                table: "Messages",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "RunId",
                table: "Departures",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "NoticedExcess",
                table: "ClusterRights",
                type: "TEXT",
                maxLength: 64,
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateIndex(
                name: "IX_Departures_RunId",
                table: "Departures",
                column: "RunId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Departures_RunId",
                table: "Departures");

            migrationBuilder.DropColumn(
                name: "ClusterId",
                table: "Messages");

            migrationBuilder.DropColumn(
                name: "RunId",
                table: "Departures");

            migrationBuilder.DropColumn(
                name: "NoticedExcess",
                table: "ClusterRights");
        }
    }
}
