package lockstep.target.admin.model;

/// The answer to an action: what is now so, for people.
public record Done(String message) {}
