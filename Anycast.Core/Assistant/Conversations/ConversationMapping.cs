using Anycast.Core.Accounts;
using Anycast.Core.Clusters;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Assistant.Conversations;

internal sealed class ConversationMapping : IEntityTypeConfiguration<Conversation>
{
    public void Configure(EntityTypeBuilder<Conversation> builder)
    {
        builder.HasKey(c => new { c.UserId, c.Seq });
        builder.ClusterByKey();
        builder.HasIndex(c => c.Id).IsUnique();
        builder.HasIndex(c => new { c.UserId, c.TeamId, c.UpdatedAt });
        builder.Property(c => c.Title).HasMaxLength(AssistantLimits.TitleLength);
        builder.Property(c => c.Draft).HasMaxLength(AssistantLimits.DraftLength);
        builder.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Team>().WithMany().HasForeignKey(c => c.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Cluster>().WithMany().HasForeignKey(c => c.ClusterId).OnDelete(DeleteBehavior.SetNull);
        builder.HasMany(c => c.Messages).WithOne().HasForeignKey(m => new { m.UserId, m.ConversationSeq }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class MessageMapping : IEntityTypeConfiguration<Message>
{
    public void Configure(EntityTypeBuilder<Message> builder)
    {
        // Texts are long: a table without row ids would keep them in the key's tree and slow every look-up, so these lie apart.
        builder.HasKey(m => new { m.UserId, m.ConversationSeq, m.Seq });
        builder.Property(m => m.Text).HasMaxLength(AssistantLimits.AnswerLength);
        builder.Property(m => m.Provider).HasMaxLength(60);
        builder.Property(m => m.Model).HasMaxLength(120);
        builder.HasIndex(m => new { m.State, m.LeaseUntil });
        builder.HasMany(m => m.ToolCalls).WithOne().HasForeignKey(t => new { t.UserId, t.ConversationSeq, t.MessageSeq }).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ToolCallMapping : IEntityTypeConfiguration<ToolCall>
{
    public void Configure(EntityTypeBuilder<ToolCall> builder)
    {
        builder.HasKey(t => new { t.UserId, t.ConversationSeq, t.MessageSeq, t.Index });
        builder.Property(t => t.CallId).HasMaxLength(200);
        builder.Property(t => t.Name).HasMaxLength(64);
        builder.Property(t => t.Arguments).HasMaxLength(AssistantLimits.ArgumentsLength);
        builder.Property(t => t.Code).HasMaxLength(80);
        builder.Property(t => t.Output).HasMaxLength(AssistantLimits.ToolOutputLength);
    }
}
