// The scenario of plan.yaml as a k6 user writes it; the variable SITE says where.
import http from "k6/http";
import { check } from "k6";

const site = __ENV.SITE;
const TOKEN = /name="token" value="([^"]*)"/;

export default function () {
  const form = http.get(`${site}/login`);
  const token = TOKEN.exec(form.body)[1];
  const welcome = http.post(`${site}/session`, { password: "secret", token: token, user: "jane" });
  check(welcome, { welcome: (answer) => answer.body.includes("Welcome, jane") });
  const items = http.get(`${site}/api/items`);
  check(items, { jane: (answer) => answer.json("user") === "jane" });
  http.get(`${site}/items/${items.json("items.0.id")}`, { tags: { name: "/items/[id]" } });
  http.get(`${site}/account`);
}
