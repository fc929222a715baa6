import java.util.concurrent.locks.ReentrantLock;

/**
 * usage: Contends SECONDS [virtual | deadlock]
 *
 * One thread holds a monitor for 20 ms in 40, another a ReentrantLock for 10 ms in 40, and each has another that asks
 * for it all the while: these wait in byMonitor() and in byLock(), and each says at the end for how many ns by its own
 * clock. Another sleeps holding nothing, and one waits for a condition that never comes.
 * virtual: threads of the other kind. deadlock: two threads that wait for each other for good.
 */
public class Contends {
    static final class Monitor {}

    static final Monitor monitor = new Monitor();
    static final ReentrantLock lock = new ReentrantLock();
    static volatile boolean ended;
    static volatile long waited;

    static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException stop) {
            ended = true;
        }
    }

    static void holdMonitor() {
        while (!ended) {
            synchronized (monitor) {
                pause(20);
            }
            pause(20);
        }
    }

    static void holdLock() {
        while (!ended) {
            lock.lock();
            pause(10);
            lock.unlock();
            pause(30);
        }
    }

    static void byMonitor() {
        synchronized (monitor) {
            ++waited;
        }
    }

    static void byLock() {
        lock.lock();
        ++waited;
        lock.unlock();
    }

    static void askForMonitor() {
        for (; !ended; pause(1)) byMonitor();
    }

    static void askForLock() {
        for (; !ended; pause(1)) byLock();
    }

    static void awaitNothing() {
        ReentrantLock own = new ReentrantLock();
        own.lock();
        try {
            own.newCondition().await();
        } catch (InterruptedException stop) {
            // The end.
        }
    }

    static void deadlock(Object first, Object second) {
        synchronized (first) {
            pause(100);
            synchronized (second) {
                ++waited;
            }
        }
    }

    static void start(boolean virtual, Runnable task, String name) throws Exception {
        if (virtual) {
            Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
            return;
        }
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    public static void main(String[] arguments) throws Exception {
        boolean virtual = arguments.length > 1 && arguments[1].equals("virtual");
        start(virtual, Contends::holdMonitor, "holds-monitor");
        start(virtual, Contends::holdLock, "holds-lock");
        start(virtual, Contends::askForMonitor, "asks-for-monitor");
        start(virtual, Contends::askForLock, "asks-for-lock");
        start(false, Contends::awaitNothing, "awaits-nothing");
        if (arguments.length > 1 && arguments[1].equals("deadlock")) {
            Object first = new Object(), second = new Object();
            start(false, () -> deadlock(first, second), "deadlock-0");
            start(false, () -> deadlock(second, first), "deadlock-1");
        }
        System.out.println("ready");
        Thread.sleep(Integer.parseInt(arguments[0]) * 1000L);
    }
}
