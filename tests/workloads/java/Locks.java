import java.lang.Thread.State;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Threads that wait for locks in known ways, two pairs of them for ever, and as many more as are asked for that wait
 * for a signal. Names tell what they do; one is not of ASCII letters. "ready" is said once all of them wait.
 *
 * usage: java Locks SECONDS [THREADS]
 */
public class Locks {
    static final Object MONITOR = new Object();
    static final Object SIGNAL = new Object();
    static final Object LEFT = new Object();
    static final StringBuilder RIGHT = new StringBuilder();
    static final ReentrantLock LOCK = new ReentrantLock();
    static final ReentrantLock FIRST = new ReentrantLock(true);
    static final ReentrantReadWriteLock SECOND = new ReentrantReadWriteLock();
    /** What each will be in for ever. */
    static final Map<Thread, State> WAITERS = new LinkedHashMap<>();
    static volatile long sink;

    interface Body {
        void run() throws Exception;
    }

    /** Has fields that are called as some of Thread's are. */
    static final class Shadowing extends Thread {
        final String name = "not its name";
        final Object holder = new Object();
        final boolean daemon = false;
        final int threadStatus = 0;

        Shadowing(Runnable body, String name) {
            super(body, name);
        }
    }

    static Thread start(String name, Body body) {
        Thread thread = new Shadowing(() -> {
            try {
                body.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    static Thread startWaiter(String name, State state, Body body) {
        Thread thread = start(name, body);
        WAITERS.put(thread, state);
        return thread;
    }

    static void hold(CountDownLatch held) throws InterruptedException {
        synchronized (MONITOR) {
            LOCK.lock();
            held.countDown();
            Thread.sleep(1_000_000);
        }
    }

    static void enter() {
        synchronized (MONITOR) {
            sink++;
        }
    }

    static void await() throws InterruptedException {
        synchronized (SIGNAL) {
            while (true) SIGNAL.wait();
        }
    }

    static void awaitForATime() throws InterruptedException {
        synchronized (SIGNAL) {
            while (true) SIGNAL.wait(500_000);
        }
    }

    static void lockBoth(Object one, Object other, CountDownLatch both) throws InterruptedException {
        synchronized (one) {
            both.countDown();
            both.await();
            synchronized (other) {
                sink++;
            }
        }
    }

    static void lockFirst(CountDownLatch both) throws InterruptedException {
        FIRST.lock();
        both.countDown();
        both.await();
        SECOND.writeLock().lock();
    }

    static void lockSecond(CountDownLatch both) throws InterruptedException {
        SECOND.writeLock().lock();
        both.countDown();
        both.await();
        FIRST.lock();
    }

    static void work() {
        while (true) sink = sink * 31 + 7;
    }

    public static void main(String[] args) throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch monitors = new CountDownLatch(2);
        CountDownLatch locks = new CountDownLatch(2);
        startWaiter("holder-of-a-monitor-and-a-lock", State.TIMED_WAITING, () -> hold(held));
        held.await();
        startWaiter("blocked-on-the-held-monitor", State.BLOCKED, Locks::enter);
        Thread parked = startWaiter("parked-on-the-held-lock", State.WAITING, LOCK::lock);
        startWaiter("waiting-for-a-signal", State.WAITING, Locks::await);
        startWaiter("waiting-for-a-signal-for-a-time", State.TIMED_WAITING, Locks::awaitForATime);
        startWaiter("f\u00e4hrt \u65e5\u672c\u8a9e \ud83d\ude80 schlafend", State.TIMED_WAITING, () -> Thread.sleep(1_000_000));
        startWaiter("left-of-the-monitor-deadlock", State.BLOCKED, () -> lockBoth(LEFT, RIGHT, monitors));
        startWaiter("right-of-the-monitor-deadlock", State.BLOCKED, () -> lockBoth(RIGHT, LEFT, monitors));
        Thread first = startWaiter("first-of-the-lock-deadlock", State.WAITING, () -> lockFirst(locks));
        Thread second = startWaiter("second-of-the-lock-deadlock", State.WAITING, () -> lockSecond(locks));
        start("worker-that-never-waits-for-anything", Locks::work);
        int more = args.length > 1 ? Integer.parseInt(args[1]) : 0;
        for (int i = 0; i < more; i++) startWaiter("one-of-many-that-wait-" + i, State.WAITING, Locks::await);
        while (!LOCK.hasQueuedThread(parked) || !SECOND.hasQueuedThread(first) || !FIRST.hasQueuedThread(second)) {
            Thread.sleep(1);
        }
        monitors.await();
        for (Map.Entry<Thread, State> waiter : WAITERS.entrySet()) {
            while (waiter.getKey().getState() != waiter.getValue()) Thread.sleep(1);
        }
        // A thread says what it waits for before it does.
        Thread.sleep(100);
        System.out.println("ready");
        Thread.sleep((long) (Double.parseDouble(args[0]) * 1000));
    }
}
