package lockstep.replication.trust;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.Signature;
import java.util.UUID;

/// A certificate by which TLS carries a node's public key (RFC 5280 §4.1, in DER). Peers pin the
/// key and look at nothing else in it, so it names no authority and does not expire (§4.1.2.5); the
/// node's UUID stands in it for people.
///
/// ```
/// Certificate     SEQUENCE { tbs, algorithm, BIT STRING signature }
/// tbs             SEQUENCE { [0] version 3, serial, algorithm, issuer, validity, subject,
///                            SubjectPublicKeyInfo, [3] SEQUENCE { subjectAltName } }
/// issuer, subject CN=lockstep UUID
/// subjectAltName  URI urn:uuid:UUID
/// ```
final class SelfSigned {
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int OCTET_STRING = 0x04;
    private static final int OID = 0x06;
    private static final int UTF8_STRING = 0x0c;
    private static final int UTC_TIME = 0x17;
    private static final int GENERALIZED_TIME = 0x18;
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int URI = 0x86;
    private static final int VERSION = 0xa0;
    private static final int EXTENSIONS = 0xa3;

    // 1.2.840.10045.4.3.2, ecdsa-with-SHA256.
    private static final byte[] ALGORITHM = {
        0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x04, 0x03, 0x02
    };
    // 2.5.4.3 and 2.5.29.17.
    private static final byte[] COMMON_NAME = {0x55, 0x04, 0x03};
    private static final byte[] SUBJECT_ALT_NAME = {0x55, 0x1d, 0x11};

    private SelfSigned() {}

    /// One for `keys`, signed with its private half.
    static byte[] certificate(UUID node, KeyPair keys, SecureRandom random)
            throws GeneralSecurityException {
        byte[] algorithm = der(SEQUENCE, der(OID, ALGORITHM));
        byte[] name = name("lockstep " + node);
        byte[] tbs =
                der(
                        SEQUENCE,
                        der(VERSION, der(INTEGER, new byte[] {2})),
                        der(INTEGER, new BigInteger(64, random).setBit(63).toByteArray()),
                        algorithm,
                        name,
                        der(
                                SEQUENCE,
                                der(UTC_TIME, ascii("200101000000Z")),
                                der(GENERALIZED_TIME, ascii("99991231235959Z"))),
                        name,
                        keys.getPublic().getEncoded(),
                        der(EXTENSIONS, der(SEQUENCE, alternativeName(node))));
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(keys.getPrivate(), random);
        signature.update(tbs);
        // The first byte of a bit string counts the bits that its last one leaves unused.
        return der(SEQUENCE, tbs, algorithm, der(BIT_STRING, new byte[1], signature.sign()));
    }

    private static byte[] name(String commonName) {
        byte[] text = commonName.getBytes(StandardCharsets.UTF_8);
        return der(
                SEQUENCE, der(SET, der(SEQUENCE, der(OID, COMMON_NAME), der(UTF8_STRING, text))));
    }

    private static byte[] alternativeName(UUID node) {
        byte[] names = der(SEQUENCE, der(URI, ascii("urn:uuid:" + node)));
        return der(SEQUENCE, der(OID, SUBJECT_ALT_NAME), der(OCTET_STRING, names));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// Tag, length and contents; a length from 128 on stands in bytes of its own (X.690 §8.1.3).
    private static byte[] der(int tag, byte[]... contents) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int length = 0;
        for (byte[] part : contents) {
            length += part.length;
        }
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else if (length < 0x100) {
            out.write(0x81);
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        }
        for (byte[] part : contents) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
