package lockstep.target.admin.model;

/// The answer to what was not done: what happened, and what the operator can do.
public record AdminError(Code code, String happened, String remedy) {
    /// The kind, and with it the HTTP status.
    public enum Code {
        /// The request does not make sense.
        BAD_REQUEST(400),
        /// There is nothing by that name.
        NOT_FOUND(404),
        /// There is something by that name already.
        EXISTS(409),
        /// Not in this state.
        REFUSED(409),
        /// Not now: the node is starting, stopping or busy with it.
        UNAVAILABLE(503),
        /// A fault of ours.
        INTERNAL(500);

        private final int status;

        Code(int status) {
            this.status = status;
        }

        /// The HTTP status that carries it.
        public int status() {
            return status;
        }
    }
}
