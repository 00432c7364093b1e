package lockstep.target.admin;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;

/// Takes only requests whose Host is the loopback, so that a web page whose name was pointed here
/// cannot ask anything.
final class LoopbackOnly implements Filter {
    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        String host = request.headers().first(HeaderNames.HOST).orElse("");
        String name = host.replaceFirst(":\\d+$", "");
        if (name.equals("127.0.0.1") || name.equals("localhost") || name.equals("[::1]")) {
            chain.proceed();
        } else {
            response.status(Status.FORBIDDEN_403).send("this host name is not served");
        }
    }
}
