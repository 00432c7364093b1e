package lockstep.cli.client;

import lockstep.target.admin.model.AdminError;

/// A node did not do what it was asked.
public final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient AdminError error;

    /// `error` is the node's own words.
    public Refused(AdminError error) {
        super(error.happened());
        this.error = error;
    }

    /// What happened and what to do.
    public AdminError error() {
        return error;
    }
}
