package lockstep.blockstore.base;

/// What nothing may go on after: state that others use may be half changed. Where a library would
/// catch it and go on, whoever calls into the core hands it to the handler of uncaught exceptions
/// instead, which in a node ends the process at once.
public final class Fatal {
    private Fatal() {}

    /// Whether `thrown` is of that kind: a broken invariant, or the virtual machine at its end.
    public static boolean is(Throwable thrown) {
        return thrown instanceof BrokenInvariant || thrown instanceof Error;
    }

    /// Hands `thrown` over.
    public static void tell(Throwable thrown) {
        Thread here = Thread.currentThread();
        here.getUncaughtExceptionHandler().uncaughtException(here, thrown);
    }
}
