package lockstep.target.admin;

import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ResyncRate;
import lockstep.target.admin.model.ResyncView;

import java.util.concurrent.CompletableFuture;

/// What [FakeNode] is asked about resyncs, noted and done at once; and its faults.
abstract class FakeResync extends FakeSnapshots implements ResyncControl {
    /// How every resync of the fake stands.
    static final ResyncView HALF_DONE =
            new ResyncView("copying", true, 1, 10, 40_960, 4096, 0, 50, 9, "");

    /// What is to go wrong.
    public final FakeFaults faults = new FakeFaults();

    /// What mirrors are good for.
    public final FakeExports exports = new FakeExports();

    /// Part of what [NodeControl] asks for.
    public ExportControl mirrorUses() {
        return exports;
    }

    /// Part of what [NodeControl] asks for.
    public FaultControl faultInjection() {
        return faults;
    }

    @Override
    public synchronized CompletableFuture<Done> setResyncRate(String volume, ResyncRate request) {
        asked.add("setResyncRate " + volume + " " + request.bytesPerSecond());
        return ifKnown(volume, () -> new Done("so fast"));
    }
}
