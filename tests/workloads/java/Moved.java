import java.lang.Thread.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Threads that wait for a lock, each with a monitor of its own. A collection has moved what they, the lock and the
 * monitors are made of, nothing has used that since but a thread that waits for the last monitor, and other objects are
 * where it was.
 *
 * usage: java -XX:+UseZGC -Xmx1g Moved SECONDS     of less memory a collection begins before "ready" and finds them
 */
public class Moved {
    static final int THREADS = 20;
    static final ReentrantLock LOCK = new ReentrantLock();
    static volatile Object sink;
    static Object monitor;  // the last one

    /** Small objects that die, so that those between them are worth moving; or that take the places of the moved. */
    static List<byte[]> fill(int bytes) {
        List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < bytes; i += 1000) all.add(new byte[1000]);
        return all;
    }

    static void hold() {
        synchronized (monitor) {
            sink = monitor;
            LOCK.lock();
        }
    }

    static void enter() {
        synchronized (monitor) {
            sink = monitor;
        }
    }

    static void start(String name, Runnable body, State state) throws InterruptedException {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
        while (thread.getState() != state) Thread.sleep(1);
    }

    static void startWaiters() throws InterruptedException {
        for (int i = 0; i < THREADS; i++) {
            sink = fill(500_000);
            monitor = new Object();
            start("one-that-waits-for-the-lock-" + i, Moved::hold, State.WAITING);
        }
        sink = null;
    }

    public static void main(String[] args) throws Exception {
        Thread.currentThread().setName("one-that-holds-the-lock");
        LOCK.lock();
        startWaiters();
        System.gc();
        sink = fill(60_000_000);
        start("one-that-waits-for-a-monitor", Moved::enter, State.BLOCKED);
        // A thread says what it waits for before it does.
        Thread.sleep(100);
        System.out.println("ready");
        Thread.sleep((long) (Double.parseDouble(args[0]) * 1000));
    }
}
