package lockstep.blockstore.inject;

/// What goes wrong, and where. Each port that faults are injected at has kinds of its own; a
/// [FaultPlan] knows them only by when they fire.
public interface Fault {
    /// What it is, for people.
    String text();
}
