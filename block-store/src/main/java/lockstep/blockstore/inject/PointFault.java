package lockstep.blockstore.inject;

/// What happens when the node comes to a named point.
public sealed interface PointFault extends Fault {
    /// The process ends, as killed.
    record Crash(String point) implements PointFault {
        @Override
        public String text() {
            return "crash at " + point;
        }
    }

    /// The whole node stands still for `nanos`, as in a long collection or under a stop signal, and
    /// then goes on from there.
    record Stall(String point, long nanos) implements PointFault {
        @Override
        public String text() {
            return "stand still at " + point + " for " + nanos / 1_000_000 + " ms";
        }
    }

    /// What comes behind the point waits until the fault is cleared; the node goes on.
    record Hold(StorePoint point) implements PointFault {
        @Override
        public String text() {
            return "hold at " + point.label();
        }
    }
}
