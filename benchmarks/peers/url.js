// One URL again and again, for k6.
import http from "k6/http";

export default function () {
  http.get(__ENV.SITE);
}
