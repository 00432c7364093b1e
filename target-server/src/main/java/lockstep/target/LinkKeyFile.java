package lockstep.target;

import lockstep.replication.trust.NodeKey;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/// The key that this node shows to its peers, in the file `link-key` of its data directory; drawn
/// when the node starts for the first time. A node that lost it has to be paired anew.
///
/// ```
/// version=1
/// key=BASE64            PKCS#8
/// certificate=BASE64    X.509, in DER
/// ```
final class LinkKeyFile {
    private static final String KEY = "key=";
    private static final String CERTIFICATE = "certificate=";

    private LinkKeyFile() {}

    /// Reads the file, or makes it for node `uuid`.
    static NodeKey open(Path directory, UUID uuid, SecureRandom random) throws IOException {
        PrivateFile file = new PrivateFile(directory, "link-key");
        if (!file.exists()) {
            NodeKey made = NodeKey.make(uuid, random);
            Base64.Encoder encoder = Base64.getEncoder();
            try {
                file.write(
                        List.of(
                                KEY + encoder.encodeToString(made.privateKey().getEncoded()),
                                CERTIFICATE
                                        + encoder.encodeToString(made.certificate().getEncoded())));
            } catch (GeneralSecurityException e) {
                throw new IOException("a certificate cannot be encoded", e);
            }
        }
        List<String> lines =
                file.read("if anybody may have read it, delete it and pair the node anew");
        try {
            return NodeKey.of(value(lines, 0, KEY), value(lines, 1, CERTIFICATE));
        } catch (GeneralSecurityException | IllegalArgumentException _) {
            throw file.damaged();
        }
    }

    private static byte[] value(List<String> lines, int index, String name) {
        if (lines.size() <= index || !lines.get(index).startsWith(name)) {
            throw new IllegalArgumentException(name);
        }
        return Base64.getDecoder().decode(lines.get(index).substring(name.length()));
    }
}
