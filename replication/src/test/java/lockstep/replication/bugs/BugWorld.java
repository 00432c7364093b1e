package lockstep.replication.bugs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/// The product and its simulation, loaded a second time with all bugs in it, each of them off. One
/// world for all bugs, because what is loaded anew runs slowly at first.
final class BugWorld extends ClassLoader {
    private final Map<String, byte[]> woven;

    BugWorld(List<Bug> bugs) {
        super(BugWorld.class.getClassLoader());
        this.woven = new Weaver(bugs, BugWorld::original).all();
    }

    /// Runs a seed of the pair with a bug on; see [BugRun].
    @SuppressWarnings("unchecked")
    BiFunction<Integer, Long, Object[]> runner() {
        try {
            Class<?> run = loadClass(BugRun.class.getName());
            return (BiFunction<Integer, Long, Object[]>) run.getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("no run in the other world", e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith("lockstep.")) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded == null) {
                byte[] changed = woven.get(name);
                byte[] bytes = changed == null ? original(name) : changed;
                loaded = defineClass(name, bytes, 0, bytes.length);
            }
            return loaded;
        }
    }

    private static byte[] original(String name) {
        String path = name.replace('.', '/') + ".class";
        try (InputStream in = BugWorld.class.getClassLoader().getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException("there is no class " + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
