package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep mirror …`: only a name for what is below it.
@Command(
        name = "mirror",
        description = "Show hosts what a mirror holds, while it mirrors.",
        mixinStandardHelpOptions = true,
        subcommands = {
            MirrorExport.class,
            MirrorClone.class,
            MirrorExports.class,
            MirrorUnexport.class
        })
public final class Mirror {}
