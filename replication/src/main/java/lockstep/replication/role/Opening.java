package lockstep.replication.role;

/// Nothing can be done yet: the copy is being opened.
record Opening() implements Role {
    @Override
    public RoleState state() {
        return RoleState.OPENING;
    }

    @Override
    public String reason() {
        return "reading disks and log";
    }
}
