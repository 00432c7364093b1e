package lockstep.target;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.raid.ScrubFinding;
import lockstep.blockstore.raid.VbnSpace;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.ScrubCounts;
import lockstep.blockstore.volume.ScrubSettings;
import lockstep.blockstore.volume.ScrubState;
import lockstep.blockstore.volume.VolumeScrub;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ScrubView;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The scrubs of all volumes here, and what they tell people. On the core loop.
final class NodeScrubs {
    private static final int TOLD = 20;
    private static final int KEPT = 100;

    private final ScrubSettings settings;
    private final NodeEvents events;
    private final Map<String, Scrub> byVolume = new LinkedHashMap<>();

    NodeScrubs(NodeConfig.Scrub config, NodeEvents events) {
        this.settings = new ScrubSettings(config.bytesPerSecond(), config.interval().toMillis());
        this.events = events;
    }

    /// The scrub of one volume, and the last that it found.
    private final class Scrub implements VolumeScrub.Listener {
        final HostedVolume volume;
        final VolumeScrub scrub;
        final ArrayDeque<String> findings = new ArrayDeque<>();
        int told;

        Scrub(HostedVolume volume) {
            this.volume = volume;
            this.scrub =
                    new VolumeScrub(
                            volume.replica()::copy,
                            volume::isAtRest,
                            volume.space(),
                            settings,
                            this);
        }

        private void tell(String text) {
            if (findings.size() == KEPT) {
                findings.removeFirst();
            }
            findings.addLast(text);
            told++;
            if (told <= TOLD) {
                events.note(volume.name(), "scrub: " + text);
            }
        }

        @Override
        public void found(ScrubFinding finding) {
            String what = finding.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
            tell(what + " at " + finding.place() + ": " + finding.detail());
        }

        @Override
        public void misdirected(long meant, long landed) {
            tell("a write for VBN " + meant + " had landed at VBN " + landed);
        }

        @Override
        public void lost(int tree, int level, long index, BlockPointer pointer) {
            String what = VolumeScrub.placeIn(tree, level, index);
            tell("lost: " + what + " (VBN " + pointer.vbn() + ")");
        }

        @Override
        public void ended(ScrubState state) {
            told = 0;
            ScrubCounts counts = state.counts();
            if (!counts.isClean()) {
                String made = counts.healed() + " blocks made good, " + counts.lost() + " lost, ";
                String rest =
                        counts.parityErrors()
                                + " parity errors, "
                                + counts.pages()
                                + " checksum pages and "
                                + counts.records()
                                + " records rewritten";
                events.note(volume.name(), "scrub ended: " + made + rest);
            }
            ActiveVolume active = volume.replica().active();
            if (active != null && active.isServing() && !counts.isClean()) {
                // Entries that were put right come to rest with it.
                active.checkpoint(null);
            }
        }
    }

    /// `volume` was opened.
    void begin(HostedVolume volume) {
        Scrub made = new Scrub(volume);
        byVolume.put(volume.name(), made);
        made.scrub.open();
    }

    /// `volume` goes; `quiet` is called when its scrub touches the disks no more.
    void drop(HostedVolume volume, Runnable quiet) {
        Scrub gone = byVolume.remove(volume.name());
        if (gone == null) {
            quiet.run();
        } else {
            gone.scrub.close(quiet);
        }
    }

    private Scrub of(HostedVolume volume) {
        Scrub found = byVolume.get(volume.name());
        if (found == null) {
            throw new AdminException(
                    Code.REFUSED, volume.name() + " is going", "look at `lockstep volume list`");
        }
        return found;
    }

    Done start(HostedVolume volume) {
        if (!of(volume).scrub.start()) {
            throw new AdminException(
                    Code.REFUSED,
                    "scrubbing is off: scrub.rate is 0 in the node's file",
                    "give it a rate and start the node again");
        }
        return new Done("the scrub of " + volume.name() + " runs");
    }

    Done stop(HostedVolume volume) {
        of(volume).scrub.stop();
        return new Done("the scrub of " + volume.name() + " is stopped");
    }

    ScrubView view(HostedVolume volume) {
        Scrub scrub = of(volume);
        ScrubState state = scrub.scrub.state();
        ScrubCounts counts = state.counts();
        boolean idle = state.phase() == ScrubState.Phase.IDLE;
        String word = idle ? "idle" : state.running() ? "running" : "stopped";
        List<ScrubView.DiskErrors> disks = new ArrayList<>();
        for (VbnSpace.DiskStatus disk : volume.space().raid().status()) {
            disks.add(
                    new ScrubView.DiskErrors(
                            disk.group(),
                            disk.slot(),
                            disk.name(),
                            disk.readFaults(),
                            disk.checksumErrors()));
        }
        return new ScrubView(
                volume.name(),
                settings.bytesPerSecond() == 0 ? "off" : word,
                idle ? "" : state.phase().name().toLowerCase(Locale.ROOT),
                scrub.scrub.percent(),
                idle && state.passes() == 0 ? "" : time(state.begunMillis()),
                state.passes() == 0 ? "" : time(state.endedMillis()),
                state.passes(),
                Blocks.toBytes(counts.blocks()),
                counts.healed(),
                volume.replica().copy().rescue().healed(),
                counts.parityErrors(),
                counts.pages(),
                counts.records(),
                counts.misdirected(),
                counts.lost(),
                counts.lostVbns(),
                disks,
                List.copyOf(scrub.findings));
    }

    private static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }
}
