package lockstep.blockstore.volume;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogStream;

import org.jspecify.annotations.Nullable;

/// What its consistency points, its log and the time tell an active volume.
final class VolumeEvents implements CpDriver.Listener, LogStream.Listener {
    private final ActiveVolume volume;
    private final VolumeCore core;
    private final ActiveVolume.Observer observer;
    private Clock.@Nullable Timer timer;

    VolumeEvents(ActiveVolume volume, VolumeCore core, ActiveVolume.Observer observer) {
        this.volume = volume;
        this.core = core;
        this.observer = observer;
    }

    /// Tells `driver` of each interval between consistency points.
    void beginTicking(CpDriver driver) {
        long interval = core.copy.settings().cpIntervalNanos();
        timer =
                volume.loop()
                        .clock()
                        .schedule(
                                interval,
                                () -> {
                                    driver.tick();
                                    if (core.copy.space().isOutOfSpace()) {
                                        volume.roomMade();
                                    }
                                    beginTicking(driver);
                                });
    }

    void endTicking() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    @Override
    public void committed(VolumeRoot root, boolean needsCopy) {
        observer.imageCommitted(root, needsCopy);
    }

    @Override
    public void roomMade() {
        volume.roomMade();
    }

    @Override
    public void pinGivenUp(CpId cp) {
        observer.pinGivenUp(cp);
    }

    @Override
    public void failed(String reason) {
        volume.stop(reason);
    }

    @Override
    public void durable(Position upTo) {
        core.gate.local(upTo.sequence());
    }

    @Override
    public void failed(IoFault fault) {
        if (volume.service() != ActiveVolume.Service.STOPPED) {
            // What is not durable yet becomes so by a consistency point, now and always.
            core.goWithoutLog();
            volume.checkpoint(null);
            observer.logLost(fault.toString());
        }
    }
}
