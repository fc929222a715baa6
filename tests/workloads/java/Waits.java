import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads that wait in known places, and one that works.
 *
 * usage: java Waits SECONDS
 */
public class Waits {
    static final Object MONITOR = new Object();
    static final ArrayBlockingQueue<String> QUEUE = new ArrayBlockingQueue<>(1);
    static volatile long sink;

    static void sleepALot() throws InterruptedException {
        while (true) Thread.sleep(20);
    }

    static void waitOnMonitor() throws InterruptedException {
        synchronized (MONITOR) {
            while (true) MONITOR.wait();
        }
    }

    static void takeFromQueue() throws InterruptedException {
        while (true) QUEUE.take();
    }

    static void park() {
        while (true) LockSupport.parkNanos(15_000_000);
    }

    static void work() {
        while (true) sink = sink * 31 + 7;
    }

    interface Body {
        void run() throws Exception;
    }

    static void start(String name, Body body) {
        Thread thread = new Thread(() -> {
            try {
                body.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }

    public static void main(String[] args) throws Exception {
        start("sleeper", Waits::sleepALot);
        start("waiter", Waits::waitOnMonitor);
        start("taker", Waits::takeFromQueue);
        start("parker", Waits::park);
        start("worker", Waits::work);
        Thread.sleep(300);
        System.out.println("ready");
        Thread.sleep((long) (Double.parseDouble(args[0]) * 1000));
    }
}
