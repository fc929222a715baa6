import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongBinaryOperator;

/**
 * Threads that work and count their turns, each in a 64-bit word of a file.
 *
 * usage: java Counted SECONDS THREADS FILE
 */
public class Counted {
    interface Node {
        long visit(LongBinaryOperator operator);
    }

    static final class Leaf implements Node {
        private final String name;

        Leaf(String name) {
            this.name = name;
        }

        public long visit(LongBinaryOperator operator) {
            return operator.applyAsLong(name.hashCode(), name.length());
        }
    }

    static final class Pair implements Node {
        private final Node left, right;

        Pair(Node left, Node right) {
            this.left = left;
            this.right = right;
        }

        public long visit(LongBinaryOperator operator) {
            return operator.applyAsLong(left.visit(operator), right.visit(operator));
        }
    }

    static Node grow(int depth, long seed) {
        if (depth == 0) return new Leaf("leaf" + seed);
        return new Pair(grow(depth - 1, seed * 31 + 1), grow(depth - 1, seed * 17 + 2));
    }

    static long count(long turn) {
        Map<String, Long> counts = new HashMap<>();
        for (int i = 0; i < 100; i++) counts.merge("key" + (turn + i * i) % 37, (long) i, Long::sum);
        List<String> keys = new ArrayList<>(counts.keySet());
        Collections.sort(keys);
        return counts.get(keys.get(0));
    }

    static long turn(long turn) {
        return grow(6, turn).visit((a, b) -> a * 31 + b) + count(turn);
    }

    static void work(MappedByteBuffer words, int index, long end) {
        long sum = 0;
        for (long turn = 0; System.nanoTime() < end; turn++) {
            sum += turn(turn);
            words.putLong(8 * index, turn + (sum == 42 ? 1 : 0));
        }
    }

    public static void main(String[] args) throws Exception {
        final long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
        int threads = Integer.parseInt(args[1]);
        MappedByteBuffer words;
        try (RandomAccessFile file = new RandomAccessFile(args[2], "rw")) {
            words = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 8L * threads);
        }
        words.order(ByteOrder.nativeOrder());
        for (int i = 0; i < threads; i++) {
            final int index = i;
            new Thread(() -> work(words, index, end), "worker-" + i).start();
        }
        Thread.sleep(1000);
        System.out.println("ready");
    }
}
