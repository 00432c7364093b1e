package lockstep.target;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.util.UUID;

/// A partner as a copy's durable state names it: `uuid@host:port`. The address may be empty, for a
/// partner that dials and is not dialled.
record PeerName(UUID uuid, String address) {
    /// Reads what [#toString] wrote; null if it is nothing of the kind.
    static @Nullable PeerName parse(String text) {
        int at = text.indexOf('@');
        if (at < 0) {
            return null;
        }
        try {
            return new PeerName(UUID.fromString(text.substring(0, at)), text.substring(at + 1));
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /// The address, looked up; null if there is none or it is not host:port.
    @Nullable InetSocketAddress socketAddress() {
        return lookUp(address);
    }

    /// `address` looked up; null if it is not host:port or the name is unknown.
    static @Nullable InetSocketAddress lookUp(String address) {
        int colon = address.lastIndexOf(':');
        if (colon <= 0) {
            return null;
        }
        try {
            int port = Integer.parseInt(address.substring(colon + 1));
            InetSocketAddress found = new InetSocketAddress(address.substring(0, colon), port);
            return found.isUnresolved() ? null : found;
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    @Override
    public String toString() {
        return uuid + "@" + address;
    }
}
