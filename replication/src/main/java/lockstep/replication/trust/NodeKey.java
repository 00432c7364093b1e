package lockstep.replication.trust;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.UUID;

/// The key that a node shows to its peers, ECDSA on P-256, and the certificate that carries its
/// public half.
public record NodeKey(PrivateKey privateKey, X509Certificate certificate) {
    /// Draws one for node `uuid`.
    public static NodeKey make(UUID uuid, SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            KeyPair pair = generator.generateKeyPair();
            byte[] certificate = SelfSigned.certificate(uuid, pair, random);
            return of(pair.getPrivate().getEncoded(), certificate);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK makes and signs with P-256 keys", e);
        }
    }

    /// From a private key in PKCS#8 and a certificate in DER.
    public static NodeKey of(byte[] pkcs8, byte[] certificate) throws GeneralSecurityException {
        PrivateKey key =
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        X509Certificate shown =
                (X509Certificate)
                        CertificateFactory.getInstance("X.509")
                                .generateCertificate(new ByteArrayInputStream(certificate));
        return new NodeKey(key, shown);
    }

    /// What peers pin.
    public Fingerprint fingerprint() {
        return Fingerprint.of(certificate.getPublicKey());
    }

    /// Without the private key.
    @Override
    public String toString() {
        return "NodeKey[" + fingerprint() + "]";
    }
}
