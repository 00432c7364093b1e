package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep pair …`: only a name for what is below it.
@Command(
        name = "pair",
        description = "Mirrored volumes, and the nodes that are trusted with them.",
        mixinStandardHelpOptions = true,
        subcommands = {
            PairInvite.class,
            PairAccept.class,
            PairPeers.class,
            PairForget.class,
            PairCreate.class,
            PairList.class,
            PairPolicy.class,
            PairVerify.class,
            PairDetach.class,
            PairResync.class,
            PairResyncRate.class,
            PairDiscard.class,
            PairDelete.class
        })
public final class Pair {}
