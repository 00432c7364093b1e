package lockstep.replication.link.netty;

import io.netty.channel.ChannelPipeline;

/// What stands between the socket and the messages. It is put in first, so nothing of ours sees a
/// byte that it has not passed.
@FunctionalInterface
public interface LinkSecurity {
    /// A link that is trusted as it is.
    LinkSecurity PLAIN = (_, _) -> {};

    /// Adds its handlers to the empty `pipeline` of a new connection.
    void secure(ChannelPipeline pipeline, boolean dialling);
}
