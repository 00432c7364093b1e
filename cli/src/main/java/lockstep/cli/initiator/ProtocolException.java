package lockstep.cli.initiator;

import java.io.IOException;

/// The target said something that RFC 7143 does not allow, or refused a login. The connection is
/// closed with it.
public final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    /// `message` says what the target did.
    public ProtocolException(String message) {
        super(message);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
