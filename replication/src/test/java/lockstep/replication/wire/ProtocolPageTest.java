package lockstep.replication.wire;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.replication.wire.LinkMessage.Refusal;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `PROTOCOL.md` speaks of what there is, and of all of it.
class ProtocolPageTest {
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| ([0-9a-f]{2}) \\| (\\w+) \\|.*\\|$");

    private final String page = read();

    private static String read() {
        try {
            return Files.readString(Path.of("PROTOCOL.md"));
        } catch (IOException e) {
            throw new AssertionError("the page is beside the module's sources", e);
        }
    }

    @Test
    void everyMessageHasItsRowAndEveryRowItsMessage() {
        TreeSet<String> documented = new TreeSet<>();
        Matcher rows = ROW.matcher(page);
        while (rows.find()) {
            documented.add(rows.group(1) + " " + rows.group(2));
        }
        TreeSet<String> spoken = new TreeSet<>();
        for (MessageType type : MessageType.values()) {
            spoken.add("%02x %s".formatted(type.code(), words(type.name())));
        }
        assertThat(documented).isEqualTo(spoken);
    }

    // EPOCH_PROMISED as EpochPromised.
    private static String words(String constant) {
        StringBuilder name = new StringBuilder();
        for (String word : constant.split("_", -1)) {
            name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        }
        return name.toString();
    }

    @Test
    void everyVersionRefusalAndLimitIsNamed() {
        for (ProtocolVersion version : ProtocolVersion.values()) {
            assertThat(page).contains("- **" + version.number() + "** ");
        }
        for (Refusal refusal : Refusal.values()) {
            String name = refusal.name().toLowerCase(Locale.ROOT).replace('_', ' ');
            assertThat(page).contains("| " + refusal.code() + " | " + name + " |");
        }
        assertThat(page)
                .contains("at most " + MessageCodec.MAX_HANDSHAKE_BYTES + " bytes")
                .contains("at most " + PairingMessage.MAX_BYTES + " bytes");
    }
}
