package lockstep.blockstore.log;

/// Bytes that are not a log entry: from a damaged device or a hostile peer. Whoever decodes refuses
/// the whole message or batch that they came in.
public final class MalformedEntry extends Exception {
    private static final long serialVersionUID = 1L;

    /// `reason` names the field that is wrong.
    public MalformedEntry(String reason) {
        super(reason);
    }
}
