import java.util.function.IntUnaryOperator;

/**
 * Functions with known callers and known shares of CPU time: each of Shares.KINDS gets the same share.
 *
 * usage: java Shares SECONDS [THREADS]
 */
public class Shares {
    interface Shape {
        int area(int n);
    }

    static final class Square implements Shape {
        public int area(int n) {
            return inlined(n) + spin(n);
        }
    }

    static final class Circle implements Shape {
        public int area(int n) {
            return spin(n) * 3;
        }
    }

    static final class Ring implements Shape {
        public int area(int n) {
            return spin(n) * 5;
        }
    }

    static final Shape[] SHAPES = {new Square(), new Circle(), new Ring()};
    static volatile int sink;

    static int inlined(int n) {
        return n * 31 + 7;
    }

    static int spin(int n) {
        int x = n;
        for (int i = 0; i < 2000; i++) x = x * 1103515245 + 12345 ^ i;
        return x;
    }

    static int recursive(int depth, int n) {
        return depth == 0 ? spin(n) : recursive(depth - 1, n) + 1;
    }

    static int thrown(int depth, int n) {
        if (depth == 0) throw new IllegalStateException();
        return thrown(depth - 1, n) + 1;
    }

    static void byRecursion(long until) {
        while (now() < until) sink += recursive(30, sink);
    }

    static void byInterface(long until) {
        for (int i = 0; now() < until; i++) sink += SHAPES[i % SHAPES.length].area(i);
    }

    static void byLambda(long until) {
        IntUnaryOperator operator = n -> spin(n) + 1;
        while (now() < until) sink += operator.applyAsInt(sink);
    }

    static void byException(long until) {
        while (now() < until) {
            try {
                sink += thrown(20, sink);
            } catch (IllegalStateException e) {
                sink += spin(sink);
            }
        }
    }

    static long now() {
        return System.nanoTime();
    }

    static void work(long end) {
        long[] lag = new long[4];
        long random = Thread.currentThread().getId();
        while (now() < end) {
            // Of no fixed length, so that no clock keeps step.
            random = random * 6364136223846793005L + 1442695040888963407L;
            final long slice = 600_000 + (random >>> 33) % 800_000;
            for (int kind = 0; kind < lag.length; kind++) {
                long start = now();
                long until = start + slice - lag[kind];
                switch (kind) {
                    case 0: byRecursion(until); break;
                    case 1: byInterface(until); break;
                    case 2: byLambda(until); break;
                    default: byException(until); break;
                }
                lag[kind] = Math.min(slice / 2, now() - until);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        final long start = now();
        final long end = start + (long) (Double.parseDouble(args[0]) * 1e9);
        int threads = args.length > 1 ? Integer.parseInt(args[1]) : 1;
        work(Math.min(end, start + 500_000_000L));
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            workers[i] = new Thread(() -> work(end), "worker-" + i);
            workers[i].start();
        }
        System.out.println("ready");
        for (Thread worker : workers) worker.join();
    }
}
