package lockstep.replication.link.netty;

import io.netty.handler.ssl.SslHandler;

import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.NodeKey;
import lockstep.replication.trust.PairingSession;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.function.BiPredicate;

import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

/// TLS 1.3 by the JDK, both sides with a certificate. Each connection has a context of its own, so
/// none is resumed: every one shows its keys anew, and a key that is pinned no more is of no use at
/// once. What a handshake computes is computed beside the loop, which may have better to do.
final class TlsEngines {
    /// What a connection is for: the protocol names of ALPN (RFC 7301).
    static final String LINK = "lockstep-link/1";

    static final String PAIRING = "lockstep-pair/1";

    private static final String[] SUITES = {
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
    };
    private static final int SECRET_BYTES = 32;

    // A peer that does not take the end of the stream must not hold up who waits for the close.
    private static final long CLOSE_MILLIS = 100;

    private final Fingerprint own;
    private final KeyManager[] keys;

    TlsEngines(NodeKey key) {
        own = key.fingerprint();
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            Certificate[] chain = {key.certificate()};
            store.setKeyEntry("node", key.privateKey(), new char[0], chain);
            KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
            factory.init(store, new char[0]);
            keys = factory.getKeyManagers();
        } catch (GeneralSecurityException | java.io.IOException e) {
            throw new IllegalStateException("a key store in memory takes a key", e);
        }
    }

    /// The dialling end of a connection for `protocol`.
    SslHandler dialling(String protocol, BiPredicate<Fingerprint, String> trusted) {
        return handler(true, new String[] {protocol}, trusted);
    }

    /// The accepting end of a connection for whatever the other end names.
    SslHandler accepting(BiPredicate<Fingerprint, String> trusted) {
        return handler(false, new String[] {LINK, PAIRING}, trusted);
    }

    private SslHandler handler(
            boolean dialling, String[] protocols, BiPredicate<Fingerprint, String> trusted) {
        SSLEngine engine;
        try {
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(keys, new TrustManager[] {new PinnedTrust(trusted)}, null);
            engine = context.createSSLEngine();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK speaks TLS 1.3", e);
        }
        engine.setUseClientMode(dialling);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.3"});
        parameters.setCipherSuites(SUITES);
        parameters.setApplicationProtocols(protocols);
        if (!dialling) {
            parameters.setNeedClientAuth(true);
        }
        engine.setSSLParameters(parameters);
        SslHandler handler = new SslHandler(engine, Thread::startVirtualThread);
        handler.setCloseNotifyFlushTimeoutMillis(CLOSE_MILLIS);
        return handler;
    }

    /// The key that the other end of a finished handshake has shown.
    static Fingerprint peerKey(SslHandler tls) throws SSLException {
        return Fingerprint.of(tls.engine().getSession().getPeerCertificates()[0].getPublicKey());
    }

    /// What a finished handshake is worth for pairing.
    PairingSession pairing(SslHandler tls) throws SSLException {
        ExtendedSSLSession session = (ExtendedSSLSession) tls.engine().getSession();
        byte[] secret =
                session.exportKeyingMaterialData(
                        "EXPORTER-lockstep-pairing", new byte[0], SECRET_BYTES);
        Fingerprint peer = peerKey(tls);
        return tls.engine().getUseClientMode()
                ? new PairingSession(secret, own, peer)
                : new PairingSession(secret, peer, own);
    }
}
