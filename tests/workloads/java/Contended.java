import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Virtual threads that fight for one monitor, each deep in a recursion: until JDK 23 they keep their carriers while
 * they wait for it, from 24 on they leave them.
 *
 * usage: java Contended SECONDS
 */
public class Contended {
    static final Object lock = new Object();
    static volatile int sink;

    static int spin(int n) {
        int x = n;
        for (int i = 0; i < 3000; i++) x = x * 1103515245 + 12345 ^ i;
        return x;
    }

    static int down(int depth) {
        if (depth != 0) return down(depth - 1) + 1;
        synchronized (lock) {
            return spin(sink);
        }
    }

    static void work(long end) {
        while (System.nanoTime() < end) {
            sink += down(15);
            sink += spin(sink);
        }
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        // By name: classes are for JDK 8 and newer.
        ExecutorService threads =
            (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        for (int i = 0; i < 20; i++) threads.submit(() -> work(end));
        Thread.sleep(300);
        System.out.println("ready");
        Thread.sleep((end - System.nanoTime()) / 1_000_000);
    }
}
