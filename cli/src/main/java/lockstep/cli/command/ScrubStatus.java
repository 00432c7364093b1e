package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.ScrubView;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep volume scrub status VOLUME`: where it is, what it found, by disk and VBN.
@Command(
        name = "status",
        description = "Show how far the scrub of a volume is and what it found.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class ScrubStatus extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/scrub";
        ScrubView scrub = client.get(path, ScrubView.class);
        if (asJson()) {
            print(scrub, "");
            return;
        }
        out().printf(
                        "scrub of %s: %s%s, pass %d begun %s, last ended %s%n",
                        scrub.volume(),
                        scrub.state(),
                        scrub.phase().isEmpty()
                                ? ""
                                : " (" + scrub.phase() + ", " + scrub.percent() + "%)",
                        scrub.passes() + (scrub.phase().isEmpty() ? 0 : 1),
                        orNever(scrub.begun()),
                        orNever(scrub.ended()));
        out().printf(
                        "%s read; %d blocks made good, %d parity errors, %d checksum pages, %d"
                                + " records, %d misdirected writes, %d lost%n",
                        Sizes.show(scrub.bytesRead()),
                        scrub.healed(),
                        scrub.parityErrors(),
                        scrub.checksumPages(),
                        scrub.records(),
                        scrub.misdirected(),
                        scrub.lost());
        out().printf("%d blocks from the partner since the node started%n", scrub.fromPartner());
        print(
                scrub.disks(),
                column("GROUP", ScrubView.DiskErrors::group),
                column("SLOT", ScrubView.DiskErrors::slot),
                column("DISK", ScrubView.DiskErrors::disk),
                column("READ FAULTS", ScrubView.DiskErrors::readFaults),
                column("WRONG BLOCKS", ScrubView.DiskErrors::wrongBlocks));
        if (!scrub.lostVbns().isEmpty()) {
            out().println("lost VBNs: " + scrub.lostVbns());
        }
        scrub.findings().forEach(out()::println);
        out().flush();
    }

    private static String orNever(String time) {
        return time.isEmpty() ? "never" : time;
    }
}
