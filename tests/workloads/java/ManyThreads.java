import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Threads that sleep again and again, below ever other callers.
 *
 * usage: java ManyThreads SECONDS THREADS MILLISECONDS     for each sleep
 */
public class ManyThreads {
    static final int DEPTH = 12;
    static volatile int sink;

    static void left(int path, int depth, long nap) throws InterruptedException {
        step(path, depth, nap);
    }

    static void right(int path, int depth, long nap) throws InterruptedException {
        step(path, depth, nap);
    }

    static void step(int path, int depth, long nap) throws InterruptedException {
        if (depth == 0) {
            for (int i = 0; i < 1000; i++) sink += i;
            Thread.sleep(nap);
        } else if ((path & 1) == 0) {
            left(path >> 1, depth - 1, nap);
        } else {
            right(path >> 1, depth - 1, nap);
        }
    }

    static void wander(int start, long nap, CountDownLatch begun) {
        begun.countDown();
        try {
            for (int path = start; true; path = path * 5 + 1) step(path & (1 << DEPTH) - 1, DEPTH, nap);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public static void main(String[] args) throws Exception {
        int threads = Integer.parseInt(args[1]);
        final long nap = Long.parseLong(args[2]);
        final CountDownLatch begun = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            final int start = i * 7919;
            Thread thread = new Thread(null, () -> wander(start, nap, begun), "sleeper-" + i, 256 * 1024);
            thread.setDaemon(true);
            thread.start();
        }
        begun.await();
        System.out.println("ready");
        TimeUnit.MILLISECONDS.sleep((long) (Double.parseDouble(args[0]) * 1000));
    }
}
