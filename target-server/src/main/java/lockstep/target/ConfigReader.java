package lockstep.target;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Takes values out of a node's file over the reference defaults, and turns everything wrong into a
/// [ConfigError] with its place.
final class ConfigReader {
    private static final String REFERENCE = "node.reference.conf";

    private final Path file;
    private final Config config;

    private ConfigReader(Path file, Config config) {
        this.file = file;
        this.config = config;
    }

    /// Reads `file`; its keys must be among those of the reference or in `required`.
    static ConfigReader open(Path file, Set<String> required) throws ConfigError {
        if (!Files.isReadable(file)) {
            throw new ConfigError(file.toString(), "", "there is no such file, or no permission");
        }
        ConfigParseOptions hocon =
                ConfigParseOptions.defaults()
                        .setSyntax(ConfigSyntax.CONF)
                        .setOriginDescription(file.toString());
        try (InputStream reference = ConfigReader.class.getResourceAsStream(REFERENCE)) {
            if (reference == null) {
                throw new IllegalStateException(REFERENCE + " is not in the jar");
            }
            Config defaults =
                    ConfigFactory.parseReader(
                            new InputStreamReader(reference, StandardCharsets.UTF_8));
            Config own = ConfigFactory.parseFile(file.toFile(), hocon).resolve();
            refuseUnknown(file, own, defaults, required);
            return new ConfigReader(file, own.withFallback(defaults));
        } catch (ConfigException e) {
            throw wrong(file, e);
        } catch (IOException e) {
            throw new ConfigError(file.toString(), "", String.valueOf(e.getMessage()));
        }
    }

    private static void refuseUnknown(Path file, Config own, Config defaults, Set<String> required)
            throws ConfigError {
        Set<String> known = new TreeSet<>(required);
        defaults.entrySet().forEach(entry -> known.add(entry.getKey()));
        for (var entry : own.entrySet()) {
            String key = String.join(".", ConfigUtil.splitPath(entry.getKey()));
            if (!known.contains(key)) {
                String place = place(file, entry.getValue().origin());
                throw new ConfigError(place, key, "no such key; known are " + near(known, key));
            }
        }
    }

    // The keys of the same section say best what was meant.
    private static String near(Set<String> known, String key) {
        int dot = key.lastIndexOf('.');
        String section = dot < 0 ? "" : key.substring(0, dot + 1);
        List<String> same =
                known.stream()
                        .filter(k -> k.startsWith(section) && (dot >= 0 || k.indexOf('.') < 0))
                        .toList();
        return String.join(", ", same.isEmpty() ? known : same);
    }

    String text(String key) throws ConfigError {
        return take(key, () -> config.getString(key));
    }

    /// A text that must not be empty and has no characters that names cannot have.
    String name(String key) throws ConfigError {
        String text = text(key);
        if (!text.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
            throw error(key, "'" + text + "' is not a name (letters, digits, '.', '_', '-')");
        }
        return text;
    }

    List<String> texts(String key) throws ConfigError {
        return take(key, () -> config.getStringList(key));
    }

    long bytes(String key, long least) throws ConfigError {
        long bytes = take(key, () -> config.getBytes(key));
        if (bytes < least || bytes % 4096 != 0) {
            throw error(key, bytes + " bytes: at least " + least + ", and a multiple of 4096");
        }
        return bytes;
    }

    Duration duration(String key, Duration least) throws ConfigError {
        Duration duration = take(key, () -> config.getDuration(key));
        if (duration.compareTo(least) < 0) {
            throw error(key, duration.toMillis() + " ms: at least " + least.toMillis() + " ms");
        }
        return duration;
    }

    int number(String key, int least, int most) throws ConfigError {
        int number = take(key, () -> config.getInt(key));
        if (number < least || number > most) {
            throw error(key, number + " is not in " + least + ".." + most);
        }
        return number;
    }

    InetSocketAddress address(String key, String text) throws ConfigError {
        int colon = text.lastIndexOf(':');
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (colon > 0 && port >= 0 && port <= 65535) {
                String host = text.substring(0, colon);
                String bare =
                        host.startsWith("[") && host.endsWith("]")
                                ? host.substring(1, host.length() - 1)
                                : host;
                return InetSocketAddress.createUnresolved(bare, port);
            }
        } catch (NumberFormatException e) {
            // told below, in the same words
        }
        throw error(key, "'" + text + "' is not an address of the form host:port");
    }

    boolean flag(String key) throws ConfigError {
        return take(key, () -> config.getBoolean(key));
    }

    /// A list of addresses, each alone or as `{ listen = ..., advertise = ... }`.
    List<NodeConfig.PortalAddress> portals(String key) throws ConfigError {
        List<NodeConfig.PortalAddress> portals = new ArrayList<>();
        for (ConfigValue value : take(key, () -> config.getList(key))) {
            portals.add(portal(key, value.unwrapped()));
        }
        return portals;
    }

    private NodeConfig.PortalAddress portal(String key, Object value) throws ConfigError {
        if (value instanceof String text) {
            return new NodeConfig.PortalAddress(address(key, text), Optional.empty());
        }
        if (value instanceof Map<?, ?> pair
                && pair.get("listen") instanceof String listen
                && pair.get("advertise") instanceof String advertise
                && pair.size() == 2) {
            return new NodeConfig.PortalAddress(
                    address(key, listen), Optional.of(address(key, advertise)));
        }
        throw error(key, "a portal is \"host:port\" or { listen = \"...\", advertise = \"...\" }");
    }

    Optional<InetSocketAddress> optionalAddress(String key) throws ConfigError {
        String text = text(key);
        return text.isEmpty() ? Optional.empty() : Optional.of(address(key, text));
    }

    <E extends Enum<E>> E oneOf(String key, Class<E> type) throws ConfigError {
        String text = text(key);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equalsIgnoreCase(text)) {
                return constant;
            }
        }
        String all = List.of(type.getEnumConstants()).toString().toLowerCase(Locale.ROOT);
        throw error(key, "'" + text + "' is not one of " + all);
    }

    ConfigError error(String key, String reason) {
        ConfigOrigin origin = config.getValue(key).origin();
        return new ConfigError(place(file, origin), key, reason);
    }

    private interface Getter<T> {
        T get();
    }

    private <T> T take(String key, Getter<T> getter) throws ConfigError {
        try {
            return getter.get();
        } catch (ConfigException.Missing e) {
            throw new ConfigError(file.toString(), key, "is required and missing");
        } catch (ConfigException e) {
            throw error(key, reason(e));
        }
    }

    private static ConfigError wrong(Path file, ConfigException e) {
        ConfigOrigin origin = e.origin();
        return new ConfigError(
                origin == null ? file.toString() : place(file, origin), "", reason(e));
    }

    private static String place(Path file, ConfigOrigin origin) {
        return origin.lineNumber() > 0 ? file + ":" + origin.lineNumber() : file.toString();
    }

    // The library starts its messages with the place, which is told already.
    private static String reason(ConfigException e) {
        String message = String.valueOf(e.getMessage());
        ConfigOrigin origin = e.origin();
        String place = origin == null ? "" : origin.description() + ": ";
        return message.startsWith(place) ? message.substring(place.length()) : message;
    }
}
