package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.RehearsalView;
import lockstep.target.admin.model.ResyncView;

import picocli.CommandLine.Command;

import java.io.IOException;
import java.time.Instant;

/// `lockstep pair list`.
@Command(
        name = "list",
        description = "List the mirrored volumes and how their mirrors stand.",
        mixinStandardHelpOptions = true)
public final class PairList extends NodeCommand {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/pairs", PairView.class),
                column("VOLUME", PairView::volume),
                column("PEER", PairView::peer),
                column("ROLE", PairView::role),
                column("SYNC", PairView::sync),
                column("LINK", pair -> pair.linkUp() ? "up" : "down"),
                column("BEHIND", pair -> Sizes.show(pair.behindBytes())),
                column("RESYNC", PairList::resync),
                column("EPOCH", PairView::epoch),
                column("POLICY", pair -> pair.standing().policy()),
                column("TAKEOVER LOSES", pair -> pair.standing().takeover()),
                column("REHEARSED", PairList::rehearsed));
    }

    /// How long a takeover would have taken, and when that was found out.
    static String rehearsed(PairView pair) {
        RehearsalView last = pair.rehearsal();
        return last == null
                ? ""
                : last.totalMicros() / 1000 + " ms at " + Instant.ofEpochMilli(last.atMillis());
    }

    /// How far a resync is, in a few words.
    static String resync(PairView pair) {
        ResyncView resync = pair.resync();
        if (resync == null) {
            return "";
        }
        String what = resync.full() ? "full copy" : "difference";
        String rate = Sizes.show(resync.bytes()) + " at " + Sizes.show(resync.bytesPerSecond());
        String left = resync.secondsLeft() < 0 ? "" : ", " + resync.secondsLeft() + " s left";
        String stalled = resync.stalled().isEmpty() ? "" : "; " + resync.stalled();
        return "%s %d%%, %d blocks, %s/s%s%s"
                .formatted(what, resync.percent(), resync.blocks(), rate, left, stalled);
    }
}
