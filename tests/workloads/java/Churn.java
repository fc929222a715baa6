import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Keeps the JIT compiler, the class loaders and the garbage collector busy: the work is always of classes that have
 * just been loaded, and that are unloaded soon after.
 *
 * usage: java Churn SECONDS
 */
public class Churn {
    /** Defines the classes of this program anew. */
    static final class Loader extends ClassLoader {
        Loader() {
            super(Churn.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("Churn$Work")) return super.loadClass(name, resolve);
            Class<?> known = findLoadedClass(name);
            if (known != null) return known;
            try (InputStream in = Churn.class.getResourceAsStream("/" + name + ".class")) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                for (int b = in.read(); b >= 0; b = in.read()) out.write(b);
                return defineClass(name, out.toByteArray(), 0, out.size());
            } catch (java.io.IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    public static final class Work implements Runnable {
        static final Pattern WORDS = Pattern.compile("([a-z]+)(\\d+)");

        public void run() {
            for (int i = 0; i < 40; i++) texts(i);
            for (int i = 0; i < 40; i++) maps(i);
            streams();
        }

        static void texts(int n) {
            String text = String.format("word%d and %s", n, Integer.toHexString(n * 31));
            if (!WORDS.matcher(text).find()) throw new IllegalStateException(text);
        }

        static void maps(int n) {
            Map<String, Integer> map = new HashMap<>();
            for (int i = 0; i < 200; i++) map.merge("key" + (i * n) % 50, i, Integer::sum);
            new TreeMap<>(map).firstKey().hashCode();
        }

        static void streams() {
            IntStream.range(0, 500).boxed().collect(Collectors.groupingBy(i -> i % 7)).size();
        }
    }

    public static void main(String[] args) throws Exception {
        long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        System.out.println("ready");
        while (System.nanoTime() < end) {
            Class<?> work = Class.forName("Churn$Work", true, new Loader());
            Runnable body = (Runnable) work.getDeclaredConstructor().newInstance();
            for (int i = 0; i < 20; i++) body.run();
        }
    }
}
