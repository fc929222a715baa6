import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Virtual threads that work and wait by turns, each deep in a recursion.
 *
 * usage: java Virtual SECONDS [BUSY]
 *
 * After BUSY seconds nothing runs any more.
 */
public class Virtual {
    static volatile int sink;

    static int spin(int n) {
        int x = n;
        for (int i = 0; i < 20000; i++) x = x * 1103515245 + 12345 ^ i;
        return x;
    }

    static int down(int depth, int n) {
        if (depth != 0) return down(depth - 1, n) + 1;
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            return n;
        }
        return spin(n);
    }

    static void work(long end) {
        while (System.nanoTime() < end) {
            sink += down(20, sink);
            sink += spin(sink);
        }
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        final long busy = args.length < 2 ? end : System.nanoTime() + (long) (Double.parseDouble(args[1]) * 1e9);
        // By name: classes are for JDK 8 and newer.
        Class<?> type = Class.forName("java.lang.Thread$Builder$OfVirtual");
        Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
        builder = type.getMethod("name", String.class, long.class).invoke(builder, "job-", 0L);
        Object factory = type.getMethod("factory").invoke(builder);
        ExecutorService threads = (ExecutorService) Executors.class
            .getMethod("newThreadPerTaskExecutor", java.util.concurrent.ThreadFactory.class).invoke(null, factory);
        for (int i = 0; i < 20; i++) threads.submit(() -> work(busy));
        Thread.sleep(300);
        System.out.println("ready");
        Thread.sleep((end - System.nanoTime()) / 1_000_000);
    }
}
