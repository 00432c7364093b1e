package lockstep.cli.command;

import lockstep.cli.client.AdminClient;

import picocli.CommandLine.Parameters;

/// What commands about one snapshot share: its name in three parts.
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
abstract class OneSnapshot extends NodeCommand {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "the volume it lives in")
    private String volume;

    @Parameters(index = "1", paramLabel = "LUN", description = "the number of its LUN")
    private int lun;

    @Parameters(index = "2", paramLabel = "NAME", description = "its name")
    private String name;

    /// The snapshot's path at the node.
    final String path() {
        return "/volumes/"
                + AdminClient.part(volume)
                + "/luns/"
                + lun
                + "/snapshots/"
                + AdminClient.part(name);
    }
}
