import type { Express, Response } from "express";
import { absolutePath } from "swagger-ui-dist";
import { type ServedRoute, serve } from "./route.ts";

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>HireForHumans: the API</title>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="docs"></div>
    <noscript>The same interface as data: <a href="/openapi.json">/openapi.json</a></noscript>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const startScript = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/** Scripts and data from here alone; swagger-ui writes style attributes and draws its icons as data URLs. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The interface as pages. */
export function docsRoute(): ServedRoute {
  return serve("getDocs", ({ response }) => {
    response.set("content-security-policy", policy).type("html").send(page);
    return Promise.resolve();
  });
}

/** What the page loads, from the installed package. */
export function serveDocsAssets(app: Express): void {
  const root = absolutePath();
  for (const file of ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"]) {
    app.get(`/docs/${file}`, (_request, response: Response) => {
      response.locals["route"] = "/docs/:asset";
      response.sendFile(file, { root, maxAge: "1d" });
    });
  }
  app.get("/docs/start.js", (_request, response: Response) => {
    response.locals["route"] = "/docs/:asset";
    response.type("js").send(startScript);
  });
}
