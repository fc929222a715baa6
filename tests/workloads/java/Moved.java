import java.lang.Thread.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads that wait for a lock. A collection has moved what they and the lock are made of, nothing has used that since,
 * and other objects are where it was.
 *
 * usage: java -XX:+UseZGC -Xmx1g Moved SECONDS     of less memory a collection begins before "ready" and finds them
 */
public class Moved {
    static final int THREADS = 20;
    static final ReentrantLock LOCK = new ReentrantLock();
    static volatile Object sink;

    /** Small objects that die, so that those between them are worth moving; or that take the places of the moved. */
    static List<byte[]> fill(int bytes) {
        List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < bytes; i += 1000) all.add(new byte[1000]);
        return all;
    }

    static void startWaiters() throws InterruptedException {
        for (int i = 0; i < THREADS; i++) {
            sink = fill(500_000);
            Thread thread = new Thread(LOCK::lock, "one-that-waits-for-the-lock-" + i);
            thread.setDaemon(true);
            thread.start();
            while (thread.getState() != State.WAITING) Thread.sleep(1);
        }
        sink = null;
    }

    public static void main(String[] args) throws Exception {
        Thread.currentThread().setName("one-that-holds-the-lock");
        LOCK.lock();
        startWaiters();
        System.gc();
        sink = fill(60_000_000);
        System.out.println("ready");
        Thread.sleep((long) (Double.parseDouble(args[0]) * 1000));
    }
}
