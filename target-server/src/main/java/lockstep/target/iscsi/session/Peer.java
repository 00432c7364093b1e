package lockstep.target.iscsi.session;

import io.netty.channel.Channel;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Where a connection comes from, and where it reached this target.
record Peer(InetAddress address, InetSocketAddress reached) {
    /// The ends of `channel`; one that is no TCP connection is taken for one on loopback.
    static Peer of(Channel channel) {
        InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        InetAddress from =
                channel.remoteAddress() instanceof InetSocketAddress remote
                        ? remote.getAddress()
                        : local.getAddress();
        return new Peer(
                from, channel.localAddress() instanceof InetSocketAddress own ? own : local);
    }

    /// Whether it came in on loopback, so from this machine.
    boolean isLoopback() {
        return reached.getAddress().isLoopbackAddress();
    }
}
