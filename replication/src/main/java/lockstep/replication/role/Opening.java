package lockstep.replication.role;

/// Nothing can be done yet: the copy is being opened. `givenAway` says that it was the source until
/// a switchover and becomes the mirror.
record Opening(boolean givenAway) implements Role {
    @Override
    public boolean hasHandedOver() {
        return givenAway;
    }

    @Override
    public RoleState state() {
        return RoleState.OPENING;
    }

    @Override
    public String reason() {
        return "reading disks and log";
    }
}
