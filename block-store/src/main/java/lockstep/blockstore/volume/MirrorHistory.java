package lockstep.blockstore.volume;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What a mirror has of the time before it was this source's: older images that its root pins, and
/// writes of its own from when it was active. An old source that returns goes back to the image
/// that its new source has too, and gets only the difference.
public final class MirrorHistory {
    private final VolumeCopy copy;
    private final MirrorLog log;

    MirrorHistory(VolumeCopy copy, MirrorLog log) {
        this.copy = copy;
        this.log = log;
    }

    /// Every image that this copy can be brought up from, newest first: the one it holds, and, if
    /// this node, `self`, made that, older ones that its root pins. What another node's root pins
    /// was not necessarily ever here.
    public List<CpId> images(long self) {
        CpId held = copy.root().cp();
        List<CpId> images = new ArrayList<>();
        images.add(held);
        if (held.epoch().node() != self) {
            return images;
        }
        copy.root().pins().reversed().stream()
                .filter(pin -> pin.image() != null && pin.cp().compareTo(held) < 0)
                .forEach(pin -> images.add(pin.cp()));
        return images;
    }

    /// Reads out what was never the source's ([OwnTail]): made by this node, `self`, and behind
    /// `sharedUpTo`, where the source's epoch began ([Position#NONE] if nobody knows). `common` is
    /// the image that the copy will go back to; [CpId#NONE] if there is none, and then what images
    /// hold is told from the oldest that is pinned here.
    public void readOwnTail(long self, Position sharedUpTo, CpId common, OwnTail.Sink sink) {
        VolumeRoot from = null;
        boolean stays = common.equals(copy.root().cp());
        if (!stays && OwnTail.hasOwnImage(copy, log, self, sharedUpTo)) {
            List<CpId> known = images(self);
            CpId oldest = known.size() > 1 ? known.getLast() : CpId.NONE;
            from = copy.root().pinnedImage(common.count() > 0 ? common : oldest);
        }
        new OwnTail(copy, log, self, sharedUpTo).read(from, sink);
    }

    /// Goes back to `older`, one of [#images]: `done` gets true when it is the committed image,
    /// durably, and false, when nothing has changed, if not all of it can be read or written. The
    /// log is void from then on: [MirrorVolume#fallOutOfSync] comes next, whatever else happens.
    public void fallBack(CpId older, Consumer<Boolean> done) {
        VolumeRoot image = copy.root().pinnedImage(older);
        if (image == null) {
            done.accept(false);
            return;
        }
        FallBack.check(
                copy,
                image,
                whole -> {
                    if (whole) {
                        copy.space()
                                .commitRoot(
                                        copy.nextRootOrder(),
                                        image.encode(),
                                        fault -> fellBack(image, fault, done));
                    } else {
                        done.accept(false);
                    }
                });
    }

    private void fellBack(VolumeRoot image, @Nullable IoFault fault, Consumer<Boolean> done) {
        if (fault == null) {
            copy.committed(image);
        }
        done.accept(fault == null);
    }
}
