import java.io.IOException;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ThreadLocalRandom;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.AbstractHandler;

/**
 * Jetty on a free port of 127.0.0.1, which answers from tables in HSQLDB, in memory.
 *
 * usage: java -cp .:lib/* JettyService SECONDS
 */
public class JettyService {
    static final String DATABASE = "jdbc:hsqldb:mem:shop";
    static final String BEST_CUSTOMERS =
        "select c.name, sum(o.amount) total from customers c join orders o on o.customer = c.id"
            + " where o.day between ? and ? group by c.name order by total desc";

    static final class Report extends AbstractHandler {
        private final ThreadLocal<PreparedStatement> query = ThreadLocal.withInitial(() -> {
            try {
                return DriverManager.getConnection(DATABASE).prepareStatement(BEST_CUSTOMERS);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });

        @Override
        public void handle(String path, Request base, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
            base.setHandled(true);
            try {
                response.getWriter().println(bestCustomers());
            } catch (SQLException e) {
                throw new IOException(e);
            }
        }

        private String bestCustomers() throws SQLException {
            int day = ThreadLocalRandom.current().nextInt(300);
            query.get().setInt(1, day);
            query.get().setInt(2, day + 60);
            StringBuilder text = new StringBuilder();
            try (ResultSet rows = query.get().executeQuery()) {
                while (rows.next()) text.append(rows.getString(1)).append('\t').append(rows.getLong(2)).append('\n');
            }
            return text.toString();
        }
    }

    static void fillTables() throws SQLException {
        try (Connection connection = DriverManager.getConnection(DATABASE);
             Statement statement = connection.createStatement()) {
            statement.execute("create table customers (id int primary key, name varchar(40))");
            statement.execute("create table orders (customer int, day int, amount int)");
            statement.execute("create index by_day on orders (day)");
            for (int i = 0; i < 50; i++) statement.execute("insert into customers values (" + i + ", 'name" + i + "')");
            for (int i = 0; i < 3000; i++) {
                String values = i * 7 % 50 + ", " + i % 360 + ", " + i * 31 % 1000;
                statement.execute("insert into orders values (" + values + ")");
            }
        }
    }

    public static void main(String[] args) throws Exception {
        fillTables();
        Server server = new Server(new InetSocketAddress("127.0.0.1", 0));
        server.setHandler(new Report());
        server.start();
        System.out.println("serving on port " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
        Thread.sleep((long) (Double.parseDouble(args[0]) * 1000));
        server.stop();
    }
}
