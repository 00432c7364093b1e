package lockstep.blockstore.inject;

/// What a device does wrong. The words are those of the simulated device's faults.
public enum DeviceEffect {
    /// Reads fail.
    READ_ERROR,
    /// Writes fail, having reached nothing.
    WRITE_ERROR,
    /// Flushes fail, also those of durable writes, whose bytes reach the medium all the same.
    FLUSH_ERROR,
    /// Every operation takes so much longer.
    SLOW,
    /// Operations do not end before the fault is cleared.
    HANG,
    /// Reads give one bit that is not what is there.
    FLIP,
    /// Writes are reported done and reach nothing.
    LOST_WRITE,
    /// Writes are reported done and stand beside where they belong, over what is there.
    MISDIRECTED_WRITE,
    /// Writes are reported done when half of their sectors have reached the medium.
    TORN_WRITE,
    /// Writes find no space in what lends it to the device.
    NO_SPACE;

    /// What a device is asked for.
    enum Asked {
        READ,
        WRITE,
        FLUSH,
        DURABLE_WRITE,
        PUNCH
    }

    /// Whether it only makes operations late.
    boolean isDelay() {
        return this == SLOW || this == HANG;
    }

    /// Whether it is about operations that have a place on the device.
    public boolean hasRange() {
        return this != FLUSH_ERROR;
    }

    /// Whether an operation of the kind `asked` can suffer it.
    boolean concerns(Asked asked) {
        return switch (this) {
            case READ_ERROR, FLIP -> asked == Asked.READ;
            case WRITE_ERROR ->
                    asked == Asked.WRITE || asked == Asked.DURABLE_WRITE || asked == Asked.PUNCH;
            case FLUSH_ERROR -> asked == Asked.FLUSH || asked == Asked.DURABLE_WRITE;
            case SLOW, HANG -> true;
            case LOST_WRITE, MISDIRECTED_WRITE, TORN_WRITE, NO_SPACE ->
                    asked == Asked.WRITE || asked == Asked.DURABLE_WRITE;
        };
    }
}
