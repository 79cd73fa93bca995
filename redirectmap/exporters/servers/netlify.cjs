// Answers as Netlify's own matcher says. The edge, which passes the request's own query
// on, is not in the package. Usage: node netlify.cjs RULES_FOLDER PORT
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { parsePlain } = require("netlify-redirector");

const [, , folder, port] = process.argv;
const text = readFileSync(join(folder, "_redirects"), "utf8");

parsePlain(text, {}).then((matcher) => {
  const server = createServer((request, response) => {
    const [path, query = ""] = request.url.split(/\?(.*)/s);
    const found = matcher.match({
      scheme: "https",
      host: request.headers.host,
      path,
      query,
      getHeader: () => "",
      getCookie: () => "",
    });
    const status = found && found.status >= 300 ? found.status : 404;
    response.writeHead(status, status < 400 ? { location: found.to } : {});
    response.end();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(Number(port), "127.0.0.1");
});
