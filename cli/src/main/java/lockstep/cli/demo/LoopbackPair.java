package lockstep.cli.demo;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.cli.command.PairCreate;
import lockstep.cli.initiator.IscsiUrl;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.SwitchedOver;
import lockstep.target.admin.model.TakeOver;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Two child nodes and the volume that they mirror. Which of them is the source changes.
public final class LoopbackPair implements AutoCloseable {
    /// The name of the volume.
    public static final String VOLUME = "vol1";

    private static final String PREFIX = "iqn.2026-11.io.lockstep:";

    private final ChildNode first;
    private final ChildNode second;

    /// A pair of nodes that are not running yet.
    public LoopbackPair(ChildNode first, ChildNode second) {
        this.first = first;
        this.second = second;
    }

    /// The node that the volume was made on.
    public ChildNode first() {
        return first;
    }

    /// The other.
    public ChildNode second() {
        return second;
    }

    /// Starts both nodes.
    public void start() throws IOException, InterruptedException {
        first.launch();
        second.launch();
        first.awaitReady();
        second.awaitReady();
    }

    /// The volume as `node` shows it; null if it has none or does not answer.
    public static @Nullable VolumeView volume(ChildNode node) {
        try {
            for (VolumeView view : node.admin().list("/volumes", VolumeView.class)) {
                if (view.name().equals(VOLUME)) {
                    return view;
                }
            }
        } catch (IOException | Refused _) {
            return null;
        }
        return null;
    }

    /// Makes the volume on the first node, of all its disks as one RAID-4 group.
    public void createVolume() throws IOException, Refused {
        first.admin().post("/volumes", new CreateVolume(VOLUME, List.of(), true), VolumeView.class);
    }

    /// Makes a LUN on the first node.
    public void createLun(int number, String name, long bytes) throws IOException, Refused {
        first.admin()
                .post(
                        "/volumes/" + VOLUME + "/luns",
                        new CreateLun(number, name, bytes),
                        LunView.class);
    }

    /// Mirrors the volume to the second node.
    public void pair() throws IOException, Refused {
        AdminClient source = first.admin();
        PairCreate.pair(source, second.admin(), VOLUME, List.of(), null, null);
        String problem = PairCreate.shareKeys(source, second.admin());
        if (!problem.isEmpty()) {
            throw new IOException(problem);
        }
    }

    /// The node that is active, or would be once its partner answers.
    public ChildNode source() throws IOException {
        VolumeView view = volume(first);
        if (view != null && !view.role().equals("destination")) {
            return first;
        }
        VolumeView other = volume(second);
        if (other != null && !other.role().equals("destination")) {
            return second;
        }
        throw new IOException("neither node is the source of " + VOLUME);
    }

    /// The other node than `node`.
    public ChildNode other(ChildNode node) {
        return node == first ? second : first;
    }

    /// Waits until `node`'s volume is in `state`, like "in-sync".
    public void await(ChildNode node, String state, Duration most)
            throws IOException, InterruptedException {
        long until = System.nanoTime() + most.toNanos();
        VolumeView seen = volume(node);
        while (seen == null || !seen.state().equals(state)) {
            if (System.nanoTime() > until) {
                throw new IOException(
                        node.plan().name() + " is not " + state + " in time, but: " + seen);
            }
            TimeUnit.MILLISECONDS.sleep(10);
            seen = volume(node);
        }
    }

    /// Waits until the pair is in sync on both sides.
    public ChildNode awaitInSync(Duration most) throws IOException, InterruptedException {
        long until = System.nanoTime() + most.toNanos();
        while (true) {
            VolumeView one = volume(first);
            VolumeView other = volume(second);
            if (one != null && other != null) {
                if (isPair(one, other)) {
                    return first;
                }
                if (isPair(other, one)) {
                    return second;
                }
            }
            if (System.nanoTime() > until) {
                throw new IOException("not in sync in time: " + one + "; " + other);
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private static boolean isPair(VolumeView source, VolumeView mirror) {
        return source.state().equals("in-sync")
                && mirror.state().equals("mirroring")
                && mirror.sync().equals("in-sync");
    }

    /// The operator's word to `node`, whose partner was killed.
    public void takeOver(ChildNode node) throws IOException, Refused {
        String path = "/volumes/" + VOLUME + "/takeover";
        node.admin().post(path, new TakeOver(true, false), Done.class);
    }

    /// The operator's word to `source`: the volume moves to the other node.
    public SwitchedOver switchOver(ChildNode source) throws IOException, Refused {
        String path = "/volumes/" + VOLUME + "/switchover";
        return source.admin().post(path, null, SwitchedOver.class);
    }

    /// Where hosts find LUN `number` on `node`.
    public static IscsiUrl url(ChildNode node, int number) {
        return new IscsiUrl(
                node.plan().place().iscsiAddress(), node.plan().iscsiPort(), target(), number);
    }

    /// The iSCSI name of the volume's target.
    public static String target() {
        return PREFIX + VOLUME;
    }

    /// Stops both, the source first, so that the mirror ends in sync.
    @Override
    public void close() {
        VolumeView view = second.isRunning() ? volume(second) : null;
        boolean secondFirst = view != null && view.role().equals("source");
        (secondFirst ? second : first).close();
        (secondFirst ? first : second).close();
    }
}
