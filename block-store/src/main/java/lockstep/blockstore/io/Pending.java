package lockstep.blockstore.io;

/// A device operation under way, which its caller may give up.
@FunctionalInterface
public interface Pending {
    /// Gives the operation up. True: none of its buffers is touched any more and its completion is
    /// not told, whatever the device does later. False: it has ended, or is moving bytes at this
    /// moment; then the completion comes, or asking again soon helps.
    boolean abandon();
}
