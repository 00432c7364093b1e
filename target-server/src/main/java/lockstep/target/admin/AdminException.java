package lockstep.target.admin;

import lockstep.target.admin.model.AdminError;

/// Carries an [AdminError] to the server: what [NodeControl] completes a refused action with.
public final class AdminException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final AdminError error;

    /// `error` is told to the operator as it is.
    public AdminException(AdminError error) {
        super(error.happened(), null, false, false);
        this.error = error;
    }

    /// The same from its parts.
    public AdminException(AdminError.Code code, String happened, String remedy) {
        this(new AdminError(code, happened, remedy));
    }

    /// What to tell.
    public AdminError error() {
        return error;
    }
}
