import { describe, expect, it } from "vitest";
import { type Route, routes } from "@hireforhumans/protocol";

const all = Object.entries<Route>(routes);

describe("routes", () => {
  it("are each there once", () => {
    const places = all.map(([, route]) => `${route.method} ${route.path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it.each(all)("%s declares every parameter of its path", (_, route) => {
    const inPath = [...route.path.matchAll(/:([a-z0-9]+)/g)].map((match) => match[1]);
    expect(Object.keys(route.params?.shape ?? {})).toEqual(inPath);
  });

  it.each(all)("%s is open to strangers only where that is meant", (name, route) => {
    const open = [
      "createNonce",
      "signIn",
      "getReviewQuality",
      "getLiveness",
      "getReadiness",
      "getMetrics",
      "getOpenApi",
      "getDocs",
    ];
    expect(Object.keys(route.who).length === 0).toBe(open.includes(name));
  });
});
