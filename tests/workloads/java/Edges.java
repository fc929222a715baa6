import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.function.IntUnaryOperator;

/**
 * A program of which it is known who calls whom, and no two chains of calls have two methods in common that call each
 * other in other ways: a caller that is left out, or taken from another stack, shows. Its classes are loaded anew all the
 * time, and do new things from time to time, so that they are interpreted, compiled, inlined, recompiled, and deoptimised
 * while they run. tests/runtime/checks/java_edges.py has the calls.
 *
 * usage: java Edges SECONDS [THREADS]
 */
public class Edges {
    /** Defines the classes of the work anew. */
    static final class Loader extends ClassLoader {
        Loader() {
            super(Edges.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("Edges$")) return super.loadClass(name, resolve);
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                if (known != null) return known;
                try (InputStream in = Edges.class.getResourceAsStream("/" + name + ".class")) {
                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                    for (int b = in.read(); b >= 0; b = in.read()) out.write(b);
                    return defineClass(name, out.toByteArray(), 0, out.size());
                } catch (java.io.IOException e) {
                    throw new ClassNotFoundException(name, e);
                }
            }
        }
    }

    interface Shape {
        int area(int n);
    }

    static final class Square implements Shape {
        public int area(int n) {
            return Work.squareLeaf(n);
        }
    }

    static final class Circle implements Shape {
        public int area(int n) {
            return Work.circleLeaf(n);
        }
    }

    /** Is not loaded before the code that calls shapes was compiled for two of them. */
    static final class Ring implements Shape {
        public int area(int n) {
            return Work.ringLeaf(n) + 1;
        }
    }

    abstract static class Node {
        abstract int value(int n);

        int total(int n) {
            return value(n) + 1;
        }
    }

    static final class Plain extends Node {
        int value(int n) {
            return Work.plainLeaf(n);
        }
    }

    /** As Ring. */
    static final class Late extends Node {
        int value(int n) {
            return Work.lateLeaf(n);
        }
    }

    public static final class Work implements Runnable {
        static final String[] WORDS = {"a rather long text that ends in a", "a rather long text that ends in b", "short"};
        static volatile int sink;
        private final int[] numbers = new int[100];

        public void run() {
            for (int phase = 0; phase < 6; phase++) {
                for (int i = 0; i < 40; i++) interfaces(phase, i);
                for (int i = 0; i < 40; i++) hierarchy(phase, i);
                for (int i = 0; i < 30; i++) cycle(phase, i);
                for (int i = 0; i < 30; i++) exceptions(i);
                for (int i = 0; i < 40; i++) lambdas(phase, i);
                for (int i = 0; i < 40; i++) arguments(i);
                for (int i = 0; i < 40; i++) intrinsics(phase, i);
                for (int i = 0; i < 40; i++) locks(i);
                for (int i = 0; i < 40; i++) traps(phase, i);
            }
        }

        static int grind(int n) {
            int x = n;
            for (int i = 0; i < 100; i++) x = x * 1103515245 + 12345 ^ i;
            return x;
        }

        static int squareLeaf(int n) {
            return n * 31 + 7;
        }

        static int circleLeaf(int n) {
            int x = n;
            for (int i = 0; i < 60; i++) x = x * 31 + i;
            return x;
        }

        static int ringLeaf(int n) {
            return (n << 3) - n;
        }

        static int plainLeaf(int n) {
            int x = n;
            for (int i = 0; i < 60; i++) x ^= x << 5 + i;
            return x;
        }

        static int lateLeaf(int n) {
            return n / 3;
        }

        private void interfaces(int phase, int n) {
            Shape[] shapes = {new Square(), new Circle(), phase < 3 ? new Circle() : new Ring()};
            for (int i = 0; i < 90; i++) sink += shapes[(n + i) % (phase == 0 ? 1 : shapes.length)].area(i);
        }

        private void hierarchy(int phase, int n) {
            Node node = phase < 3 || n % 2 == 0 ? new Plain() : new Late();
            for (int i = 0; i < 90; i++) sink += node.total(n + i);
        }

        // first calls second, second calls third, and third calls first.
        private void cycle(int phase, int n) {
            sink += first(40, n, phase < 3 ? 0 : n % 2);
        }

        static int first(int depth, int n, int mode) {
            return depth <= 0 ? bottom(n, mode) : second(depth - 1, n, mode, 1L, 2.0) + 1;
        }

        static int second(int depth, int n, int mode, long ignored, double also) {
            return third(n, depth - 1, mode) + (int) ignored;
        }

        static int third(int n, int depth, int mode) {
            int here = n ^ depth;
            return first(depth - 1, n, mode) + here;
        }

        static int bottom(int n, int mode) {
            if (mode == 0) return n + 1;
            Object made = new long[50];
            return made.hashCode() + n;
        }

        private void exceptions(int n) {
            for (int i = 0; i < 10; i++) {
                try {
                    sink += thrower(8, n);
                } catch (IllegalStateException e) {
                    sink += caught(n);
                }
            }
        }

        static int thrower(int depth, int n) {
            try {
                return middle(depth, n) + 1;
            } finally {
                sink += last(n);
            }
        }

        static int middle(int depth, int n) {
            if (depth == 0) throw new IllegalStateException();
            return thrower(depth - 1, n) + 1;
        }

        static int last(int n) {
            return n * 3 + sink;
        }

        static int caught(int n) {
            int x = n;
            for (int i = 0; i < 60; i++) x = x * 7 + i;
            return x;
        }

        private void lambdas(int phase, int n) {
            IntUnaryOperator operator = phase % 2 == 0 ? x -> lambdaLeaf(x + phase) : Work::referenced;
            for (int i = 0; i < 90; i++) sink += applied(operator, n + i);
        }

        static int applied(IntUnaryOperator operator, int n) {
            return operator.applyAsInt(n) + 1;
        }

        static int lambdaLeaf(int n) {
            return n * 5 + (n >>> 3);
        }

        static int referenced(int n) {
            return n * 7 + (n >>> 2);
        }

        // More than registers can take: the interpreter's callees and compiled ones have them in different places.
        private void arguments(int n) {
            for (int i = 0; i < 60; i++) sink += many(n, i, 3, 4L, 5, 6, 7L, 8.0, 9, 10, 11.0f, 12, "x");
        }

        static int many(int a, int b, int c, long d, int e, int f, long g, double h, int i, int j, float k, int l, String m) {
            return more(m, l, k, j, i, h, g, f, e, d, c, b, a) + 1;
        }

        static int more(String a, int b, float c, int d, int e, double f, long g, int h, int i, long j, int k, int l, int m) {
            return moreLeaf(b + d + e + h + i + k + l + m + (int) (g + j), a, c, f);
        }

        static int moreLeaf(int n, String a, float b, double c) {
            return n + a.length() + (int) (b + c);
        }

        // Code that compilers put in the place of a method, and stubs that they call.
        private void intrinsics(int phase, int n) {
            int[] copy = new int[100];
            for (int i = 0; i < 60; i++) {
                String word = WORDS[(n + i) % WORDS.length];
                sink += compared(word, WORDS[i % WORDS.length]) + copied(copy);
            }
        }

        private static int compared(String a, String b) {
            return a.compareTo(b) + (a.equals(b) ? 1 : 0) + a.indexOf("ends in b");
        }

        private int copied(int[] copy) {
            System.arraycopy(numbers, 0, copy, 0, copy.length);
            return copy[7];
        }

        private void locks(int n) {
            for (int i = 0; i < 60; i++) sink += locked(n + i);
        }

        private synchronized int locked(int n) {
            return numbers[(n & 0xff) % numbers.length] + lockedLeaf(n);
        }

        static int lockedLeaf(int n) {
            return n ^ n >>> 7;
        }

        // What the compiler has not seen happen in the first phases happens in the others.
        private void traps(int phase, int n) {
            for (int i = 0; i < 60; i++) sink += trapped(phase < 3 ? "x" : i % 50 == 49 ? null : n % 2 == 0 ? (Object) "x" : numbers, i);
        }

        static int trapped(Object what, int n) {
            if (what instanceof String) return often(n);
            if (what == null) return seldom(n);
            return grind(n);
        }

        static int often(int n) {
            return n + 3;
        }

        static int seldom(int n) {
            return n - 3;
        }
    }

    static void loop(long end) {
        try {
            while (System.nanoTime() < end) {
                Class<?> work = Class.forName("Edges$Work", true, new Loader());
                Runnable body = (Runnable) work.getDeclaredConstructor().newInstance();
                for (int i = 0; i < 12 && System.nanoTime() < end; i++) body.run();
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        int threads = args.length > 1 ? Integer.parseInt(args[1]) : 1;
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            workers[i] = new Thread(() -> loop(end), "worker-" + i);
            workers[i].start();
        }
        System.out.println("ready");
        for (Thread worker : workers) worker.join();
    }
}
