package lockstep.replication.trust;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.UUID;

/// The JDK, which did not make the certificate, reads it.
class NodeKeyTest {
    private static final UUID NODE = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    private final SecureRandom random = new SecureRandom();

    @Test
    void theCertificateSaysWhoseKeyItIsAndDoesNotExpire() throws Exception {
        // The lengths in it depend on what is drawn: on the signature above all.
        for (int i = 0; i < 20; i++) {
            X509Certificate made = NodeKey.make(NODE, random).certificate();
            made.verify(made.getPublicKey());
            assertThat(made.getVersion()).isEqualTo(3);
            assertThat(made.getSubjectX500Principal().getName()).isEqualTo("CN=lockstep " + NODE);
            assertThat(made.getIssuerX500Principal()).isEqualTo(made.getSubjectX500Principal());
            assertThat(made.getSubjectAlternativeNames())
                    .containsExactly(List.of(6, "urn:uuid:" + NODE));
            assertThat(made.getNotAfter().toInstant()).isEqualTo("9999-12-31T23:59:59Z");
            assertThat(made.getSerialNumber().bitLength()).isEqualTo(64);
        }
    }

    @Test
    void aKeyIsReadAsItWasWrittenAndKeepsItsFingerprint() throws Exception {
        NodeKey made = NodeKey.make(NODE, random);
        NodeKey read = NodeKey.of(made.privateKey().getEncoded(), made.certificate().getEncoded());
        assertThat(read.fingerprint()).isEqualTo(made.fingerprint());
        assertThat(Fingerprint.parse(read.fingerprint().toString())).isEqualTo(read.fingerprint());
        assertThat(NodeKey.make(NODE, random).fingerprint()).isNotEqualTo(made.fingerprint());
        assertThat(made.toString()).doesNotContain(made.privateKey().toString());
    }
}
