// Answers by the routes that Vercel's own package makes of vercel.json: the first whose
// expression matches the path. The edge, which passes the request's own query on, is not
// in the package. Usage: node vercel.cjs RULES_FOLDER PORT
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { getTransformedRoutes } = require("@vercel/routing-utils");

const [, , folder, port] = process.argv;
const config = JSON.parse(readFileSync(join(folder, "vercel.json"), "utf8"));
const { routes, error } = getTransformedRoutes(config);
if (error) {
  console.error(`${error.code}: ${error.message}`);
  process.exit(1);
}
const compiled = routes.map((route) => [new RegExp(route.src), route]);

const server = createServer((request, response) => {
  const path = request.url.split("?")[0];
  const found = compiled.find(([expression]) => expression.test(path));
  const route = found ? found[1] : { status: 404, headers: {} };
  response.writeHead(route.status, route.headers);
  response.end();
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1");
