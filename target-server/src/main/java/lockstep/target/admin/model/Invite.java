package lockstep.target.admin.model;

/// `POST /v1/invitations`: gives out a code that is good for so many seconds.
public record Invite(long validSeconds) {}
