package lockstep.replication.bugs;

/// Which bug is on. Woven classes ask here at every changed place; a world of its own has a switch
/// of its own.
public final class BugSwitch {
    private static int on;
    private static long reached;

    private BugSwitch() {}

    /// Bug `number` is on from now on, and no other; 0 for none.
    static void turn(int number) {
        on = number;
        reached = 0;
    }

    /// How often a changed place was come by with its bug on.
    static long reached() {
        return reached;
    }

    /// Whether bug `number` is on: asked at the changed places.
    public static boolean isOn(int number) {
        if (on != number) {
            return false;
        }
        reached++;
        return true;
    }
}
