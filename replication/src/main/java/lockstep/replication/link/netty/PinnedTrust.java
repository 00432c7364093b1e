package lockstep.replication.link.netty;

import lockstep.replication.trust.Fingerprint;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.BiPredicate;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/// Trusts a key, whatever certificate carries it: TLS itself has the peer prove that it holds the
/// private half. The predicate is given the key and the protocol that the two sides agreed on.
final class PinnedTrust extends X509ExtendedTrustManager {
    private final BiPredicate<Fingerprint, String> trusted;

    PinnedTrust(BiPredicate<Fingerprint, String> trusted) {
        this.trusted = trusted;
    }

    private void check(X509Certificate[] chain, SSLEngine engine) throws CertificateException {
        Fingerprint key = Fingerprint.of(chain[0].getPublicKey());
        if (!trusted.test(key, String.valueOf(engine.getHandshakeApplicationProtocol()))) {
            throw new CertificateException("key " + key + " is not pinned here");
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check(chain, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check(chain, engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw noEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw noEngine();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        throw noEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        throw noEngine();
    }

    private static CertificateException noEngine() {
        return new CertificateException("links are secured by engines only");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
