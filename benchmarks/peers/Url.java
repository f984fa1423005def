import static io.gatling.javaapi.core.CoreDsl.*;
import static io.gatling.javaapi.http.HttpDsl.*;

import io.gatling.javaapi.core.*;
import java.time.Duration;

/** One URL again and again, for Gatling. */
public class Url extends Simulation {
  {
    ScenarioBuilder users =
        scenario("users")
            .during(Duration.ofSeconds(Integer.getInteger("seconds")))
            .on(exec(http("get").get(System.getProperty("site"))));
    setUp(users.injectOpen(atOnceUsers(Integer.getInteger("users"))));
  }
}
